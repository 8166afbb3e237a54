import { TabtrainError, toTabtrainError } from '../errors';
import type { FileWrite } from '../storage/backend';
import { lockedError } from '../storage/conflicts';
import { baseName, joinPath } from '../storage/paths';
import type { Storage } from '../storage/storage';
import { BACKUP_DIR } from './backupDir';
import { digestOf, makeRecord, readRecord, type CommitRecord } from './commitRecord';
import { decodeState, isSame, type StateContents } from './stateFile';

/**
 * The steps of the protocol, as {@link Generations} and the campaign name them. `remove` is one file of
 * `prune` or `clear`.
 */
export const STEPS = [
  'lock', 'load', 'name', 'commit', 'confirm', 'prune', 'remove', 'clear', 'unlock',
] as const; // prettier-ignore
export type Step = (typeof STEPS)[number];

/** The part of {@link Storage} that is used. */
export interface GenerationStore extends Pick<
  Storage,
  'locate' | 'list' | 'find' | 'findAll' | 'commit' | 'remove' | 'lock'
> {
  /** Told of each step before it is taken, and waited for: a test's own store can stop a run there. */
  readonly atStep?: (step: Step) => Promise<void>;
}

/** A generation that could not be loaded, and why. */
export interface Refused {
  readonly path: string;
  readonly reason: string;
}

export interface Loaded<T> extends StateContents<T> {
  readonly path: string;
  readonly generation: number;
  /** Newer ones that did not verify. */
  readonly refused: readonly Refused[];
}

type Check<T> = (contents: StateContents<T>) => void;

/** Of numbers that are exact; what has more digits is nobody's. */
const NAME = /^state-(\d{8,15})\.tabtrain$/;
const MOST = 10 ** 15 - 1;
const RECORD = 'state.commit';

/**
 * The commit protocol: training state in numbered generations, the newest whole one named by a commit
 * record. The steps of a save, each with the failure that it guards against:
 *
 * 1. *Lock*: one writer per directory, for as long as a run has it. Against two tabs whose generations
 *    would be each other's orphans.
 * 2. *New name*: a generation never overwrites another. Against a crash in the middle of a write.
 * 3. *Commit*: generation, then record, in one commit of the storage. Against a record that names what is
 *    not there. The record carries the digest of the generation: against a file of the same name that is
 *    another.
 * 4. *Confirm*: both are read back, to the last byte, before anybody hears that they are saved and before
 *    anything goes. Against writes that were reported done and are not, or are of other bytes.
 * 5. *Prune*: only now older generations beyond `keep` go, and orphans. Against losing the last good one.
 *
 * Loading takes the newest generation that verifies, not newer than the record says where there is one
 * that is whole, and tells which files it refused or missed. `src/checkpoint/README.md` shows it as a diagram.
 */
export class Generations {
  readonly #store: GenerationStore;
  readonly #dir: string;
  readonly #keep: number;
  readonly #unlock: () => Promise<void>;
  /** The highest number that any file here has had. */
  #last = 0;
  /** The newest that was confirmed; 0 for none. */
  #committed = 0;
  readonly #refused = new Set<number>();

  private constructor(
    store: GenerationStore,
    dir: string,
    keep: number,
    unlock: () => Promise<void>,
  ) {
    this.#store = store;
    this.#dir = dir;
    this.#keep = keep;
    this.#unlock = unlock;
  }

  /** Takes the directory's lock; `LOCKED` where another tab or process has it. */
  static async open(store: GenerationStore, named: string, keep: number): Promise<Generations> {
    const dir = store.locate(named, BACKUP_DIR);
    await store.atStep?.('lock');
    const unlock = await store.lock(dir);
    if (!unlock) throw lockedError(dir);
    return new Generations(store, dir, keep, unlock);
  }

  /** For {@link load} alone, without the lock: another run may be writing meanwhile. */
  static reader(store: GenerationStore, dir: string): Generations {
    return new Generations(store, store.locate(dir, BACKUP_DIR), 0, () => Promise.resolve());
  }

  /**
   * The newest generation that verifies; null where nothing was saved.
   * @param check throws `CORRUPT_FILE` for contents that cannot be.
   * @throws TabtrainError `CORRUPT_FILE` where something was and none verifies, naming each; the storage's own
   * where a file cannot be read, since it may be whole; `UNSUPPORTED` for what a later version wrote.
   */
  async load<T>(check: Check<T> = () => {}): Promise<Loaded<T> | null> {
    await this.#store.atStep?.('load');
    for (let before = ''; ;) {
      // The record first: what it names is listed afterwards, unless it went meanwhile.
      const record = await this.#store.find(this.#recordPath);
      const numbers = await this.#numbers();
      this.#refused.clear();
      const { loaded, refused } = await this.#newest(record, numbers, check);
      // A run whose lock this is not may have saved or ended between two looks.
      const seen = `${String(record)} ${numbers.join()}`;
      if (refused.length > 0 && seen !== before) {
        before = seen;
        continue;
      }
      if (loaded || refused.length === 0) return loaded;
      const list = refused.map(({ path, reason }) => `'${path}': ${reason}`).join('; ');
      throw new TabtrainError(
        'CORRUPT_FILE',
        `no training state in '${this.#dir}' can be used: ${list}; remove the directory to begin anew`,
      );
    }
  }

