import { TabtrainError, came, invalid } from '../errors';
import type { Engine } from '../engine/engine';
import { Mutex } from '../host/mutex';
import type { Backend, CommitOptions, FileWrite, StorageKind, StoredFile } from './backend';
import { checkCommit } from './conflicts';
import {
  checkEntryName,
  checkRealPath,
  checkVirtualPath,
  isDirectoryName,
  joinPath,
} from './paths';
import type { ZipEntry, unzipEntries, zipEntries } from './zip';

/** Opens the best backend of a platform, with one sentence for each that could not be had. */
export type OpenBackend = (engine: Engine) => Promise<{ backend: Backend; why: string[] }>;

/** What the caller's side may ask of the storage. */
export interface StorageApi {
  mount(dir: string): Promise<void>;
  list(dir: string): Promise<StoredFile[]>;
  read(path: string): Promise<Uint8Array>;
  write(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  exportZip(path: string): Promise<Uint8Array>;
  importFiles(files: readonly ZipEntry[], dir: string): Promise<string[]>;
  importZip(zip: Uint8Array, dir: string): Promise<string[]>;
  estimate(): Promise<{ usage: number; quota: number }>;
}

/** Loads what makes zips and reads them. */
export type LoadZip = () => Promise<{
  readonly zipEntries: typeof zipEntries;
  readonly unzipEntries: typeof unzipEntries;
}>;

/** All access to files: checks paths, and lets one change finish before the next begins. */
export class Storage implements StorageApi {
  readonly #backend: Backend;
  readonly #writes = new Mutex();
  readonly #zip: LoadZip;

  constructor(backend: Backend, zip: LoadZip) {
    this.#backend = backend;
    this.#zip = zip;
  }

  get kind(): StorageKind {
    return this.#backend.kind;
  }

  /** The path as this storage spells it; `INVALID_ARGUMENT` for one that it refuses. */
  path(path: unknown, argument: string): string {
    const check = this.kind === 'nodefs' ? checkRealPath : checkVirtualPath;
    return check(path, argument);
  }

  /** The one spelling of a directory, for whoever makes paths of it; it leads there wherever the process goes. */
  locate(dir: string, argument: string): string {
    const checked = this.#dir(dir, argument);
    return this.#backend.locate?.(checked) ?? checked;
  }

  mount(dir: string): Promise<void> {
    return this.#backend.mount(this.#dir(dir, 'storage.mount: dir'));
  }

  list(dir: string): Promise<StoredFile[]> {
    return this.#backend.list(this.#dir(dir, 'storage.list: dir'));
  }

  async read(path: string): Promise<Uint8Array> {
    const checked = this.path(path, 'storage.read: path');
    const bytes = await this.find(checked);
    if (!bytes) throw new TabtrainError('NOT_FOUND', `storage.read: there is no file '${checked}'`);
    return bytes;
  }

  /** A file's bytes, or null. */
  async find(path: string): Promise<Uint8Array | null> {
    return (await this.findAll([path]))[0]!;
  }

  /** As {@link Backend.readAll}. */
  findAll(paths: readonly string[]): Promise<(Uint8Array | null)[]> {
    return this.#backend.readAll(paths);
  }

  write(path: string, bytes: Uint8Array): Promise<void> {
    if (!ArrayBuffer.isView(bytes)) {
      invalid(`storage.write: bytes: expected a Uint8Array, came ${came(bytes)}`);
    }
    const argument = 'storage.write: path';
    const checked = this.#filePath(path, argument);
    // A virtual path comes back without the slash.
    if (isDirectoryName(path)) invalid(`${argument}: expected a file, came ${came(path)}`);
    return this.commit([{ path: checked, bytes }]);
  }

  /** As {@link Backend.commit}. */
  async commit(files: readonly FileWrite[], options: CommitOptions = {}): Promise<void> {
    checkCommit(files, options.replaceDirectory);
    // Backends count elements as bytes; a view of any type may come from a caller without types.
    const writes = files.map(({ path, bytes }) => ({ path, bytes: asBytes(bytes) }));
    await this.#writes.run(() => this.#backend.commit(writes, options));
  }

  async remove(path: string): Promise<void> {
    const checked = this.#filePath(path, 'storage.remove: path');
    if (!(await this.#writes.run(() => this.#backend.remove(checked)))) {
      throw new TabtrainError('NOT_FOUND', `storage.remove: there is no '${checked}'`);
    }
  }

  exists(path: string): Promise<boolean> {
    return this.#backend.exists(this.path(path, 'storage.exists: path'));
  }

  /** A zip of a file, a directory, or the files of a checkpoint prefix, names relative to its directory. */
  async exportZip(path: string): Promise<Uint8Array> {
    const checked = this.#dir(path, 'storage.exportZip: path');
    for (;;) {
      const { inside, base } = await this.#select(checked);
      if (inside.length === 0) {
        throw new TabtrainError('NOT_FOUND', `storage.exportZip: there is no '${checked}'`);
      }
      const files = await this.findAll(inside.map(({ path }) => path));
      const entries = files.flatMap((bytes, i) =>
        bytes ? [{ name: inside[i]!.path.slice(base), bytes }] : [],
      );
      // One that is gone was replaced or removed since it was listed.
      if (entries.length === inside.length) return (await this.#zip()).zipEntries(entries);
    }
  }

  async importZip(zip: Uint8Array, dir: string): Promise<string[]> {
    return this.importFiles(await (await this.#zip()).unzipEntries(zip), dir);
  }

  /** Writes all files or, where a name is refused, none; resolves to their paths. */
  async importFiles(files: readonly ZipEntry[], dir: string): Promise<string[]> {
    const target = this.#dir(dir, 'storage.import: dir');
    const writes = files.map(({ name, bytes }) => ({
      path: this.path(joinPath(target, checkEntryName(name)), 'storage.import: name'),
      bytes,
    }));
    // The file that names the others comes last, as in any commit.
    const rank = (path: string) =>
      /(^|\/)checkpoint$/.test(path) ? 2 : path.endsWith('.index') ? 1 : 0;
    writes.sort((a, b) => rank(a.path) - rank(b.path));
    if (writes.length > 0) await this.commit(writes);
    return writes.map(({ path }) => path);
  }

  /** As {@link Backend.lock}, of a directory that {@link locate} gave. */
  lock(dir: string): Promise<(() => Promise<void>) | null> {
    return this.#backend.lock(dir);
  }

  estimate(): Promise<{ usage: number; quota: number }> {
    return this.#backend.estimate();
  }

  async #select(path: string): Promise<{ inside: StoredFile[]; base: number }> {
    const below = await this.#backend.list(path);
    if (below.length > 0) {
      return { inside: below, base: joinPath(path, '').length };
    }
    const slash = path.lastIndexOf('/');
    const siblings = await this.#backend.list(slash < 0 ? '' : path.slice(0, slash));
    const isPart = (file: StoredFile) => file.path === path || file.path.startsWith(`${path}.`);
    return { inside: siblings.filter(isPart), base: slash + 1 };
  }

  /** A directory; '' is the top, as '.' is. */
  #dir(dir: string, argument: string): string {
    if (dir === '') return this.kind === 'nodefs' ? '.' : '';
    return this.path(dir, argument).replace(/(.)\/+$/, '$1');
  }

  #filePath(path: string, argument: string): string {
    const checked = this.path(path, argument);
    if (checked === '' || checked.endsWith('/')) {
      invalid(`${argument}: expected a file, came ${came(path)}`);
    }
    return checked;
  }
}

function asBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
