import type { EngineTensor } from '../engine/engine';
import type { RunControl } from './control';
import type { Mutex } from './mutex';
import type { BatchRequest, DatasetKind, DatasetPlace, HostClient, WireBatch } from './protocol';
import type { Registry } from './registry';

/** A batch in the engine, as its methods take it. */
type EngineBatch = [x: EngineTensor[], y: EngineTensor[], sampleWeight: EngineTensor | null];

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
  #kinds: Readonly<Partial<Record<BatchRequest['of'], DatasetKind>>> = {};
  readonly #places: Record<string, DatasetPlace> = {};
  #setStates: Record<string, unknown> = {};
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

  /** Keeps count of what is taken, and begins with the datasets where they were. */
  track(
    kinds: Readonly<Partial<Record<BatchRequest['of'], DatasetKind>>>,
    before: Readonly<Record<string, DatasetPlace>>,
  ): void {
    this.#kinds = kinds;
    for (const [of, { state }] of Object.entries(before)) {
      if (kinds[of as BatchRequest['of']] === 'hasState') this.#setStates[of] = state;
    }
  }

  /** How far the datasets are, as far as that is kept. */
  get places(): Record<string, DatasetPlace> {
    return { ...this.#places };
  }

  /** Asks for the next batch, unless it is on its way. */
  ask(of: BatchRequest['of'], anew: boolean): void {
    if (this.#of === of && !anew) return;
    this.close();
    this.#of = of;
    const kind = this.#kinds[of];
    if (kind && (!this.#places[of] || (anew && kind === 'restarts'))) {
      this.#places[of] = { count: 0, crc: 0 };
    }
    const { [of]: state, ...others } = this.#setStates;
    this.#setStates = others;
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
    const place = this.#places[this.#of!];
    if (batch && place) {
      const [x, y, sampleWeight] = batch;
      let crc = place.crc;
      for (const tensor of [...x, ...y, sampleWeight]) crc = tensor?.crc32c(crc) ?? crc;
      this.#places[this.#of!] = { count: place.count + 1, crc, state: this.#arrivedState };
    }
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
