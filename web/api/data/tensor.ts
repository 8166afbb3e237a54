import { TabtrainError, came, invalid } from '../errors';
import type { EngineDType } from '../engine/engine';

/** Element types of data that come out. */
export type DType = EngineDType;

/** Typed arrays that may be given. Others than float32, int32 and uint8 are converted, with a range check. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** Elements in row-major order, with their shape. */
export interface TypedArrayWithShape {
  readonly data: TypedArray;
  readonly shape: readonly number[];
}

/** Nested arrays of numbers; rows may be typed arrays. */
export type NestedArray = readonly (number | boolean | bigint | TypedArray | NestedArray)[];

/** Data in: a typed array with a shape, a flat typed array (one dimension), or nested arrays. */
export type Data = TypedArrayWithShape | TypedArray | NestedArray;

/** Nested plain arrays, as `array()` gives them; a number for a scalar. */
export type Nested = number | bigint | Nested[];

/** Elements in row-major order with shape and type: what predict and getWeights return. */
export class Tensor<T extends TypedArray = TypedArray> implements TypedArrayWithShape {
  readonly data: T;
  readonly shape: readonly number[];
  readonly dtype: DType;

  constructor(data: T, shape: readonly number[], dtype: DType) {
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** The elements as nested arrays. */
  array(): Nested {
    let at = 0;
    const build = (axis: number): Nested =>
      axis === this.shape.length
        ? this.data[at++]!
        : Array.from({ length: this.shape[axis]! }, () => build(axis + 1));
    return build(0);
  }

  /** Rows `begin` (0) to `end` (all, exclusive) of the first axis; shares the memory. */
  slice(begin = 0, end = this.shape[0] ?? 0): Tensor<T> {
    const rows = this.shape[0] ?? 0;
    const from = Math.min(Math.max(begin < 0 ? rows + begin : begin, 0), rows);
    const to = Math.min(Math.max(end < 0 ? rows + end : end, from), rows);
    const row = this.shape.slice(1).reduce((product, n) => product * n, 1);
    return new Tensor(
      this.data.subarray(from * row, to * row) as T,
      [to - from, ...this.shape.slice(1)],
      this.dtype,
    );
  }

  /** The same elements under another shape; one axis may be -1. Shares the memory. */
  reshape(shape: readonly number[]): Tensor<T> {
    const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1);
    const full = shape.map((n) => (n === -1 ? this.data.length / known : n));
    const product = full.reduce((a, b) => a * b, 1);
    if (full.some((n) => !Number.isInteger(n) || n < 0) || product !== this.data.length) {
      throw new TabtrainError(
        'SHAPE_MISMATCH',
        `tensor.reshape: ${this.data.length} elements of shape [${this.shape.join(', ')}] do not fit [${shape.join(', ')}]`,
      );
    }
    return new Tensor(this.data, full, this.dtype);
  }
}

/** A weight with its Keras name (`dense/kernel`). */
export class NamedTensor extends Tensor {
  readonly name: string;

  constructor(name: string, data: TypedArray, shape: readonly number[], dtype: DType) {
    super(data, shape, dtype);
    this.name = name;
  }
}

/** Bytes as the engine gives them, as elements. The bytes must start at an aligned offset. */
export function elementsOf(bytes: Uint8Array, dtype: DType): TypedArray {
  const { buffer, byteOffset, byteLength } = bytes;
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'int32':
      return new Int32Array(buffer, byteOffset, byteLength / 4);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, byteLength / 8);
    case 'uint8':
      return bytes;
    default:
      return invalid(`expected a dtype of the engine, came ${came(dtype)}`);
  }
}
