/**
 * Turns a drawing into what MNIST's images are: the ink's bounding box scaled to fit 20 x 20 with
 * its proportions kept, and placed in 28 x 28 so that its centre of mass is in the middle
 * (http://yann.lecun.com/exdb/mnist/, "size normalized ... centered ... by the center of mass").
 */

export const imageSide = 28;
const boxSide = 20;
const inkThreshold = 24;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function inkBox(ink: Uint8ClampedArray | Uint8Array, width: number, height: number): Box | null {
  let left = width;
  let right = -1;
  let top = height;
  let bottom = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((ink[y * width + x] ?? 0) < inkThreshold) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (right < 0) return null;
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** Weights of the source pixels under one destination pixel: mean over the covered area. */
function coverage(
  index: number,
  scale: number,
  length: number,
): [first: number, weights: number[]] {
  const from = index * scale;
  const to = Math.min(from + scale, length);
  const first = Math.floor(from);
  const weights: number[] = [];
  for (let pixel = first; pixel < to; pixel++) {
    weights.push((Math.min(pixel + 1, to) - Math.max(pixel, from)) / scale);
  }
  return [first, weights];
}

/**
 * @param ink alpha of the drawing, row by row, 0 (paper) to 255 (ink), `[height, width]`
 * @returns `[28 * 28]` floats in 0..1, ink bright as in MNIST; null where nothing is drawn
 */
export function toMnistImage(
  ink: Uint8ClampedArray | Uint8Array,
  width: number,
  height: number,
): Float32Array | null {
  const box = inkBox(ink, width, height);
  if (!box) return null;
  const scale = Math.max(box.width, box.height) / boxSide;
  const columns = Math.max(1, Math.round(box.width / scale));
  const rows = Math.max(1, Math.round(box.height / scale));

  const small = new Float32Array(rows * columns);
  let peak = 0;
  let mass = 0;
  let massX = 0;
  let massY = 0;
  for (let y = 0; y < rows; y++) {
    const [firstRow, rowWeights] = coverage(y, scale, box.height);
    for (let x = 0; x < columns; x++) {
      const [firstColumn, columnWeights] = coverage(x, scale, box.width);
      let value = 0;
      rowWeights.forEach((rowWeight, i) => {
        const row = (box.top + firstRow + i) * width + box.left + firstColumn;
        columnWeights.forEach((columnWeight, j) => {
          value += rowWeight * columnWeight * (ink[row + j] ?? 0);
        });
      });
      small[y * columns + x] = value;
      peak = Math.max(peak, value);
      mass += value;
      massX += value * (x + 0.5);
      massY += value * (y + 0.5);
    }
  }

  const place = (centre: number, length: number): number =>
    Math.min(imageSide - length, Math.max(0, Math.round(imageSide / 2 - centre)));
  const left = place(massX / mass, columns);
  const top = place(massY / mass, rows);
  const image = new Float32Array(imageSide * imageSide);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      image[(top + y) * imageSide + left + x] = (small[y * columns + x] ?? 0) / peak;
    }
  }
  return image;
}

/** Probabilities of one row of logits; the maximum is taken off first, so nothing overflows. */
export function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const highest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Of what a model answered: it gives probabilities, or logits that become such here. */
export function probabilitiesOf(answer: ArrayLike<number>): number[] {
  const values = Array.from(answer);
  const sum = values.reduce((total, value) => total + value, 0);
  const isDone = values.every((value) => value >= 0) && Math.abs(sum - 1) < 1e-3;
  return isDone ? values : softmax(values);
}

/** Index of the largest value, the first one where several are equal. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] ?? -Infinity) > (values[best] ?? -Infinity)) best = i;
  }
  return best;
}
