/** Reads protocol buffers to change them: fields as they are, those of messages that are asked for within. */
import { bytes, fields, join, varint } from '../../../web/api/formats/proto';

type Change = (content: Uint8Array) => Uint8Array | readonly Uint8Array[];

/**
 * A message with its fields at `path` changed; a step is a number, or a number and which of that number's
 * fields. Messages with fixed-width fields on the way are not for this.
 */
export function changed(
  message: Uint8Array,
  path: readonly (number | readonly [number, number])[],
  change: Change,
): Uint8Array {
  const [step, ...rest] = path;
  const [wanted, place] = typeof step === 'number' ? [step, null] : step!;
  let count = 0;
  const parts = fields(message, 'test').flatMap((field) => {
    const isHit = field.number === wanted && (place === null || place === count++);
    // A length-delimited field may be empty: then its value is 0 as well, and either is the default.
    const isVarint = field.bytes.length === 0 && field.value !== 0n;
    if (isVarint) return [varint(field.number * 8), varint(Number(field.value))];
    if (!isHit) return [bytes(field.number, field.bytes)];
    const result = rest.length > 0 ? changed(field.bytes, rest, change) : change(field.bytes);
    return [result].flat().map((content) => bytes(field.number, content));
  });
  return join(parts);
}

/** Where `text` is, the same length put in its place. */
export function replaced(file: Uint8Array, text: string, by: string): Uint8Array {
  const latin = (content: Uint8Array) => Buffer.from(content).toString('latin1');
  if (text.length !== by.length || !latin(file).includes(text)) throw new Error(`no ${text}`);
  return Uint8Array.from(Buffer.from(latin(file).replaceAll(text, by), 'latin1'));
}
