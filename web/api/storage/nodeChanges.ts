import { dirname, join } from 'node:path';
import { TabtrainError } from '../errors';
import { lockedError } from './conflicts';
import type { NodeFiles } from './nodeFiles';
import { readJournal, redo, removeJournal, touchedBy } from './nodeJournal';
import { JOURNAL, WORKSHOP, chainOf, type Look, type Workshops } from './nodeWorkshop';

/** How often a lock is asked for that somebody has: one that only tries to get it gives it back at once. */
const LOCK_TRIES = 8;

/** Where something is to be changed. */
export interface Reach {
  /** The directory whose workshop is used; all changes are below it. */
  readonly base: string;
  /** The directories of the files that change. */
  readonly touched: readonly string[];
  /** Finds the directories that vanish, those of them that have a workshop. */
  readonly vanishing?: () => Promise<readonly string[]>;
}

/**
 * One change at a time in any directory, and none where another run has the lock, over all processes. Each
 * makes a file of its own, then looks for those of others, in the directories above and below: of two at
 * once at least one sees the other, so never both go on. Files of dead processes do not count.
 */
export class Changes {
  readonly #files: NodeFiles;
  readonly #shops: Workshops;
  readonly #waitMs: number;

  constructor(files: NodeFiles, shops: Workshops, waitMs: number) {
    this.#files = files;
    this.#shops = shops;
    this.#waitMs = waitMs;
  }

  /** Runs `task` while nobody else changes anything there. @throws TabtrainError `LOCKED`. */
  async change<T>(
    { base, touched, vanishing: find = async () => [] }: Reach,
    task: () => Promise<T>,
  ): Promise<T> {
    const chain = [...chainOf([base, ...touched])];
    let journals: readonly string[] = [];
    const wait = this.#patience(base);
    for (let refusals = 0; ; await wait()) {
      await this.settle([...chain, ...journals]);
      const mine = await this.#shops.put(base, 'write');
      try {
        // Only now: whoever comes there later sees this file first.
        const vanishing = await find();
        const look = await this.#shops.look([...chain, ...vanishing], mine);
        journals = look.journals;
        const locked = lockedBy(look, touched, vanishing);
        if (locked !== null && ++refusals === LOCK_TRIES) throw lockedError(locked);
        if (look.busy || locked !== null || journals.length > 0) continue;
        await this.#shops.tidy({ ...look, leftovers: look.leftovers.filter(isIn(base)) });
        return await task();
      } finally {
        await this.#shops.drop(mine);
      }
    }
  }

  /** The one writer's lock of a directory, or null where another call or process has it. */
  async lock(dir: string): Promise<(() => Promise<void>) | null> {
    const chain = chainOf([dir]);
    const wait = this.#patience(dir);
    for (let refusals = 0; refusals < LOCK_TRIES; await wait()) {
      await this.settle(chain);
      const mine = await this.#shops.put(dir, 'lock');
      let isMine = false;
      try {
        const look = await this.#shops.look(chain, mine);
        if (look.locks.has(dir)) ++refusals;
        else isMine = !look.busy && look.journals.length === 0;
        if (!isMine) continue;
        await this.#shops.tidy({ ...look, leftovers: look.leftovers.filter(isIn(dir)) });
        return () => this.#shops.drop(mine);
      } finally {
        if (!isMine) await this.#shops.drop(mine);
      }
    }
    return null;
  }

  /** Waits for commits that are under way, and finishes those whose process is gone. */
  async settle(dirs: Iterable<string>): Promise<void> {
    for (const dir of dirs) if (await this.hasJournal(dir)) await this.#finish(dir);
  }

  hasJournal(dir: string): Promise<boolean> {
    return this.#files.exists(join(dir, WORKSHOP, JOURNAL));
  }

  async #finish(base: string): Promise<void> {
    const wait = this.#patience(base);
    for (; await this.hasJournal(base); await wait()) {
      if ((await this.#shops.look([base])).busy) continue;
      const mine = await this.#shops.put(base, 'write');
      try {
        const journal = await readJournal(this.#files, base);
        const touched = journal ? touchedBy(base, journal) : [];
        const { busy } = await this.#shops.look(chainOf([base, ...touched]), mine);
        // It may have been finished until nobody else could do it any more.
        if (busy || !(await this.hasJournal(base))) continue;
        if (journal) await redo(this.#files, base, journal);
        else await removeJournal(this.#files, base);
        await this.#shops.tidy(await this.#shops.look([base], mine));
      } finally {
        await this.#shops.drop(mine);
      }
    }
  }

  /** Waits a moment, each time it is called; not for ever. */
  #patience(dir: string): () => Promise<void> {
    const deadline = performance.now() + this.#waitMs;
    let longest = 4;
    return async () => {
      if (performance.now() > deadline) {
        const seconds = this.#waitMs / 1000;
        throw new TabtrainError(
          'LOCKED',
          `'${dir}' is in use: somebody else has been writing there for ${seconds} s`,
        );
      }
      await new Promise((done) => setTimeout(done, 1 + Math.random() * longest));
      longest = Math.min(2 * longest, 60);
    };
  }
}

/** The directory whose lock is in the way: the nearest one above that is locked decides, or any that vanishes. */
function lockedBy(
  { locks }: Look,
  touched: readonly string[],
  vanishing: readonly string[],
): string | null {
  for (const dir of touched) {
    const nearest = [...chainOf([dir])].find((each) => locks.has(each));
    if (nearest !== undefined && locks.get(nearest) === 'others') return nearest;
  }
  return vanishing.find((dir) => locks.get(dir) === 'others') ?? null;
}

/** Whether a path is in the workshop of a directory. */
function isIn(dir: string): (path: string) => boolean {
  return (path) => dirname(path) === join(dir, WORKSHOP);
}
