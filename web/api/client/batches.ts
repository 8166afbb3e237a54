import { isTypedArray, toSource, type Source } from '../data/convert';
import type { Dataset, StatefulDataset } from '../data/dataset';
import type { Data } from '../data/tensor';
import { came, invalid } from '../errors';
import type { WireBatch } from '../host/protocol';
import { checkSamples } from '../model/options';
import { toWireTensor } from './upload';

/** The parts of a batch of predict: x, or [x]. */
function partsOfInput(batch: unknown): unknown[] {
  if (!Array.isArray(batch) || batch.length > 3) return [batch];
  const first: unknown = batch[0];
  const isRows = (value: unknown) => Array.isArray(value) || isTypedArray(value);
  const isX = Array.isArray(first)
    ? isRows(first[0])
    : first !== null && typeof first === 'object' && 'data' in first && 'shape' in first;
  return isX ? [first] : [batch];
}

/** The batches of one dataset in a run, ready to be sent. */
export class Batches {
  readonly #dataset: Dataset<never>;
  readonly #where: string;
  readonly #continues: boolean;
  readonly #withTargets: boolean;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | null = null;
  #fetching = false;
  /** Whether there is no more: the data have ended for good, or the run has. */
  #ended = false;
  /** Whether the dataset was given a state, and no batch has come since. */
  #isSet = false;
  #batch = 0;

  /**
   * @param where what the sentence of an error begins with.
   * @param counted whether the number of batches of a pass is given: then a dataset that is no function
   *   goes on where the last pass stopped.
   */
  constructor(dataset: Dataset<never>, where: string, counted: boolean, withTargets = true) {
    this.#dataset = dataset;
    this.#where = where;
    this.#continues = counted && typeof dataset !== 'function';
    this.#withTargets = withTargets;
  }

  /** Whether the dataset says where it is. */
  get hasState(): boolean {
    const { getState, setState } = this.#dataset as Partial<StatefulDataset>;
    return typeof getState === 'function' && typeof setState === 'function';
  }

  /** A copy of the dataset's own state; undefined where it has none. */
  state(): unknown {
    return this.hasState
      ? copyOfState(this.#dataset as unknown as StatefulDataset, `${this.#where}: dataset`)
      : undefined;
  }

  setState(state: unknown): void | Promise<void> {
    this.#isSet = true;
    return (this.#dataset as unknown as StatefulDataset).setState(state);
  }

  /** The next batch, or null at the end. `anew`: a pass begins. */
  async next(anew: boolean, copy: boolean): Promise<WireBatch | null> {
    if (anew) {
      this.#batch = 0;
      if (!this.#continues) await this.close();
    }
    this.#fetching = true;
    try {
      if (!this.#ended) this.#iterator ??= await this.#open();
      if (this.#ended) {
        void this.close();
        return null;
      }
      const { done, value } = (await this.#iterator!.next()) as IteratorResult<unknown, unknown>;
      const isRest = this.#isSet;
      this.#isSet = false;
      if (done) {
        this.#iterator = null;
        this.#ended = this.#continues;
        // What was left of the pass in which the state was got; the next one is asked for.
        return isRest ? await this.next(anew, copy) : null;
      }
      const where = `${this.#where}: batch ${this.#batch++}`;
      return await toWireBatch(where, this.#parts(value, where), copy);
    } finally {
      this.#fetching = false;
    }
  }

  /** Ends the pass that is under way: tells the iterator that no more is wanted. */
  async close(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = null;
    const closed = iterator?.return?.();
    // An iterator that is asked for a batch would answer after it only, which may be never.
    if (!this.#fetching) await closed;
    else if (closed instanceof Promise) closed.catch(() => {});
  }

  /** To be called when the run is over. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.close();
  }

  async #open() {
    const dataset = this.#dataset as () => unknown;
    const given = (typeof dataset === 'function' ? await dataset() : dataset) as Partial<
      AsyncIterable<unknown> & Iterable<unknown>
    > | null;
    const iterator = given?.[Symbol.asyncIterator]?.() ?? given?.[Symbol.iterator]?.();
    return (
      iterator ??
      invalid(
        `${this.#where}: expected an iterable of batches from the function, came ${came(given)}`,
      )
    );
  }

  #parts(batch: unknown, where: string): unknown[] {
    if (!this.#withTargets) return partsOfInput(batch);
    if (Array.isArray(batch) && (batch.length === 2 || batch.length === 3)) return batch;
    return invalid(`${where}: expected [x, y] or [x, y, sampleWeight], came ${came(batch)}`);
  }
}

/** What `getState` gives, as it is now. */
export function copyOfState(of: { getState?(): unknown }, where: string): unknown {
  try {
    return structuredClone(of.getState!());
  } catch (error) {
    return invalid(`${where}: getState: expected plain values, ${String(error)}`);
  }
}

/** A batch of data as it goes over in one message: x, and where there are any targets and weights. */
export async function toWireBatch(
  where: string,
  parts: readonly unknown[],
  copy: boolean,
): Promise<WireBatch> {
  const names = ['x', 'y', 'sampleWeight'];
  const sources: [string, Source | null][] = [];
  for (const [i, part] of parts.entries()) {
    const isAbsent = i === 2 && (part === null || part === undefined);
    const source = isAbsent ? null : await toSource(`${where}: ${names[i]!}`, part as Data);
    sources.push([names[i]!, source]);
  }
  checkSamples(where, sources);
  const wire = async (i: number) => {
    const source = sources[i]?.[1];
    return source ? [await toWireTensor(source, copy)] : [];
  };
  return { x: await wire(0), y: await wire(1), sampleWeight: (await wire(2))[0] ?? null };
}