  /** As {@link load}, of what was found there. */
  async #newest<T>(
    bytes: Uint8Array | null,
    numbers: readonly number[],
    check: Check<T>,
  ): Promise<{ loaded: Loaded<T> | null; refused: readonly Refused[] }> {
    const refused: Refused[] = [];
    const refuse = (path: string, error: unknown) => {
      const { code, message } = toTabtrainError(error);
      // What is not damaged may be good for somebody: that ends the load.
      if (code !== 'CORRUPT_FILE') {
        throw new TabtrainError(code, `'${path}': ${message}`, { cause: error });
      }
      refused.push({ path, reason: message });
    };
    const miss = (path: string) => refused.push({ path, reason: 'it is missing' });
    let record: CommitRecord | null = null;
    try {
      if (bytes) record = readRecord(bytes);
      else if (numbers.length > 0) miss(this.#recordPath);
    } catch (error) {
      refuse(this.#recordPath, error); // The generations have checksums of their own.
    }
    const newest = record?.generation ?? Infinity;
    this.#last = Math.max(record?.generation ?? 0, ...numbers);
    if (record && !numbers.includes(newest)) miss(this.#path(newest));
    for (const generation of [...numbers].reverse()) {
      if (generation > newest) {
        this.#refused.add(generation); // An orphan: nobody was told that it is saved.
        continue;
      }
      const path = this.#path(generation);
      // What cannot be read now may be whole: that ends the load, and nothing is taken for damaged.
      const file = await this.#store.find(path);
      if (!file) {
        miss(path);
        continue;
      }
      try {
        const contents = decodeState<T>(file);
        if (generation === newest && record!.digest !== (await digestOf(file))) {
          throw new TabtrainError('CORRUPT_FILE', 'it is not the one that was committed');
        }
        check(contents);
        this.#committed = generation;
        return { loaded: { ...contents, path, generation, refused }, refused };
      } catch (error) {
        refuse(path, error);
        this.#refused.add(generation);
      }
    }
    return { loaded: null, refused };
  }

  /** Commits a file of training state; resolves to its generation once that is confirmed. */
  async save(file: Uint8Array): Promise<number> {
    try {
      return await this.#save(file);
    } catch (error) {
      if (toTabtrainError(error).code !== 'QUOTA_EXCEEDED') throw error;
      // What counts for nothing gives its room: orphans, and those that do not verify.
      if (!(await this.#prune())) throw error;
      return this.#save(file);
    }
  }

  /** Removes all that is here. */
  async clear(): Promise<void> {
    await this.#store.atStep?.('clear');
    // The record first: it never names what is gone. The newest last: after a crash the least is done again.
    const paths = (await this.#numbers()).map((each) => this.#path(each));
    for (const path of [this.#recordPath, ...paths]) {
      await this.#remove(path);
      if (path !== this.#recordPath || !(await this.#store.find(path))) continue;
      throw new TabtrainError('STORAGE_UNAVAILABLE', `'${path}' was removed, but is still there`);
    }
    this.#committed = 0;
  }

  /** Gives the lock back. */
  async close(): Promise<void> {
    await this.#store.atStep?.('unlock');
    await this.#unlock();
  }

  async #save(file: Uint8Array): Promise<number> {
    await this.#store.atStep?.('name');
    const generation = ++this.#last;
    if (generation > MOST) {
      const path = this.#path(MOST);
      throw new TabtrainError('UNSUPPORTED', `no number is left after '${path}'; remove that file`);
    }
    const writes = [
      { path: this.#path(generation), bytes: file },
      { path: this.#recordPath, bytes: await makeRecord(generation, file) },
    ];
    // Until it is confirmed it counts for none of those that are kept.
    this.#refused.add(generation);
    await this.#store.atStep?.('commit');
    await this.#store.commit(writes);
    await this.#confirm(writes);
    this.#refused.delete(generation);
    this.#committed = generation;
    await this.#prune().catch(() => {}); // It is saved; what is left goes the next time.
    return generation;
  }

  async #confirm(writes: readonly FileWrite[]): Promise<void> {
    await this.#store.atStep?.('confirm');
    const stored = await this.#store.findAll(writes.map(({ path }) => path));
    for (const [i, { path, bytes }] of writes.entries()) {
      if (stored[i] && (await isSame(stored[i], bytes))) continue;
      throw new TabtrainError(
        'STORAGE_UNAVAILABLE',
        `'${path}' was written, but ${stored[i] ? 'other bytes are' : 'is not'} there; what was saved before is unchanged`,
      );
    }
  }

  /** Removes all but the newest `keep` committed generations; whether any went. */
  async #prune(): Promise<boolean> {
    await this.#store.atStep?.('prune');
    const numbers = await this.#numbers();
    const isGood = (each: number) => each <= this.#committed && !this.#refused.has(each);
    const kept = new Set(numbers.filter(isGood).slice(-this.#keep));
    // Those that do not verify go once there is one that does.
    const gone = this.#committed === 0 ? [] : numbers.filter((each) => !kept.has(each));
    for (const each of gone) await this.#remove(this.#path(each));
    return gone.length > 0;
  }

  get #recordPath(): string {
    return joinPath(this.#dir, RECORD);
  }

  /** Of the generations that are there, ascending. */
  async #numbers(): Promise<number[]> {
    const files = await this.#store.list(this.#dir);
    const names = files
      .map(({ path }) => path)
      .filter((path) => path === joinPath(this.#dir, baseName(path)));
    const numbers = names.flatMap((path) => NAME.exec(baseName(path))?.slice(1).map(Number) ?? []);
    return numbers.sort((a, b) => a - b);
  }

  async #remove(path: string): Promise<void> {
    await this.#store.atStep?.('remove');
    await this.#store.remove(path).catch((error: unknown) => {
      if (toTabtrainError(error).code !== 'NOT_FOUND') throw error;
    });
  }

  #path(generation: number): string {
    return joinPath(this.#dir, `state-${String(generation).padStart(8, '0')}.tabtrain`);
  }
}
