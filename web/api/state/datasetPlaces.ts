import { invalid } from '../errors';
import type { EngineBatch, Feed, FeedWatch } from '../host/feed';
import type { BatchRequest } from '../host/protocol';
import { Slicer } from '../host/tasks';

type Of = BatchRequest['of'];

/**
 * One pass over a dataset: how many answers were taken, its end being one, and the CRC-32C of the elements
 * of all batches, one after the other.
 */
type Pass = readonly [of: Of, taken: number, crc: number];

/** How far a run is in its datasets. */
export interface Places {
  /** Of the first batch: a run is planned for as many. */
  readonly rows: number;
  /** In their order. */
  readonly passes: readonly Pass[];
  /** What `getState` of those that have it gave last. */
  readonly states: Readonly<Partial<Record<Of, unknown>>>;
}

const NONE: Places = { rows: 0, passes: [], states: {} };

/**
 * Keeps count of what a run takes from its datasets, and brings those of the run that goes on to the same
 * place: one that has a state is given it, any other is gone through from the first pass on, since nothing but
 * the same calls in the same order is sure to leave a generator, or what it draws from, as it was.
 */
export class DatasetPlaces implements FeedWatch {
  readonly #stateful: readonly Of[];
  readonly #saved: Places | null;
  readonly #unset: Set<Of>;
  #now = NONE;
  #before = NONE;
  #isNew = true;

  constructor(stateful: readonly Of[], saved: Places | null) {
    this.#stateful = stateful;
    this.#saved = saved;
    this.#unset = new Set(stateful.filter((of) => saved && of in saved.states));
  }

  get now(): Places {
    return this.#now;
  }

  /** Before what was taken last. */
  get before(): Places {
    return this.#before;
  }

  asked(of: Of, anew: boolean): readonly [state: unknown] | undefined {
    this.#isNew = anew;
    return this.#unset.delete(of) ? [this.#saved!.states[of]] : undefined;
  }

  took(of: Of, batch: EngineBatch | null, state: unknown): void {
    this.#before = this.#now;
    const { rows, passes, states } = this.#now;
    const [x, y, sampleWeight] = batch ?? [[], [], null];
    const last = passes.at(-1);
    const goesOn = !this.#isNew && last?.[0] === of;
    const taken = goesOn ? last[1] : 0;
    let crc = goesOn ? last[2] : 0;
    for (const tensor of [...x, ...y, sampleWeight]) crc = tensor?.crc32c(crc) ?? crc;
    const others = goesOn ? passes.slice(0, -1) : passes;
    this.#now = {
      rows: rows || x[0]!.shape()[0]!,
      passes: [...others, [of, taken + 1, crc]],
      states: this.#stateful.includes(of) ? { ...states, [of]: state } : states,
    };
    this.#isNew = false;
  }

  /** @throws TabtrainError `INVALID_ARGUMENT` where other batches come than those that were taken. */
  async catchUp(feed: Feed): Promise<void> {
    const slicer = new Slicer();
    const passes = this.#saved!.passes.filter(([of]) => !this.#unset.has(of));
    for (const [of, taken, crc] of passes) {
      let isOver = false;
      for (let i = 0; i < taken && !isOver; ++i) {
        if (slicer.due()) await slicer.yield();
        feed.ask(of, i === 0);
        isOver = !(await feed.take(() => {}));
      }
      const came = this.#now.passes.at(-1)!;
      if (came[1] === taken && came[2] === crc) continue;
      const pass = this.#now.passes.filter((each) => each[0] === of).length;
      invalid(
        `model.fit: ${of === 'train' ? 'dataset' : 'validationData'}: expected the batches that the run ` +
          `had taken, in pass ${pass} others came; a dataset whose batches do not come again needs ` +
          'getState and setState',
      );
    }
  }

  /** To be called where the datasets are where they were. */
  takeUp(): void {
    this.#now = this.#before = this.#saved!;
  }
}
