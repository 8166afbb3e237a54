// The values in a file of training state, and files that nobody here wrote.
import { describe, expect, test } from '@jest/globals';
import { crc32c } from '../../web/api/state/crc32c';
import { decodeState, encodeState } from '../../web/api/state/stateFile';
import { decodeValue, encodeValue } from '../../web/api/state/values';
import { expectFailure } from './support/errors';

function there(value: unknown): { json: unknown; back: unknown } {
  const arrays: Uint8Array[] = [];
  const encoded = encodeValue(value, (bytes) => arrays.push(bytes.slice()) - 1, 'state');
  const json: unknown = JSON.parse(JSON.stringify(encoded));
  return { json, back: decodeValue(json, (index) => arrays[index]!) };
}

test.each<[string, unknown]>([
  ['numbers', [0, -0, 1.5, 1e300, NaN, Infinity, -Infinity]],
  ['nothing', { a: null, b: undefined, c: [undefined] }],
  ['large integers', [2n ** 70n, -1n]],
  ['records whose keys look like ours', { $number: 'x', $$undefined: true, $array: [1], y: { $bigint: 2 } }],
  ['typed arrays', { a: new Float32Array([1, NaN]), b: [new BigInt64Array([5n]), new Uint8Array(0)] }],
  ['a view of more', new Int16Array([1, 2, 3, 4]).subarray(1, 3)],
])('%s come back as they were', (_, value) => {
  expect(there(value).back).toEqual(value);
}); // prettier-ignore

test.each<[string, unknown]>([
  ['a function', { f: () => 1 }],
  ['a map', { deep: [new Map()] }],
  ['a date', new Date()],
  ['a symbol', Symbol('x')],
])('%s is refused', async (_, value) => {
  await expectFailure(() => there(value), { code: 'INVALID_ARGUMENT', says: ['state', 'plain values'] });
}); // prettier-ignore

test('a key that would be a prototype is refused when it is saved', async () => {
  const value = { deep: [JSON.parse('{"__proto__": {"best": 1}}') as unknown] };
  await expectFailure(() => there(value), {
    code: 'INVALID_ARGUMENT',
    says: ['state.deep.0', '__proto__'],
  });
});

test('a value that contains itself is refused', async () => {
  const value: { self?: unknown } = {};
  value.self = value;
  await expectFailure(() => there(value), { code: 'INVALID_ARGUMENT', says: ['100 levels'] });
});

describe('what nobody here wrote is refused', () => {
  test.each<[string, string]>([
    ['a prototype', '{"__proto__": {"best": 1}}'],
    ['an array type that is none', '{"$array": ["constructor", 0]}'],
    ['an array that is not there', '{"$array": ["Float32Array", 9]}'],
    ['a broken integer', '{"$bigint": "x"}'],
  ])('%s', (_, text) => {
    expect(() => decodeValue(JSON.parse(text), (index) => [][index]!)).toThrow();
  });

  /** A file with this header, its checksum right. */
  function fileOf(header: string): Uint8Array {
    const text = new TextEncoder().encode(header);
    const file = new Uint8Array(20 + text.length);
    file.set(new TextEncoder().encode('tabtrain'));
    const view = new DataView(file.buffer);
    view.setUint32(8, 1, true);
    view.setUint32(12, text.length, true);
    view.setUint32(16, crc32c(text, crc32c(file.subarray(0, 16))), true);
    file.set(text, 20);
    return file;
  }
  const tensor = (more: object) =>
    JSON.stringify({ state: {}, tensors: [{ path: 'x', dtype: 'float32', shape: [1], crc32c: 0, ...more }] }); // prettier-ignore
  test.each<[string, string]>([
    ['no record', 'null'],
    ['no JSON', '{'],
    ['no tensors', '{"state": {}}'],
    ['a size beyond the file', tensor({ shape: [1e9] })],
    ['a negative size', tensor({ shape: [-1] })],
    ['a shape that is none', tensor({ shape: 'x' })],
    ['a dtype that is none', tensor({ dtype: 'float7' })],
    ['a dtype of the prototype', tensor({ dtype: 'toString' })],
  ])('%s', async (_, header) => {
    await expectFailure(() => decodeState(fileOf(header)), { code: 'CORRUPT_FILE', says: [] });
  });

  test('a later format', async () => {
    const file = await encodeState({ state: {}, tensors: [] });
    file[8] = 2;
    const header = file.subarray(20);
    const crc = crc32c(header, crc32c(file.subarray(0, 16)));
    new DataView(file.buffer).setUint32(16, crc, true);
    await expectFailure(() => decodeState(file), { code: 'UNSUPPORTED', says: ['format 2'] });
  });
});

test('the checksum is that of the standard, in one piece or in several', () => {
  const bytes = new TextEncoder().encode('123456789');
  expect(crc32c(bytes)).toBe(0xe3069283);
  expect(crc32c(bytes.subarray(4), crc32c(bytes.subarray(0, 4)))).toBe(0xe3069283);
  const long = Uint8Array.from({ length: 1003 }, (_, i) => (i * 7) & 0xff);
  let whole = 0;
  for (const byte of long) whole = crc32c(Uint8Array.of(byte), whole);
  expect(crc32c(long)).toBe(whole);
});
