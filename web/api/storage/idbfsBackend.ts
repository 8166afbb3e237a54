import type { EmscriptenFs, EmscriptenIdbfs } from '../engine/engine';
import { asError } from '../errors';
import { Mutex } from '../host/mutex';
import type { Backend, CommitOptions, FileWrite, StoredFile } from './backend';
import { lockedError, parentsOf, refuseParent, refuseTarget } from './conflicts';
import {
  NoAnswer,
  TRIES,
  clearStore,
  dropHandle,
  getFiles,
  giveWay,
  putFiles,
  pauseBeforeTry,
  toStorageError,
  watched,
  withDatabase,
} from './idbfsStore';

/** Mounts, and so IndexedDB databases, are named by this prefix and the top-level directory. */
const ROOT = '/tabtrain/';

/** The mount of files that lie in no directory; paths.ts keeps this name from users. */
const TOP_FILES = '~';

/** Web Locks of runs are named by this prefix and the directory. */
const LOCK = 'tabtrain-writer:';

/**
 * Files in IndexedDB, shown by Emscripten's IDBFS: one mount, so one database, per top-level directory,
 * filled on first touch. A commit is one strict transaction into IDBFS's own store in its own record
 * format, and only then shown in the mount: a failed commit leaves the stored files and the mount as
 * they were, a second tab's files are never deleted by ours, and nothing is said to be saved before
 * the database said so. Syncs are serialised; before every read the mount catches up with the store.
 */
export class IdbfsBackend implements Backend {
  readonly kind = 'idbfs';
  readonly #fs: EmscriptenFs;
  readonly #idbfs: EmscriptenIdbfs;
  readonly #mounted = new Set<string>();
  readonly #lock = new Mutex();
  /** The directories whose locks this tab has. */
  readonly #held = new Set<string>();

  constructor(fs: EmscriptenFs, idbfs: EmscriptenIdbfs) {
    this.#fs = fs;
    this.#idbfs = idbfs;
  }

  /** Rejects where IndexedDB cannot be had. */
  async probe(): Promise<void> {
    await this.#lock.run(() => this.#fill(TOP_FILES));
  }

  mount(dir: string): Promise<void> {
    return this.#lock.run(() => this.#fill(dir === '' ? TOP_FILES : topOf(`${dir}/`)));
  }

