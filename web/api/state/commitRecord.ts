import { textWithCrc, withCrc } from './crc32c';
import { checkFormat, corrupt, headerOf } from './stateFile';

/** What the commit record says of the newest generation: JSON, and its checksum in a line of its own. */
export interface CommitRecord {
  readonly format: 1;
  readonly generation: number;
  readonly bytes: number;
  readonly digest: string;
}

const FORMAT = 1;

export async function makeRecord(generation: number, file: Uint8Array): Promise<Uint8Array> {
  const digest = await digestOf(file);
  const record: CommitRecord = { format: FORMAT, generation, bytes: file.length, digest };
  return new TextEncoder().encode(withCrc(JSON.stringify(record)));
}

/** Throws `CORRUPT_FILE` in a sentence that says what is wrong, and `UNSUPPORTED` for a later format. */
export function readRecord(bytes: Uint8Array): CommitRecord {
  const json = textWithCrc(new TextDecoder().decode(bytes));
  if (json === null) corrupt('the checksum of the commit record is wrong');
  const { format, generation, digest, ...others } = parse(json) as Partial<CommitRecord>;
  checkFormat(format, FORMAT);
  if (!Number.isSafeInteger(generation) || generation! < 1 || typeof digest !== 'string') {
    corrupt('it names no generation with a digest');
  }
  return { format, generation, digest, ...others } as CommitRecord;
}

function parse(json: string): object {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // As any other value.
  }
  return corrupt('it is no commit record');
}

/** Of a file of training state; with the checksums that it is made of it stands for every byte. */
export async function digestOf(file: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', headerOf(file));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
