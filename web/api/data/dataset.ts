import type { Data } from './tensor';

/** One batch: inputs and targets, or these and one weight per sample. */
export type Batch =
  readonly [x: Data, y: Data] | readonly [x: Data, y: Data, sampleWeight: Data | null];

/**
 * Batches one after the other; or a function that gives them, which is called for each epoch, and for
 * each validation. Batches may differ in size.
 */
export type Dataset<T = Batch> =
  AsyncIterable<T> | Iterable<T> | (() => BatchesOf<T> | Promise<BatchesOf<T>>);
type BatchesOf<T> = AsyncIterable<T> | Iterable<T>;

/**
 * A dataset that says where it is, so that a run that is taken up (`callbacks.backupAndRestore`) does not
 * have to go through the batches before. `getState` is asked after each batch and at the end of each pass;
 * after `setState` with what it gave, the batches come that came after it. The state of a pass's end may
 * stand for that, so that what is opened then has nothing left, or for the next pass's begin.
 */
export type StatefulDataset<T = Batch> = Dataset<T> & {
  /** Plain values and typed arrays. */
  getState(): unknown;
  setState(state: unknown): void | Promise<void>;
};

/** Whether `value` gives batches, rather than being data. */
export function isDataset(value: unknown): value is Dataset<never> {
  if (typeof value === 'function') return true;
  if (value === null || typeof value !== 'object') return false;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
