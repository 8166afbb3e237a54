import type { EngineTensor } from '../engine/engine';
import type { RunControl } from './control';
import type { Mutex } from './mutex';
import type { BatchRequest, HostClient, WireBatch } from './protocol';
import type { Registry } from './registry';

/** A batch in the engine, as its methods take it. */
export type EngineBatch = [x: EngineTensor[], y: EngineTensor[], sampleWeight: EngineTensor | null];

/** Who keeps count of what a run takes. */
export interface FeedWatch {
  /** A batch is asked for; gives what the dataset's `setState` is to be given first. */
  asked(of: BatchRequest['of'], anew: boolean): BatchRequest['state'];
  /** It was taken, null at the end of the data; `state` is what the dataset's `getState` gave after it. */
  took(of: BatchRequest['of'], batch: EngineBatch | null, state: unknown): void;
}

/**
 * The batches of one run that the caller sends, each when it is asked for. The next one is asked for
 * before the engine computes the current one, so that both sides work at the same time; there are never
 * more than these two.
 */
export class Feed {
  readonly #run: number;
  readonly #control: RunControl;
  readonly #lock: Mutex;
  readonly #client: HostClient;
  readonly #registry: Registry;
  /** Numbers the requests: what answers an older one comes too late. */
  #request = 0;
  #of: BatchRequest['of'] | null = null;
  /** Undefined while the batch is on its way, null at the end of the data. */
  #arrived: EngineBatch | null | undefined;
  #arrivedState: unknown;
  /** Of a run that is backed up. */
  watch: FeedWatch | null = null;
  #wake: (() => void) | null = null;

  constructor(
    run: number,
    control: RunControl,
    lock: Mutex,
    client: HostClient,
    registry: Registry,
  ) {
    this.#run = run;
    this.#control = control;
    this.#lock = lock;
    this.#client = client;
    this.#registry = registry;
    control.onAbort = () => this.#wake?.();
  }

  /** Answers what will be asked for first, of no dataset. */
  put(batch: WireBatch): void {
    this.#of = 'train';
    this.#arrived = this.#registry.batch(batch);
  }

  /** Asks for the next batch, unless it is on its way. */
  ask(of: BatchRequest['of'], anew: boolean): void {
    if (this.#of === of && !anew) return;
    this.close();
    this.#of = of;
    const state = this.watch?.asked(of, anew);
    this.#client.event(this.#run, { type: 'need', of, anew, id: ++this.#request, state });
  }

  /** An answer of the caller. */
  give(request: number, batch: WireBatch | null, state: unknown): void {
    if (request !== this.#request || this.#of === null) return;
    this.#arrived = batch && this.#registry.batch(batch);
    this.#arrivedState = state;
    this.#wake?.();
  }

  /**
   * Hands the batch that was asked for to `use`; false at the end of the data. While it is on its way
   * others may use the engine, whose lock must be held.
   */
  async take(use: (...batch: EngineBatch) => void): Promise<boolean> {
    if (this.#arrived === undefined) await this.#wait();
    const batch = this.#arrived;
    this.watch?.took(this.#of!, batch!, this.#arrivedState);
    this.#arrived = undefined;
    this.#of = null;
    if (!batch) return false;
    try {
      use(...batch);
    } finally {
      freeBatch(batch);
    }
    return true;
  }

  async #wait(): Promise<void> {
    this.#lock.release();
    this.#control.awaitingData = true;
    try {
      while (this.#arrived === undefined && !this.#control.aborted) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#wake = null;
      this.#control.awaitingData = false;
      await this.#lock.acquire();
    }
    this.#control.throwIfAborted();
  }

  /** Frees what nobody took. */
  close(): void {
    if (this.#arrived) freeBatch(this.#arrived);
    this.#arrived = undefined;
    this.#of = null;
  }
}

export function freeBatch([x, y, sampleWeight]: EngineBatch): void {
  for (const tensor of [...x, ...y, sampleWeight]) tensor?.delete();
}
