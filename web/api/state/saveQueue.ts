import { toTabtrainError, type TabtrainError } from '../errors';
import type { RunEvent } from '../host/protocol';
import type { Generations } from './generations';
import { encodeState, type StateContents, type StateTensor } from './stateFile';

export interface Snapshot extends StateContents<{
  readonly place: Readonly<Record<string, number>>;
}> {
  /** How long training stood still for the copy, in milliseconds. */
  readonly copyMs: number;
}

/** State that says whether a run is good: not the metrics, some of which may well be infinite. */
const MUST_BE_FINITE = /^(layers|optimizer|train\/loss)\//;

/** Writes snapshots one after the other; at most one waits, and a newer one takes its place. */
export class SaveQueue {
  readonly #generations: Generations;
  readonly #tell: (event: RunEvent) => void;
  #writing: Promise<void> | null = null;
  #waiting: Snapshot | null = null;
  #failure: TabtrainError | null = null;

  constructor(generations: Generations, tell: (event: RunEvent) => void) {
    this.#generations = generations;
    this.#tell = tell;
  }

  add(snapshot: Snapshot): void {
    if (this.#waiting) {
      this.#unsaved(this.#waiting, 'storage is slower than saveFreq asks for');
    }
    this.#waiting = snapshot;
    this.#writing ??= this.#write();
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Resolves when nothing is being written any more. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting && !this.#failure) {
        const snapshot = this.#waiting;
        this.#waiting = null;
        await this.#save(snapshot);
      }
    } catch (error) {
      this.#failure = toTabtrainError(error);
    } finally {
      this.#writing = null;
    }
  }

  async #save(snapshot: Snapshot): Promise<void> {
    const bad = snapshot.tensors.find((each) => MUST_BE_FINITE.test(each.path) && !isFinite(each));
    if (bad) {
      this.#unsaved(snapshot, `NOT_FINITE: '${bad.path}' has values that are no finite numbers`);
      return;
    }
    const file = await encodeState(snapshot);
    const generation = await this.#generations.save(file);
    this.#tell({
      type: 'saved',
      ...placeOf(snapshot),
      generation,
      bytes: file.length,
      copyMs: snapshot.copyMs,
      time: performance.now(),
    });
  }

  #unsaved(snapshot: Snapshot, reason: string): void {
    this.#tell({ type: 'unsaved', ...placeOf(snapshot), reason, time: performance.now() });
  }
}

function placeOf({ state }: Snapshot): { epoch: number; batch: number } {
  return { epoch: state.place['epoch']!, batch: state.place['batch']! };
}

function isFinite({ dtype, bytes }: StateTensor): boolean {
  if (dtype !== 'float32') return true;
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  // 0 for finite numbers only; a sum of them stays 0.
  let sum = 0;
  for (const value of values) sum += value - value;
  return sum === 0;
}
