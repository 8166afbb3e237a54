import { TabtrainError } from '../errors';
import type { EngineDType } from '../engine/engine';
import type { StoredTensor } from './types';

/** IEEE half precision, widened. */
function fromHalf(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function numbersOf({ dtype, bytes }: StoredTensor): Iterable<number | bigint> | null {
  // A view needs alignment, which bytes out of a file may not have.
  const { buffer } = bytes.slice();
  switch (dtype) {
    case 'float16':
      return Array.from(new Uint16Array(buffer), fromHalf);
    case 'bfloat16':
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (n) => n << 16).buffer);
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    case 'bool':
    case 'uint8':
      return new Uint8Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'uint16':
      return new Uint16Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'uint64':
      return new BigUint64Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    default:
      return null;
  }
}

function toBigInt(value: number | bigint, name: string): bigint {
  const whole = typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value) : null;
  if (whole !== null && whole === BigInt.asIntN(64, whole)) return whole;
  throw new TabtrainError(
    'CORRUPT_FILE',
    `'${name}': expected whole numbers of 64 bits, came ${value}`,
  );
}

/** The elements in the type that the engine keeps them in. @throws TabtrainError `UNSUPPORTED`. */
export function converted(tensor: StoredTensor, dtype: EngineDType): Uint8Array {
  if (tensor.dtype === dtype) return tensor.bytes;
  const numbers = numbersOf(tensor);
  if (!numbers || (dtype !== 'float32' && dtype !== 'int64')) {
    throw new TabtrainError(
      'UNSUPPORTED',
      `'${tensor.name}' is ${tensor.dtype}, which cannot be taken as ${dtype}`,
    );
  }
  const values =
    dtype === 'float32'
      ? Float32Array.from(numbers as Iterable<number>, Number)
      : BigInt64Array.from(Array.from(numbers, (value) => toBigInt(value, tensor.name)));
  return new Uint8Array(values.buffer);
}
