import { came, invalid } from '../errors';

/*
 * Plain values as JSON, with what JSON lacks as records of one key: {"$number": "Infinity"},
 * {"$bigint": "7"}, {"$undefined": true}, {"$array": ["Float32Array", 3]} for a typed array whose bytes
 * are tensor 3 of the file. A record of the user's own whose key begins with '$' gets one '$' more.
 */

/** Takes the bytes of a typed array and says their number. */
type AddBytes = (bytes: Uint8Array) => number;

const ARRAYS = {
  Float32Array, Float64Array, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array,
  Int32Array, Uint32Array, BigInt64Array, BigUint64Array,
} as const; // prettier-ignore
type ArrayName = keyof typeof ARRAYS;

/** A key that is neither written nor read. */
const PROTO = '__proto__';

/** Deeper values are taken for cyclic ones. */
const MOST_DEPTH = 100;

/** @param path names the value in an error. Throws `INVALID_ARGUMENT` for a value that is not plain. */
export function encodeValue(value: unknown, addBytes: AddBytes, path: string, depth = 0): unknown {
  if (depth > MOST_DEPTH) invalid(`${path}: expected a value of at most ${MOST_DEPTH} levels`);
  if (value === undefined) return { $undefined: true };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (typeof value === 'number') {
    const isPlain = Number.isFinite(value) && !Object.is(value, -0);
    return isPlain ? value : { $number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (typeof value !== 'object') {
    return invalid(`${path}: expected plain values and typed arrays, came ${came(value)}`);
  }
  if (ArrayBuffer.isView(value)) {
    const name = Object.prototype.toString.call(value).slice(8, -1);
    if (!(name in ARRAYS)) invalid(`${path}: expected a typed array, came ${came(value)}`);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { $array: [name, addBytes(bytes)] };
  }
  const inner = (each: unknown, key: string | number) =>
    encodeValue(each, addBytes, `${path}.${key}`, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.prototype.toString.call(value) !== '[object Object]') {
    return invalid(`${path}: expected plain values and typed arrays, came ${came(value)}`);
  }
  // Whoever assigns the record to another would change its prototype.
  if (Object.hasOwn(value, PROTO)) invalid(`${path}: expected keys other than '${PROTO}'`);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key.startsWith('$') ? `$${key}` : key,
      inner(each, key),
    ]),
  );
}

/** Undoes {@link encodeValue}; throws for what it never wrote. */
export function decodeValue(json: unknown, bytesOf: (index: number) => Uint8Array): unknown {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map((each) => decodeValue(each, bytesOf));
  const entries = Object.entries(json);
  const [key, value] = entries.length === 1 ? (entries[0] as [string, unknown]) : ['', null];
  switch (key) {
    case '$undefined':
      return undefined;
    case '$bigint':
      return BigInt(value as string);
    case '$number':
      return Number(value);
    case '$array': {
      const [name, index] = value as [ArrayName, number];
      if (!Object.hasOwn(ARRAYS, name)) throw new Error(`there is no array type ${String(name)}`);
      return new ARRAYS[name](bytesOf(index).slice().buffer);
    }
  }
  if (Object.hasOwn(json, PROTO)) throw new Error(`a key is named '${PROTO}'`);
  return Object.fromEntries(
    entries.map(([each, inner]) => [
      each.startsWith('$') ? each.slice(1) : each,
      decodeValue(inner, bytesOf),
    ]),
  );
}
