import { TabtrainError } from '../errors';
import type { RawTensor } from './protocol';

/** The most bytes of one output: as much as the engine itself can have. */
const MOST_BYTES = 2 ** 32;

/** Rows that come batch by batch, as one tensor. */
export class Rows {
  readonly #expected: number;
  #bytes = new Uint8Array(0);
  #used = 0;
  #rows = 0;
  #rowShape: readonly number[] = [];

  /** @param expected how many rows there will be; 0 where that is not known. */
  constructor(expected: number) {
    this.#expected = expected;
  }

  /** Copies `bytes`, which may be a view of the engine's memory. Throws `OUT_OF_MEMORY`. */
  add(bytes: Uint8Array, shape: readonly number[]): void {
    const needed = this.#used + bytes.length;
    if (needed > this.#bytes.length) {
      const all = (bytes.length / shape[0]!) * this.#expected;
      this.#grow(Math.max(needed, all || this.#used * 2));
    }
    this.#bytes.set(bytes, this.#used);
    this.#used = needed;
    this.#rows += shape[0]!;
    this.#rowShape = shape.slice(1);
  }

  result(): RawTensor {
    const isFull = this.#used === this.#bytes.length;
    const bytes = isFull ? this.#bytes : this.#bytes.slice(0, this.#used);
    return { bytes, shape: [this.#rows, ...this.#rowShape] };
  }

  #grow(size: number): void {
    if (size > MOST_BYTES) {
      throw new TabtrainError('OUT_OF_MEMORY', `memory: ${size} bytes of outputs do not fit`);
    }
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = bytes;
  }
}
