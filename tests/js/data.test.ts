// Data in: shapes, types, ranges; the caller's arrays are only read.
import { describe, expect, test } from '@jest/globals';
import { toSource } from '../../web/api/data/convert';
import { Tensor, type Data } from '../../web/api/data/tensor';
import { expectFailure } from './support/errors';

describe('what is taken', () => {
  test.each<[string, Data, string, number[], number[]]>([
    ['numbers', [1, 2.5], 'float32', [2], [1, 2.5]],
    ['rows', [[1, 2], [3, 4]], 'float32', [2, 2], [1, 2, 3, 4]], // prettier-ignore
    [
      'rows of typed arrays',
      [new Uint8Array([1, 2]), new Uint8Array([3, 4])],
      'float32',
      [2, 2],
      [1, 2, 3, 4],
    ],
    ['truth values', [true, false], 'float32', [2], [1, 0]],
    ['NaN and infinity', [NaN, Infinity], 'float32', [2], [NaN, Infinity]],
    ['a flat typed array', new Uint8Array([7, 8]), 'uint8', [2], [7, 8]],
    ['a shape', { data: new Float32Array(4), shape: [2, 2] }, 'float32', [2, 2], [0, 0, 0, 0]],
    ['a tensor', new Tensor(new Int32Array([1]), [1, 1], 'int32'), 'int32', [1, 1], [1]],
    ['clamped bytes', new Uint8ClampedArray([255]), 'uint8', [1], [255]],
    ['doubles', new Float64Array([0.1, -Infinity]), 'float32', [2], [Math.fround(0.1), -Infinity]],
    ['small integers', new Int8Array([-3]), 'int32', [1], [-3]],
    ['unsigned shorts', new Uint16Array([65535]), 'int32', [1], [65535]],
    ['big integers', new BigInt64Array([-5n]), 'int32', [1], [-5]],
  ])('%s', async (_, value, dtype, shape, elements) => {
    const source = await toSource('x', value);
    expect(source.dtype).toBe(dtype);
    expect(source.shape).toEqual(shape);
    expect(Array.from(source.slice(0, elements.length))).toEqual(elements);
  });

  test('a slice is converted by itself', async () => {
    const source = await toSource('x', Float64Array.of(1, 2, 3, 4));
    expect(Array.from(source.slice(2, 4))).toEqual([3, 4]);
  });
});

describe('what is refused', () => {
  test.each<[string, unknown, string, (string | RegExp)[]]>([
    ['nothing', undefined, 'INVALID_ARGUMENT', ['x: expected', 'came undefined']],
    ['text', 'abc', 'INVALID_ARGUMENT', ['came "abc"']],
    ['an empty array', [], 'INVALID_ARGUMENT', ['at least one', 'empty']],
    ['empty rows', [[], []], 'INVALID_ARGUMENT', ['empty']],
    ['no samples', { data: new Float32Array(0), shape: [0, 3] }, 'INVALID_ARGUMENT', ['[0, 3]']],
    ['ragged rows', [[1, 2], [3]], 'SHAPE_MISMATCH', ['expected 2', '[1]', 'came 1']], // prettier-ignore
    ['mixed depth', [[1], 2], 'SHAPE_MISMATCH', ['expected 1', '[1]', 'came 2']],
    ['deeper rows', [1, [2]], 'SHAPE_MISMATCH', ['expected a number at [1]']],
    ['a text inside', [[1], ['a']], 'INVALID_ARGUMENT', ['[1][0]', 'came "a"']],
    ['a hole', [1, undefined], 'INVALID_ARGUMENT', ['[1]', 'undefined']],
    [
      'a wrong shape',
      { data: new Float32Array(3), shape: [2, 2] },
      'SHAPE_MISMATCH',
      ['[2, 2]', '4', '3'],
    ],
    ['a shape of text', { data: new Float32Array(1), shape: ['1'] }, 'INVALID_ARGUMENT', ['shape']],
    [
      'a plain array as data',
      { data: [1], shape: [1] },
      'INVALID_ARGUMENT',
      ['data: expected a typed array'],
    ],
    ['a DataView', new DataView(new ArrayBuffer(4)), 'INVALID_ARGUMENT', ['came a DataView']],
    [
      'another dtype',
      { data: new Int8Array(1), shape: [1], dtype: 'float32' },
      'INVALID_ARGUMENT',
      ["'int8'", '"float32"'],
    ],
    ['a generator', (async function* () {})(), 'INVALID_ARGUMENT', ['typed array']],
    ['a dataset function', () => [], 'INVALID_ARGUMENT', ['typed array']],
  ])('%s', (_, value, code, says) =>
    expectFailure(() => toSource('x', value as Data), { code, says }),
  );

  test.each<[Data, string]>([
    [new Float64Array([1, 1e39]), 'element 1: expected a value that fits float32, came 1e+39'],
    [new Uint32Array([2 ** 31]), 'element 0: expected a value that fits int32, came 2147483648'],
    [
      new BigInt64Array([2n ** 40n]),
      'element 0: expected a value that fits int32, came 1099511627776',
    ],
  ])('out of range %#', async (value, sentence) => {
    const source = await toSource('y', value);
    await expectFailure(() => source.slice(0, source.shape[0]!), {
      code: 'INVALID_ARGUMENT',
      says: ['y: ', sentence],
    });
  });
});

describe('tensors', () => {
  const tensor = new Tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2], 'float32');

  test('array', () => expect(tensor.array()).toEqual([[1, 2], [3, 4], [5, 6]])); // prettier-ignore
  test('slice shares memory', () => {
    expect(tensor.slice(1).array()).toEqual([[3, 4], [5, 6]]); // prettier-ignore
    expect(tensor.slice(-1).shape).toEqual([1, 2]);
    expect(tensor.slice(0, 2).data.buffer).toBe(tensor.data.buffer);
  });
  test('reshape', async () => {
    expect(tensor.reshape([2, -1]).array()).toEqual([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    await expectFailure(() => tensor.reshape([4, -1]), {
      code: 'SHAPE_MISMATCH',
      says: ['6 elements'],
    });
  });
});
