import { toTabtrainError, type TabtrainError } from '../errors';
import type { RunEvent } from '../host/protocol';
import type { Generations } from './generations';
import { encodeState, type StateContents, type StateTensor } from './stateFile';

/** Where a run is: `FitRun.state()`'s place. */
export type Place = Readonly<Record<string, number>>;

export interface Snapshot extends StateContents<{
  readonly place: Readonly<Record<string, number>>;
}> {
  /** How long training stood still for the copy, in milliseconds. */
  readonly copyMs: number;
}

/** State that says whether a run is good: not the metrics, some of which may well be infinite. */
const MUST_BE_FINITE = /^(layers|optimizer|train\/loss)\//;

/** Writes one snapshot at a time, while training goes on. */
export class SaveQueue {
  readonly #generations: Generations;
  readonly #tell: (event: RunEvent) => void;
  #writing: Promise<void> | null = null;
  #failure: TabtrainError | null = null;

  constructor(generations: Generations, tell: (event: RunEvent) => void) {
    this.#generations = generations;
    this.#tell = tell;
  }

  get busy(): boolean {
    return this.#writing !== null;
  }

  /** Begins to write; only where nothing is being written. */
  add(snapshot: Snapshot): void {
    this.#writing = this.#save(snapshot)
      .catch((error: unknown) => {
        this.#failure = toTabtrainError(error);
        this.skip(snapshot.state.place, `${this.#failure.code}: ${this.#failure.message}`);
      })
      .finally(() => (this.#writing = null));
  }

  /** Tells that a place is not stored. */
  skip(place: Place, reason: string): void {
    this.#tell({ type: 'unsaved', ...whereOf(place), reason, time: performance.now() });
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Resolves when nothing is being written any more. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async #save(snapshot: Snapshot): Promise<void> {
    const bad = snapshot.tensors.find((each) => MUST_BE_FINITE.test(each.path) && !isFinite(each));
    if (bad) {
      const reason = `NOT_FINITE: '${bad.path}' has values that are no finite numbers`;
      this.skip(snapshot.state.place, reason);
      return;
    }
    const file = await encodeState(snapshot);
    const generation = await this.#generations.save(file);
    this.#tell({
      type: 'saved',
      ...whereOf(snapshot.state.place),
      generation,
      bytes: file.length,
      copyMs: snapshot.copyMs,
      time: performance.now(),
    });
  }
}

function whereOf(place: Place): { epoch: number; batch: number } {
  return { epoch: place['epoch']!, batch: place['batch']! };
}

function isFinite({ dtype, bytes }: StateTensor): boolean {
  if (dtype !== 'float32') return true;
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  // 0 for finite numbers only; a sum of them stays 0.
  let sum = 0;
  for (const value of values) sum += value - value;
  return sum === 0;
}
