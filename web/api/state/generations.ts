import { TabtrainError, toTabtrainError } from '../errors';
import type { FileWrite, StoredFile } from '../storage/backend';
import { lockedError } from '../storage/conflicts';
import { baseName, joinPath } from '../storage/paths';
import type { Storage } from '../storage/storage';
import { textWithCrc, withCrc } from './crc32c';
import { decodeState, headerOf, isSame, type StateContents } from './stateFile';

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

/** What the commit record says of the newest generation. */
interface CommitRecord {
  readonly format: 1;
  readonly generation: number;
  readonly bytes: number;
  readonly digest: string;
}

const NAME = /^state-(\d{8,})\.tabtrain$/;
const RECORD = 'state.commit';
const ARGUMENT = 'backupAndRestore: backupDir';

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
 * that can be read, and tells which it refused. `src/checkpoint/README.md` shows it as a diagram.
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
    const dir = store.locate(named, ARGUMENT);
    await store.atStep?.('lock');
    const unlock = await store.lock(dir);
    if (!unlock) throw lockedError(dir);
    return new Generations(store, dir, keep, unlock);
  }

  /** For {@link load} alone, without the lock: another run may be writing meanwhile. */
  static reader(store: GenerationStore, dir: string): Generations {
    return new Generations(store, store.locate(dir, ARGUMENT), 0, () => Promise.resolve());
  }

  /**
   * The newest generation that verifies; null where there are none.
   * @throws TabtrainError `CORRUPT_FILE` where there are some and none verifies, naming each; the storage's
   * own where a file cannot be read, since it may be whole.
   */
  async load<T>(): Promise<Loaded<T> | null> {
    await this.#store.atStep?.('load');
    const numbers = await this.#numbers();
    this.#last = numbers.at(-1) ?? 0;
    const refused: Refused[] = [];
    const record = await this.#record(refused);
    if (record === 'none') {
      // Nothing was ever committed, or all was cleared: whatever is here are orphans.
      for (const each of numbers) this.#refused.add(each);
      return null;
    }
    for (const generation of numbers.reverse()) {
      if (record && generation > record.generation) {
        this.#refused.add(generation); // An orphan: nobody was told that it is saved.
        continue;
      }
      const path = this.#path(generation);
      // What cannot be read now may be whole: that ends the load, and nothing is taken for damaged.
      const file = await this.#store.find(path);
      try {
        if (!file) throw new TabtrainError('NOT_FOUND', 'it is gone');
        const contents = decodeState<T>(file);
        if (record?.generation === generation && record.digest !== (await digestOf(file))) {
          throw new TabtrainError('CORRUPT_FILE', 'it is not the one that was committed');
        }
        this.#committed = generation;
        return { ...contents, path, generation, refused };
      } catch (error) {
        refused.push({ path, reason: toTabtrainError(error).message });
        this.#refused.add(generation);
      }
    }
    if (refused.length === 0) return null;
    const list = refused.map(({ path, reason }) => `'${path}': ${reason}`).join('; ');
    throw new TabtrainError(
      'CORRUPT_FILE',
      `no training state in '${this.#dir}' can be used: ${list}; remove the directory to begin anew`,
    );
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
    // The record first: what is left over by a crash are orphans then, not what a record names.
    for (const path of [joinPath(this.#dir, RECORD), ...(await this.#paths())]) {
      await this.#remove(path);
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
    const record: CommitRecord = {
      format: 1,
      generation,
      bytes: file.length,
      digest: await digestOf(file),
    };
    const writes = [
      { path: this.#path(generation), bytes: file },
      {
        path: joinPath(this.#dir, RECORD),
        bytes: new TextEncoder().encode(withCrc(JSON.stringify(record))),
      },
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

  /** Null where it is damaged: the generations have checksums of their own. */
  async #record(refused: Refused[]): Promise<CommitRecord | 'none' | null> {
    const path = joinPath(this.#dir, RECORD);
    const bytes = await this.#store.find(path);
    if (!bytes) return 'none';
    const json = textWithCrc(new TextDecoder().decode(bytes));
    if (json !== null) return JSON.parse(json) as CommitRecord;
    refused.push({ path, reason: 'the checksum of the commit record is wrong' });
    return null;
  }

  async #numbers(): Promise<number[]> {
    const names = (await this.#paths()).map((path) => NAME.exec(baseName(path))![1]);
    return names.map(Number).sort((a, b) => a - b);
  }

  async #paths(): Promise<string[]> {
    const isOurs = ({ path }: StoredFile) =>
      path === joinPath(this.#dir, baseName(path)) && NAME.test(baseName(path));
    return (await this.#store.list(this.#dir)).filter(isOurs).map(({ path }) => path);
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

async function digestOf(file: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', headerOf(file));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
