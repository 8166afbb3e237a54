import type { FileSource } from './types';

/** A JSON file that names others, which are beside it. */
export function besides(
  name: string,
  bytes: Uint8Array,
  label: string,
  read: FileSource['read'],
): FileSource {
  return {
    label,
    single: false,
    names: [name],
    read: (wanted, most) => (wanted === name ? Promise.resolve(bytes) : read(wanted, most)),
  };
}

export function oneFile(name: string, bytes: Uint8Array, label: string): FileSource {
  return {
    label,
    single: true,
    names: [name],
    read: (wanted) => Promise.resolve(wanted === name ? bytes : null),
  };
}
