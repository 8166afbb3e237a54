import { TabtrainError } from '../errors';

/*
 * The wire form of protocol buffers (https://protobuf.dev/programming-guides/encoding): as much of it as
 * TensorFlow's messages need. A message is the bytes of its fields, one after the other.
 */

type Piece = Uint8Array | readonly Piece[];

const text = new TextEncoder();

/** Joins pieces once, at the end. */
export function join(...pieces: Piece[]): Uint8Array {
  const flat: Uint8Array[] = [];
  const collect = (piece: Piece) => {
    if (piece instanceof Uint8Array) flat.push(piece);
    else piece.forEach(collect);
  };
  collect(pieces);
  const bytes = new Uint8Array(flat.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of flat) {
    bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}

/** A varint; a number below zero takes ten bytes, as an int64 does. */
export function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

/** An integer, enum or bool; zero is written as well, as a member of a oneof must be. */
export const int = (field: number, value: number | boolean): Uint8Array =>
  join(varint(field * 8), varint(Number(value)));

/** A text, bytes, or a message. */
export function bytes(field: number, value: string | Piece): Uint8Array {
  const content = typeof value === 'string' ? text.encode(value) : join(value);
  return join(varint(field * 8 + 2), varint(content.length), content);
}

/** A float, as four bytes. */
export const float = (field: number, value: number): Uint8Array =>
  join(varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer));

/** A map from texts to messages. */
export const map = (field: number, entries: Readonly<Record<string, Piece>>): Piece =>
  Object.entries(entries).map(([key, value]) => bytes(field, [bytes(1, key), bytes(2, value)]));

/** One field as it was read: its number, and a number or bytes. */
export interface Field {
  readonly number: number;
  /** Of varints. */
  readonly value: bigint;
  /** Of length-delimited fields; empty for others. */
  readonly bytes: Uint8Array;
}

/** The varint that begins at `at`, and where it ends; null where ten bytes are not the end, or the bytes are. */
function varintAt(bytes: Uint8Array, at: number): readonly [value: bigint, end: number] | null {
  const first = bytes[at];
  if (first !== undefined && first < 128) return [BigInt(first), at + 1];
  let value = 0n;
  for (let i = 0; i < 10; ++i) {
    const byte = bytes[at + i];
    if (byte === undefined) return null;
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return [BigInt.asUintN(64, value), at + i + 1];
  }
  return null;
}

/** The int64s of a packed field. @throws TabtrainError `CORRUPT_FILE`. */
export function packed(bytes: Uint8Array, what: string): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const read = varintAt(bytes, at);
    if (!read) throw new TabtrainError('CORRUPT_FILE', `${what}: damaged numbers`);
    numbers.push(Number(BigInt.asIntN(64, read[0])));
    at = read[1];
  }
  return numbers;
}

/** The fields of a message, checked against its end. @throws TabtrainError `CORRUPT_FILE`. */
export function fields(message: Uint8Array, what: string): Field[] {
  const found: Field[] = [];
  let at = 0;
  const corrupt = (): never => {
    throw new TabtrainError('CORRUPT_FILE', `${what}: damaged at byte ${at}`);
  };
  const readVarint = () => {
    const [value, end] = varintAt(message, at) ?? corrupt();
    at = end;
    return value;
  };
  while (at < message.length) {
    const tag = Number(readVarint());
    const number = Math.floor(tag / 8);
    if (number === 0) corrupt();
    let value = 0n;
    let content: Uint8Array = new Uint8Array(0);
    const wire = tag % 8;
    if (wire === 0) {
      value = readVarint();
    } else {
      const length =
        wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(readVarint()) : corrupt();
      if (length > message.length - at) corrupt();
      content = message.subarray(at, at + length);
      at += length;
    }
    found.push({ number, value, bytes: content });
  }
  return found;
}

/** The bytes of all fields of that number. */
export const all = (message: readonly Field[], number: number): Uint8Array[] =>
  message.filter((field) => field.number === number).map((field) => field.bytes);

/** The last field of that number, which counts; undefined where there is none. */
export const last = (message: readonly Field[], number: number): Field | undefined =>
  message.findLast((field) => field.number === number);

/** @throws TabtrainError `CORRUPT_FILE` for bytes that are not UTF-8. */
export function textOf(field: Field | undefined, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(field?.bytes);
  } catch {
    throw new TabtrainError('CORRUPT_FILE', `${what}: a text is not UTF-8`);
  }
}
