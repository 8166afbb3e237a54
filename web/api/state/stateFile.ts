import { TabtrainError, came } from '../errors';
import type { EngineDType } from '../engine/engine';
import { macrotask } from '../host/tasks';
import { crc32c } from './crc32c';

/*
 * A file of training state, version 1. Little-endian:
 *
 *   "tabtrain" | format u32 | header bytes u32 | CRC-32C of the 16 bytes before and the header u32
 *   header: UTF-8 JSON {"state": ..., "tensors": [{"path", "dtype", "shape", "crc32c"}]}
 *   the tensors' bytes, in the header's order, without gaps
 *
 * So every byte is under a checksum, and the file's size follows from its header.
 */
const MAGIC = 0x6e69617274626174n; // "tabtrain"
const FORMAT = 1;
const PREFIX = 20;

export interface StateTensor {
  readonly path: string;
  readonly dtype: EngineDType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What a file holds: a record of plain JSON, and tensors by unique paths. */
export interface StateContents<T> {
  readonly state: T;
  readonly tensors: readonly StateTensor[];
}

interface Header {
  readonly state: unknown;
  readonly tensors: readonly {
    readonly path: string;
    readonly dtype: EngineDType;
    readonly shape: readonly number[];
    readonly crc32c: number;
  }[];
}

const ITEM_BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, int64: 8, uint8: 1 };

/** Bytes that are summed, or compared, in one task. */
const SLICE_BYTES = 2 << 20;

/** The file's bytes; gives way to other tasks meanwhile. */
export async function encodeState({
  state,
  tensors,
}: StateContents<unknown>): Promise<Uint8Array<ArrayBuffer>> {
  const listed = [];
  for (const { path, dtype, shape, bytes } of tensors) {
    let crc = 0;
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      if (at > 0) await macrotask();
      crc = crc32c(bytes.subarray(at, at + SLICE_BYTES), crc);
    }
    listed.push({ path, dtype, shape, crc32c: crc });
  }
  const header = new TextEncoder().encode(JSON.stringify({ state, tensors: listed }));
  const size = tensors.reduce((sum, { bytes }) => sum + bytes.length, PREFIX + header.length);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, MAGIC, true);
  view.setUint32(8, FORMAT, true);
  view.setUint32(12, header.length, true);
  view.setUint32(16, crc32c(header, crc32c(file.subarray(0, 16))), true);
  file.set(header, PREFIX);
  let at = PREFIX + header.length;
  for (const { bytes } of tensors) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * What the file holds, every byte checked. Throws `CORRUPT_FILE` in a sentence that says what is wrong,
 * and `UNSUPPORTED` for a later format.
 */
export function decodeState<T>(file: Uint8Array): StateContents<T> {
  try {
    return decode(file);
  } catch (error) {
    if (error instanceof TabtrainError) throw error;
    return corrupt(`its header is no such header: ${String(error)}`);
  }
}

function decode<T>(file: Uint8Array): StateContents<T> {
  const { header, end } = readHeader(file);
  let at = end;
  const tensors = header.tensors.map(({ path, dtype, shape, crc32c: expected }) => {
    const size = shape.reduce((product, each) => product * each, ITEM_BYTES[dtype] ?? NaN);
    if (!(size >= 0 && size <= file.length - at)) corrupt(`'${path}' would end beyond it`);
    const bytes = file.subarray(at, at + size);
    if (crc32c(bytes) !== expected) corrupt(`the checksum of '${path}' is wrong`);
    at += size;
    return { path, dtype, shape, bytes };
  });
  if (at !== file.length) corrupt(`it has ${file.length - at} bytes too many`);
  return { state: header.state as T, tensors };
}

/** The bytes that the file's digest is made of: with the checksums in them they stand for all. */
export function headerOf(file: Uint8Array): Uint8Array<ArrayBuffer> {
  return file.slice(0, readHeader(file).end);
}

function readHeader(file: Uint8Array): { header: Header; end: number } {
  if (file.length < PREFIX) corrupt(`it has only ${file.length} bytes`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getBigUint64(0, true) !== MAGIC) corrupt('it does not begin with "tabtrain"');
  const end = PREFIX + view.getUint32(12, true);
  if (end > file.length) corrupt('it ends within its header');
  const crc = crc32c(file.subarray(PREFIX, end), crc32c(file.subarray(0, 16)));
  if (crc !== view.getUint32(16, true)) corrupt('the checksum of its header is wrong');
  checkFormat(view.getUint32(8, true), FORMAT);
  return {
    header: JSON.parse(new TextDecoder().decode(file.subarray(PREFIX, end))) as Header,
    end,
  };
}

/** Whether both have the same bytes; gives way to other tasks meanwhile. */
export async function isSame(a: Uint8Array, b: Uint8Array): Promise<boolean> {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += SLICE_BYTES) {
    if (at > 0) await macrotask();
    if (differ(a.slice(at, at + SLICE_BYTES), b.slice(at, at + SLICE_BYTES))) return false;
  }
  return true;
}

/** For copies, which are aligned: whole words, which is faster, then what remains. */
function differ(a: Uint8Array, b: Uint8Array): boolean {
  const [x, y] = [a, b].map(({ buffer, length }) => new Uint32Array(buffer, 0, length >> 2)) as [
    Uint32Array,
    Uint32Array,
  ];
  for (let i = 0; i < x.length; ++i) if (x[i] !== y[i]) return true;
  for (let i = x.length * 4; i < a.length; ++i) if (a[i] !== b[i]) return true;
  return false;
}

/** Throws `UNSUPPORTED` for a later format, and `CORRUPT_FILE` for what is none. */
export function checkFormat(format: unknown, known: number): void {
  if (format === known) return;
  if (!Number.isInteger(format) || (format as number) < known) {
    corrupt(`its format is ${came(format)}; expected ${known}`);
  }
  throw new TabtrainError(
    'UNSUPPORTED',
    `it was written by a later version, in format ${String(format)}; this one knows ${known}`,
  );
}

export function corrupt(what: string): never {
  throw new TabtrainError('CORRUPT_FILE', what);
}
