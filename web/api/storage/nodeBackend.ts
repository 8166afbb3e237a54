import { constants } from 'node:fs';
import {
  access,
  link,
  lstat,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { TabtrainError, type ErrorCode } from '../errors';
import { joinPath } from './paths';
import type { Backend, FileWrite, StoredFile } from './backend';

/** Names of files that a crash may leave behind; never listed. */
const LOCK = '.tabtrain-lock';
const TEMPORARY = /^\..*\.\d+-\d+\.tmp$/;

/** Made by this process so far. */
let temporaries = 0;

/**
 * Real files. A write goes to a temporary name in the same directory, is synced, renamed over the
 * target, and the directory is synced: a crash leaves the old file or the new one, never a part.
 */
export class NodeBackend implements Backend {
  readonly kind = 'nodefs';
  async mount(): Promise<void> {}

  async list(dir: string): Promise<StoredFile[]> {
    const files: StoredFile[] = [];
    const visit = async (at: string): Promise<void> => {
      const entries = await readdir(at, { withFileTypes: true }).catch(missingAs([]));
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const path = joinPath(at, entry.name);
        if (entry.isDirectory()) await visit(path);
        else if (entry.isFile() && entry.name !== LOCK && !TEMPORARY.test(entry.name)) {
          const { size, mtimeMs } = await stat(path);
          files.push({ path, size, modified: mtimeMs });
        }
      }
    };
    await guard(`cannot list '${dir}'`, () => visit(dir === '' ? '.' : dir));
    return files;
  }

  read(path: string): Promise<Uint8Array | null> {
    return guard(`cannot read '${path}'`, async () => {
      const handle = await open(path, 'r').catch(missingAs(null));
      if (!handle) return null;
      try {
        const info = await handle.stat();
        if (!info.isFile()) return null;
        const bytes = new Uint8Array(info.size);
        for (let at = 0; at < bytes.length;) {
          const { bytesRead } = await handle.read(
            bytes,
            at,
            Math.min(bytes.length - at, 1 << 22),
            at,
          );
          if (bytesRead === 0) return bytes.slice(0, at);
          at += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    });
  }

  async exists(path: string): Promise<boolean> {
    return access(path, constants.F_OK).then(
      () => true,
      () => false,
    );
  }

  commit(files: readonly FileWrite[]): Promise<void> {
    return guard(`cannot write '${files[0]?.path ?? ''}'`, async () => {
      const written: string[] = [];
      try {
        for (const { path, bytes } of files) {
          // Renaming would find it too, but after the files before it.
          if ((await lstat(path).catch(missingAs(null)))?.isDirectory()) {
            throw new Error(`'${path}': expected a file or nothing there, there is a directory`);
          }
          await makeDirectory(dirname(resolve(path)));
          written.push(await this.#writeTemporary(path, bytes));
        }
        for (const { path } of files) {
          await rename(written[0]!, path);
          written.shift();
          await syncDirectory(dirname(resolve(path)));
        }
      } finally {
        for (const path of written) await rm(path, { force: true }).catch(() => {});
      }
    });
  }

  async #writeTemporary(path: string, bytes: Uint8Array): Promise<string> {
    const temporary = temporaryName(path);
    const handle = await open(temporary, 'wx');
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await handle.write(
          bytes,
          at,
          Math.min(bytes.length - at, 1 << 22),
        );
        at += bytesWritten;
      }
      await handle.sync();
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    } finally {
      await handle.close();
    }
    return temporary;
  }

  remove(path: string): Promise<boolean> {
    return guard(`cannot remove '${path}'`, async () => {
      if (!(await lstat(path).catch(missingAs(null)))) return false;
      await rm(path, { recursive: true });
      await syncDirectory(dirname(resolve(path)));
      return true;
    });
  }

  /** A file that names the process; that of a process which is gone is taken over. */
  lock(dir: string): Promise<(() => Promise<void>) | null> {
    return guard(`cannot lock '${dir}'`, async () => {
      await makeDirectory(resolve(dir));
      const path = join(dir, LOCK);
      // Made under another name, so that nobody sees it without its content.
      const mine = temporaryName(path);
      await writeFile(mine, String(process.pid));
      try {
        while (!(await linked(mine, path))) {
          if (isAlive(await ownerOf(path))) return null;
          // Two may find it stale: only one can move it away, and it must be the stale one.
          const stale = temporaryName(path);
          const isMoved = await rename(path, stale).then(() => true, missingAs(false));
          const isStale = !isMoved || !isAlive(await ownerOf(stale));
          if (!isStale) await linked(stale, path);
          await rm(stale, { force: true });
          if (!isStale) return null;
        }
        return () => rm(path, { force: true });
      } finally {
        await rm(mine, { force: true });
      }
    });
  }

  estimate(): Promise<{ usage: number; quota: number }> {
    return guard('cannot measure the disk', async () => {
      const { bsize, blocks, bfree, bavail } = await statfs('.');
      return { usage: (blocks - bfree) * bsize, quota: (blocks - bfree + bavail) * bsize };
    });
  }
}

/**
 * Makes a directory with its parents and syncs those that name a new one. Node's own recursive `mkdir`
 * never returns where a file system answers ENOENT below an existing directory, as /proc does.
 */
async function makeDirectory(path: string): Promise<void> {
  const existing = await stat(path).catch(missingAs(null));
  if (existing?.isDirectory()) return;
  const parent = dirname(path);
  if (!existing && parent !== path) await makeDirectory(parent);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    // Somebody else was faster; if it is a file, writing into it says so.
    if (error.code !== 'EEXIST' || existing) throw error;
  });
  await syncDirectory(parent);
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory as a file; its renames are journalled.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function missingAs<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return value;
    throw error;
  };
}

/** Of a file beside `path` that is never listed. */
function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${++temporaries}.tmp`);
}

/** Gives a file a second name; false where that is taken. */
function linked(from: string, to: string): Promise<boolean> {
  return link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

/** The process that a lock file names; 0 where there is none. */
async function ownerOf(path: string): Promise<number> {
  return Number(await readFile(path, 'utf8').catch(missingAs('0')));
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

async function guard<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof TabtrainError) throw error;
    const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
    const ours: ErrorCode = FULL.has(code) ? 'QUOTA_EXCEEDED' : 'STORAGE_UNAVAILABLE';
    throw new TabtrainError(ours, `${what}: ${message}`, { cause: error });
  }
}