  list(dir: string): Promise<StoredFile[]> {
    return this.#lock.run(async () => {
      const tops = dir === '' ? await this.#tops() : [topOf(`${dir}/`)];
      const files: StoredFile[] = [];
      for (const top of tops) {
        if (await this.#show(top)) this.#walk(ROOT + (dir === '' ? top : dir), files);
      }
      // Of a file nothing is below.
      const below = files.filter(({ path }) => path !== dir);
      return below.sort((a, b) => (a.path < b.path ? -1 : 1));
    });
  }

  /** Past the mount: that is filled in two transactions, and may show parts of two commits. */
  readAll(paths: readonly string[]): Promise<(Uint8Array | null)[]> {
    return this.#lock.run(async () => {
      const found = new Map<string, Uint8Array | null>();
      for (const [top, part] of groupBy(paths, topOf)) {
        if (!(await this.#isStored(top))) continue;
        const files = await withDatabase(this.#idbfs, ROOT + top, (db) =>
          getFiles(db, this.#idbfs.DB_STORE_NAME, part.map(fsPath)),
        );
        part.forEach((path, i) => found.set(path, files[i]!));
      }
      return paths.map((path) => found.get(path) ?? null);
    });
  }

  async exists(path: string): Promise<boolean> {
    const isFile = await this.#lock.run(
      async () => (await this.#show(topOf(path))) && this.#isFile(path),
    );
    return isFile || (await this.list(path)).length > 0;
  }

  commit(files: readonly FileWrite[], { replaceDirectory }: CommitOptions = {}): Promise<void> {
    return this.#lock.run(async () => {
      await this.#refuseConflicts(files, replaceDirectory);
      const replaced = replaceDirectory === undefined ? undefined : ROOT + replaceDirectory;
      const groups = groupBy(files, (file) => topOf(file.path));
      await oneTab([...groups.keys()], async () => {
        await this.#refuseLocked(
          files.map(({ path }) => path),
          replaceDirectory,
        );
        for (const [top, part] of groups) {
          const writes = part.map(({ path, bytes }) => ({ path: fsPath(path), bytes }));
          await this.#change(top, (db) =>
            putFiles(db, this.#idbfs.DB_STORE_NAME, ROOT + top, writes, virtualPath, replaced),
          );
        }
      });
    });
  }

  async remove(path: string): Promise<boolean> {
    const below = await this.list(path);
    return this.#lock.run(async () => {
      const isFile = (await this.#show(topOf(path))) && this.#isFile(path);
      const top = isFile ? topOf(path) : topOf(`${path}/`);
      if (!isFile && below.length === 0) return false;
      const prefix = isFile ? fsPath(path) : ROOT + path;
      await oneTab([top], async () => {
        await this.#refuseLocked([path], path);
        await this.#change(top, (db) =>
          clearStore(db, this.#idbfs.DB_STORE_NAME, ROOT + top, prefix),
        );
      });
      return true;
    });
  }

  /** Web Locks end with the tab or worker that holds them; where there are none, nobody is refused. */
  async lock(dir: string): Promise<(() => Promise<void>) | null> {
    if (typeof navigator !== 'object' || !navigator.locks) return async () => {};
    const take = () =>
      new Promise<(() => Promise<void>) | null>((resolve, reject) => {
        navigator.locks
          .request(LOCK + dir, { ifAvailable: true }, (lock) => {
            if (!lock) return resolve(null);
            this.#held.add(dir);
            return new Promise<void>((release) => {
              resolve(async () => {
                this.#held.delete(dir);
                release();
              });
            });
          })
          .catch(reject);
      });
    // Not while another tab writes, which has looked for locks already.
    return oneTab([topOf(`${dir}/`)], take);
  }

  async estimate(): Promise<{ usage: number; quota: number }> {
    const { usage = 0, quota = 0 } = (await navigator.storage?.estimate()) ?? {};
    return { usage, quota };
  }

  /** To be called by {@link oneTab}. The nearest directory that is locked decides, and all that vanish. */
  async #refuseLocked(paths: readonly string[], vanishing?: string): Promise<void> {
    if (typeof navigator !== 'object' || !navigator.locks) return;
    const { held = [] } = await navigator.locks.query();
    const all = new Set(held.flatMap(({ name }) => name?.split(LOCK).slice(1) ?? []));
    const isOthers = (dir: string) => all.has(dir) && !this.#held.has(dir);
    for (const path of paths) {
      const nearest = [path, ...parentsOf(path)].find((dir) => all.has(dir));
      if (nearest !== undefined && isOthers(nearest)) throw lockedError(nearest);
    }
    for (const dir of all) {
      if (vanishing !== undefined && `${dir}/`.startsWith(`${vanishing}/`) && isOthers(dir)) {
        throw lockedError(dir);
      }
    }
  }

  /** What a transaction on one database cannot see: conflicts with, and in, the other databases. */
  async #refuseConflicts(files: readonly FileWrite[], replaced?: string): Promise<void> {
    const tops = new Set(files.map(({ path }) => topOf(path)));
    for (const { path } of files) if (!path.includes('/')) tops.add(path);
    for (const top of tops.add(TOP_FILES)) await this.#show(top);
    const stays = (path: string) => replaced === undefined || !path.startsWith(`${replaced}/`);
    for (const { path } of files) {
      const file = parentsOf(path).find((parent) => stays(parent) && this.#isFile(parent));
      if (file !== undefined) refuseParent(path, file);
      if (!stays(path)) continue;
      const inside: StoredFile[] = [];
      if (this.#isDirectory(path)) this.#walk(ROOT + path, inside);
      if (inside.length > 0) refuseTarget(path);
    }
  }

  /** Changes the store, then shows the change in the mount. */
  async #change(top: string, change: (db: IDBDatabase) => Promise<void>): Promise<void> {
    await withDatabase(this.#idbfs, ROOT + top, change);
    // It is stored; a mount that cannot show it now catches up at the next read.
    await this.#fill(top).catch(() => {});
  }

  /** Fills a mount for reading; false where its directory was never stored, which makes no database. */
  async #show(top: string): Promise<boolean> {
    const isStored = await this.#isStored(top);
    if (isStored) await this.#fill(top);
    return isStored;
  }

  async #isStored(top: string): Promise<boolean> {
    if (this.#mounted.has(top) || typeof indexedDB.databases !== 'function') return true;
    // Where the list cannot be had, opening it tells.
    return (await this.#tops().catch(() => [top])).includes(top);
  }

  /** Makes the mount show what is stored. */
  async #fill(top: string): Promise<void> {
    for (let tries = 1; ; ++tries) {
      try {
        return await watched(this.#populate(top));
      } catch (error) {
        // A dead handle; or another tab put a directory where this mount has a file, or the reverse,
        // which IDBFS cannot follow. Both end with an empty mount and a new handle.
        dropHandle(this.#idbfs, ROOT + top);
        if (this.#mounted.delete(top)) this.#fs.unmount(ROOT + top);
        if (tries === TRIES || error instanceof NoAnswer) throw toStorageError(error, ROOT + top);
        await pauseBeforeTry(tries);
      }
    }
  }

  #populate(top: string): Promise<void> {
    const mountpoint = ROOT + top;
    if (!this.#mounted.has(top)) {
      this.#fs.mkdirTree(mountpoint);
      this.#fs.mount(this.#idbfs, {}, mountpoint);
      this.#mounted.add(top);
    }
    return new Promise((resolve, reject) => {
      this.#idbfs.syncfs({ mountpoint }, true, (error) => {
        giveWay(this.#idbfs, mountpoint);
        return error ? reject(asError(error)) : resolve();
      });
    });
  }

  async #tops(): Promise<string[]> {
    const names = new Set(this.#mounted);
    if (typeof indexedDB.databases === 'function') {
      const databases = await indexedDB.databases().catch((error: unknown) => {
        throw toStorageError(error, ROOT);
      });
      for (const { name } of databases) {
        if (name?.startsWith(ROOT)) names.add(name.slice(ROOT.length));
      }
    }
    return [...names];
  }

  #isFile(path: string): boolean {
    const at = fsPath(path);
    return this.#fs.analyzePath(at).exists && !this.#fs.isDir(this.#fs.stat(at).mode);
  }

  #isDirectory(path: string): boolean {
    const at = ROOT + path;
    return this.#fs.analyzePath(at).exists && this.#fs.isDir(this.#fs.stat(at).mode);
  }

  #walk(at: string, files: StoredFile[]): void {
    if (!this.#fs.analyzePath(at).exists) return;
    const { mode, size, mtime } = this.#fs.stat(at);
    if (!this.#fs.isDir(mode)) {
      files.push({ path: virtualPath(at), size, modified: mtime.getTime() });
      return;
    }
    for (const name of this.#fs.readdir(at)) {
      if (name !== '.' && name !== '..') this.#walk(`${at}/${name}`, files);
    }
  }
}

function topOf(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? TOP_FILES : path.slice(0, slash);
}

function fsPath(path: string): string {
  return ROOT + (path.includes('/') ? path : `${TOP_FILES}/${path}`);
}

function virtualPath(at: string): string {
  const path = at.slice(ROOT.length);
  return path.startsWith(`${TOP_FILES}/`) ? path.slice(TOP_FILES.length + 1) : path;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

/** Runs `task` while no other tab does on one of these mounts, where tabs can agree. */
async function oneTab<T>(tops: readonly string[], task: () => Promise<T>): Promise<T> {
  if (typeof navigator !== 'object' || !navigator.locks) return task();
  // In one order everywhere, so that no two wait for each other.
  const nested = [...tops]
    .sort()
    .reduceRight((inner, top) => () => navigator.locks.request(ROOT + top, inner), task);
  return nested();
}
