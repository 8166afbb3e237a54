import { TabtrainError, came, invalid } from '../errors';
import { Slicer } from '../host/tasks';
import { isTypedArray } from './convert';
import type { NestedArray } from './tensor';

/** More axes than this are a mistake, such as an array that holds itself. */
const MOST_AXES = 32;

/** Rows copied between two looks at the clock. */
const ROWS_PER_LOOK = 64;

/**
 * Nested arrays as one Float32Array in row-major order, in slices of a frame. The first element of each
 * level fixes the shape; anything else is `SHAPE_MISMATCH` with the place where it differs.
 */
export async function flattenNested(
  argument: string,
  value: NestedArray,
): Promise<{ data: Float32Array; shape: number[] }> {
  const shape = shapeOf(argument, value);
  const length = shape.reduce((a, b) => a * b, 1);
  const data = new Float32Array(length);
  const slicer = new Slicer();
  let at = 0;
  let rows = 0;

  const copy = async (level: unknown, axis: number, place: string): Promise<void> => {
    const values = checkLevel(argument, level, shape[axis]!, place);
    if (axis + 1 < shape.length) {
      for (let i = 0; i < values.length; ++i) await copy(values[i], axis + 1, `${place}[${i}]`);
      return;
    }
    for (let i = 0; i < values.length; ++i)
      data[at++] = toNumber(argument, values[i], `${place}[${i}]`);
    if (++rows % ROWS_PER_LOOK === 0 && slicer.due()) await slicer.yield();
  };
  await copy(value, 0, '');
  return { data, shape };
}

function shapeOf(argument: string, value: NestedArray): number[] {
  const shape: number[] = [];
  for (let level: unknown = value; isLevel(level); level = level[0]) {
    if (level.length === 0)
      invalid(`${argument}: expected at least one element, came an empty array`);
    if (shape.length === MOST_AXES) {
      invalid(
        `${argument}: expected at most ${MOST_AXES} axes, came an array that is nested deeper`,
      );
    }
    shape.push(level.length);
  }
  return shape;
}

function isLevel(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isTypedArray(value);
}

function checkLevel(
  argument: string,
  level: unknown,
  expected: number,
  place: string,
): ArrayLike<unknown> {
  if (isLevel(level) && level.length === expected) return level;
  const what = isLevel(level) ? `${level.length}` : came(level);
  throw new TabtrainError(
    'SHAPE_MISMATCH',
    `${argument}: ragged array: expected ${expected} elements at ${place || 'the top'}, came ${what}`,
  );
}

/** A finite number that float32 holds only as infinity is refused; NaN and infinities are what they are. */
function toFloat32(argument: string, value: number, place: string): number {
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    invalid(`${argument}: expected numbers that float32 holds, came ${value} at ${place}`);
  }
  return value;
}

function toNumber(argument: string, value: unknown, place: string): number {
  if (typeof value === 'number') return toFloat32(argument, value, place);
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'bigint') return toFloat32(argument, Number(value), place);
  if (isLevel(value)) {
    throw new TabtrainError(
      'SHAPE_MISMATCH',
      `${argument}: ragged array: expected a number at ${place}, came ${came(value)}`,
    );
  }
  return invalid(`${argument}: expected a number at ${place}, came ${came(value)}`);
}
