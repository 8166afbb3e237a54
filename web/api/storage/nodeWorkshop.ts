import { basename, dirname, join } from 'node:path';
import { missingAs, type NodeFiles } from './nodeFiles';
import type { Processes } from './nodeProcesses';

/** A directory beside the files that it is for; there while there is work, never listed. */
export const WORKSHOP = '.tabtrain';

/** The file in a workshop that makes a commit valid; see nodeJournal.ts. */
export const JOURNAL = 'journal';

/**
 * Everything else in a workshop, named `KIND.OWNER-NUMBER`: the `lock` of a run, the lock of a change that
 * is under way (`write`), a file that has no name yet (`new`), a directory that has none any more (`gone`).
 * It counts as long as its owner lives, and belongs to nobody afterwards.
 */
export type Kind = 'lock' | 'write' | 'new' | 'gone';
const ENTRY = /^(lock|write|new|gone)\.([\w.]+)-\d+$/;

export const isNewName = (name: string): boolean => ENTRY.exec(name)?.[1] === 'new';

/** What is under way in some directories. */
export interface Look {
  /** Somebody else changes files there. */
  busy: boolean;
  /** Whose run has a directory. */
  readonly locks: Map<string, 'mine' | 'others'>;
  /** The directories with a journal. */
  readonly journals: string[];
  /** What owners who are gone have left; of a directory without a journal, nobody will ask for it. */
  readonly leftovers: string[];
}

let instances = 0;

/** Makes, finds and clears what lies in workshops. Directories are real paths. */
export class Workshops {
  readonly #files: NodeFiles;
  readonly #processes: Processes;
  /** Of one process there may be several: threads, or copies of this module. */
  readonly #instance = `${++instances}x${Math.random().toString(36).slice(2, 10)}`;
  /** Names of what this instance has and still needs. */
  readonly #active = new Set<string>();
  #count = 0;

  constructor(files: NodeFiles, processes: Processes) {
    this.#files = files;
    this.#processes = processes;
  }

  /** A path for something of this instance, which has it until it is dropped. */
  async newPath(dir: string, kind: Kind): Promise<string> {
    const name = `${kind}.${await this.#own()}-${++this.#count}`;
    this.#active.add(name);
    return join(dir, WORKSHOP, name);
  }

  /** Makes a file, and the workshop where there is none; neither's name is durable yet. */
  async put(dir: string, kind: Kind, bytes: Uint8Array = new Uint8Array()): Promise<string> {
    const path = await this.newPath(dir, kind);
    try {
      for (let tries = 1; ; ++tries) {
        try {
          await this.#files.fs.mkdir(dirname(path)).catch(existing);
          await this.#files.writeNew(path, bytes, { sync: kind === 'new' });
          return path;
        } catch (error) {
          // Whoever leaves a workshop empty removes it; or somebody has removed the directory.
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 10) throw error;
          await this.#files.makeDirectory(dir);
        }
      }
    } catch (error) {
      await this.drop(path);
      throw error;
    }
  }

  /** Gives up what {@link put} made. What cannot be removed now is a leftover. */
  async drop(path: string): Promise<void> {
    this.forget(path);
    const remove = () => this.#files.removeFile(path);
    await remove().catch(() => remove().catch(() => {}));
    await this.leave(dirname(path));
  }

  /** The file has its name, so it is none of the workshop's any more. */
  forget(path: string): void {
    this.#active.delete(basename(path));
  }

  /** What is under way in directories, apart from one's own `mine`. */
  async look(dirs: Iterable<string>, mine = ''): Promise<Look> {
    const look: Look = { busy: false, locks: new Map(), journals: [], leftovers: [] };
    for (const dir of new Set(dirs)) await this.#lookInto(dir, basename(mine), look);
    // Whoever removes the directory takes `mine` along, and may be gone before it is looked for: then nobody
    // sees what this one does. Last, for whoever begins after this one's look sees `mine`.
    if (mine !== '' && !(await this.#files.exists(mine))) look.busy = true;
    return look;
  }

  async #lookInto(dir: string, mine: string, look: Look): Promise<void> {
    const shop = join(dir, WORKSHOP);
    const names = await this.#files.fs.readdir(shop).catch(missingAs([] as string[]));
    const dead: string[] = [];
    for (const name of names) {
      const [, kind, owner] = ENTRY.exec(name) ?? [];
      if (owner === undefined || name === mine) continue;
      const isMine = this.#active.has(name);
      if (!isMine && (owner === (await this.#own()) || !(await this.#processes.isAlive(owner)))) {
        dead.push(join(shop, name));
        continue;
      }
      if (kind === 'write') look.busy = true;
      if (kind === 'lock' && (isMine || !look.locks.has(dir))) {
        look.locks.set(dir, isMine ? 'mine' : 'others');
      }
    }
    // Only now: whoever is dead by now may have left a journal since the names were read.
    const hasJournal =
      names.includes(JOURNAL) ||
      (dead.length > 0 && (await this.#files.exists(join(shop, JOURNAL))));
    if (hasJournal) look.journals.push(dir);
    else look.leftovers.push(...dead);
  }

  /** Removes what a {@link look} found to be left over, as far as that can be done. */
  async tidy({ leftovers }: Look): Promise<void> {
    for (const path of leftovers) {
      await this.#files.fs.rm(path, { recursive: true, force: true }).catch(() => {});
    }
    for (const shop of new Set(leftovers.map(dirname))) await this.leave(shop);
  }

  /** Removes a workshop where nobody has anything in it. */
  async leave(shop: string): Promise<void> {
    await this.#files.removeEmpty(shop).catch(() => {});
  }

  async #own(): Promise<string> {
    return `${await this.#processes.own()}.${this.#instance}`;
  }
}

function existing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/** Directories with all that they lie in. */
export function chainOf(dirs: Iterable<string>): Set<string> {
  const chain = new Set<string>();
  for (const dir of dirs) {
    for (let at = dir; !chain.has(at); at = dirname(at)) chain.add(at);
  }
  return chain;
}
