import { came, invalid } from '../errors';

let base: number | null = null;
let drawn = 0;

/**
 * Makes everything that follows reproducible: each model made from here on takes a seed from `n` and
 * from how many models were made since. A model's seed fixes its initial weights, shuffles and dropout.
 *
 * @param n an integer from 0 to 2^32 - 1.
 * @throws TabtrainError `INVALID_ARGUMENT`.
 */
export function setSeed(n: number): void {
  if (!Number.isInteger(n) || n < 0 || n > 0xffffffff) {
    invalid(`setSeed: n: expected an integer from 0 to 4294967295, came ${came(n)}`);
  }
  base = n;
  drawn = 0;
}

/** The seed of the next model; without `setSeed`, a random one. */
export function nextSeed(): number {
  if (base === null) return crypto.getRandomValues(new Uint32Array(1))[0]!;
  // The golden ratio times 2^32 spreads the seeds of successive models over all 32 bits.
  return (base + Math.imul(drawn++, 0x9e3779b9)) >>> 0;
}
