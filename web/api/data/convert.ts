import { TabtrainError, came, didYouMean, invalid, typeName } from '../errors';
import type { EngineDType } from '../engine/engine';
import { flattenNested } from './nested';
import type { Data, TypedArray, TypedArrayWithShape } from './tensor';

/** Data that the engine can take: elements are converted slice by slice as they are copied. */
export interface Source {
  readonly dtype: EngineDType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
  /** Elements `begin` to `end` in the engine's type; may share memory with the caller's array. */
  slice(begin: number, end: number): Float32Array | Int32Array | Uint8Array;
}

interface Conversion {
  readonly dtype: EngineDType;
  /** Null where the elements are taken as they are. */
  readonly convert: ((value: number | bigint) => number | undefined) | null;
}

const INT32 = (value: number | bigint) =>
  value >= -0x80000000 && value <= 0x7fffffff ? Number(value) : undefined;

const FLOAT32 = (value: number | bigint) => {
  const rounded = Math.fround(value as number);
  return Number.isFinite(rounded) || !Number.isFinite(value) ? rounded : undefined;
};

/** By class name, since arrays of another realm are welcome. */
const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  Float32Array: { dtype: 'float32', convert: null },
  Int32Array: { dtype: 'int32', convert: null },
  Uint8Array: { dtype: 'uint8', convert: null },
  Uint8ClampedArray: { dtype: 'uint8', convert: null },
  Float64Array: { dtype: 'float32', convert: FLOAT32 },
  Int8Array: { dtype: 'int32', convert: INT32 },
  Int16Array: { dtype: 'int32', convert: INT32 },
  Uint16Array: { dtype: 'int32', convert: INT32 },
  Uint32Array: { dtype: 'int32', convert: INT32 },
  BigInt64Array: { dtype: 'int32', convert: INT32 },
  BigUint64Array: { dtype: 'int32', convert: INT32 },
};

/** What users may call the element type of each class. */
const DTYPE_NAMES: Readonly<Record<string, string>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
};

const EXPECTED = 'expected a typed array, { data, shape } or nested arrays of numbers';

/**
 * Checks data and finds its shape. `INVALID_ARGUMENT` for what is no data, is empty or does not fit the
 * engine's types; `SHAPE_MISMATCH` for ragged arrays and for a shape that does not fit its data.
 * NaN and infinities are data.
 */
export async function toSource(argument: string, value: Data): Promise<Source> {
  if (isTypedArray(value)) return fromTyped(argument, value, [value.length]);
  if (Array.isArray(value)) {
    const { data, shape } = await flattenNested(argument, value);
    return fromTyped(argument, data, shape);
  }
  if (value !== null && typeof value === 'object' && 'data' in value && 'shape' in value) {
    return fromTyped(argument, value.data, checkShape(argument, value), value);
  }
  return invalid(`${argument}: ${EXPECTED}, came ${came(value)}`);
}

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && typeName(value) in CONVERSIONS;
}

function checkShape(argument: string, { data, shape }: TypedArrayWithShape): readonly number[] {
  if (!isTypedArray(data)) {
    invalid(`${argument}: data: expected a typed array, came ${came(data)}`);
  }
  if (!Array.isArray(shape) || shape.some((n) => !Number.isInteger(n) || n < 0)) {
    invalid(`${argument}: shape: expected an array of integers >= 0, came ${came(shape)}`);
  }
  const product = (shape as number[]).reduce((a, b) => a * b, 1);
  if (product !== data.length) {
    throw new TabtrainError(
      'SHAPE_MISMATCH',
      `${argument}: shape [${shape.join(', ')}] needs ${product} elements, came ${data.length}`,
    );
  }
  return shape as number[];
}

function fromTyped(
  argument: string,
  data: TypedArray,
  shape: readonly number[],
  given: object = {},
): Source {
  const name = typeName(data);
  checkDType(argument, name, given);
  if (data.length === 0)
    invalid(`${argument}: expected at least one element, came shape [${shape.join(', ')}]`);
  const { dtype, convert } = CONVERSIONS[name]!;
  if (!convert) {
    const own = data as Float32Array | Int32Array | Uint8Array;
    return { dtype, shape, data, slice: (begin, end) => own.subarray(begin, end) };
  }
  const slice = (begin: number, end: number) => {
    const out = dtype === 'float32' ? new Float32Array(end - begin) : new Int32Array(end - begin);
    for (let i = begin; i < end; ++i) {
      const converted = convert(data[i]!);
      if (converted === undefined) {
        invalid(`${argument}: element ${i}: expected a value that fits ${dtype}, came ${data[i]!}`);
      }
      out[i - begin] = converted;
    }
    return out;
  };
  return { dtype, shape, data, slice };
}

function checkDType(argument: string, className: string, given: { dtype?: unknown }): void {
  if (given.dtype === undefined) return;
  const expected = DTYPE_NAMES[className]!;
  // BigInt64Array holds what the engine calls int64, float32 data may come from anywhere.
  if (given.dtype === expected) return;
  const hint = typeof given.dtype === 'string' ? didYouMean(given.dtype, [expected]) : '';
  invalid(
    `${argument}: dtype: expected '${expected}' for a ${className}, came ${came(given.dtype)}${hint}`,
  );
}
