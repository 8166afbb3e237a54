import type * as promises from 'node:fs/promises';
import { dirname } from 'node:path';
import { TabtrainError, type ErrorCode } from '../errors';

/** What is used of `node:fs/promises`, so that a test can let each call fail. */
export type FileSystem = Pick<
  typeof promises,
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'realpath'
  | 'rename'
  | 'rm'
  | 'rmdir'
  | 'stat'
  | 'statfs'
  | 'unlink'
>;

const CHUNK = 1 << 22;

/** Steps on files, each of which finds out where it did not do what it says. */
export class NodeFiles {
  readonly fs: FileSystem;

  constructor(fs: FileSystem) {
    this.fs = fs;
  }

  async exists(path: string): Promise<boolean> {
    return this.fs.lstat(path).then(() => true, missingAs(false));
  }

  /** A new file; with `sync` its bytes are durable, its name is not yet. */
  async writeNew(path: string, bytes: Uint8Array, { sync = true } = {}): Promise<void> {
    const handle = await this.fs.open(path, 'wx');
    try {
      for (let at = 0; at < bytes.length;) {
        const length = Math.min(bytes.length - at, CHUNK);
        const { bytesWritten } = await handle.write(bytes, at, length);
        if (bytesWritten === 0) throw new Error(`'${path}': nothing could be written`);
        at += bytesWritten;
      }
      if (sync) await handle.sync();
      const { size } = await handle.stat();
      if (size !== bytes.length) {
        throw new Error(`'${path}': ${size} of ${bytes.length} bytes were written`);
      }
    } finally {
      await handle.close();
    }
  }

  /** All bytes of an open file; null for what is no file. */
  async readWhole(handle: promises.FileHandle): Promise<Uint8Array | null> {
    const info = await handle.stat();
    if (!info.isFile()) return null;
    const bytes = new Uint8Array(info.size);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(bytes.length - at, CHUNK), at);
      if (bytesRead === 0) throw new Error(`${at} of ${bytes.length} bytes could be read`);
      at += bytesRead;
    }
    return bytes;
  }

  /** Gives a file its name, and makes the directory that it lies in. */
  async place(from: string, to: string): Promise<void> {
    await this.makeDirectory(dirname(to));
    await this.fs.rename(from, to);
    if (await this.exists(from)) throw new Error(`'${from}' could not be renamed to '${to}'`);
  }

  async removeFile(path: string): Promise<void> {
    await this.fs.unlink(path).catch(missingAs(undefined));
    if (await this.exists(path)) throw new Error(`'${path}' could not be removed`);
  }

  /** Removes a directory unless something is in it. */
  async removeEmpty(path: string): Promise<void> {
    await this.fs.rmdir(path).catch((error: NodeJS.ErrnoException) => {
      if (!['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'].includes(error.code ?? '')) throw error;
    });
  }

  /**
   * Makes a directory with its parents and syncs those that name a new one; resolves to those that are new,
   * parents first. Node's own recursive `mkdir` never returns where a file system answers ENOENT below an
   * existing directory, as /proc does.
   */
  async makeDirectory(path: string): Promise<string[]> {
    for (let tries = 10; ; --tries) {
      try {
        return await this.#makeDirectoryOnce(path);
      } catch (error) {
        // Another process has removed a parent that was there a moment ago.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 1) throw error;
      }
    }
  }

  async #makeDirectoryOnce(path: string): Promise<string[]> {
    const existing = await this.fs.stat(path).catch(missingAs(null));
    if (existing?.isDirectory()) return [];
    const parent = dirname(path);
    const made = !existing && parent !== path ? await this.#makeDirectoryOnce(parent) : [];
    try {
      await this.fs.mkdir(path);
      made.push(path);
    } catch (error) {
      // Somebody else was faster; if it is a file, writing into it says so.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || existing) throw error;
    }
    await this.syncDirectory(parent);
    return made;
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows cannot open a directory as a file; its renames are journalled.
    if (process.platform === 'win32') return;
    const handle = await this.fs.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

export function missingAs<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return value;
    throw error;
  };
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Makes what `task` throws a {@link TabtrainError} that begins with `what`. */
export async function guard<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof TabtrainError) throw error;
    const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
    const ours: ErrorCode = FULL.has(code) ? 'QUOTA_EXCEEDED' : 'STORAGE_UNAVAILABLE';
    throw new TabtrainError(ours, `${what}: ${message}`, { cause: error });
  }
}
