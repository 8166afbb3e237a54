import { constants } from 'node:fs';
import {
  access,
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
const LOCK = /^\.lock\.(\d+)\.(\d+)-\d+\.tmp$/;
const LOCK_TRIES = 5;
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
        else if (entry.isFile() && !TEMPORARY.test(entry.name)) {
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

  /** A file whose name names the process; it counts as long as that process lives. */
  lock(dir: string): Promise<(() => Promise<void>) | null> {
    return guard(`cannot lock '${dir}'`, async () => {
      await makeDirectory(resolve(dir));
      const name = `.lock.${await startOf(process.pid)}.${process.pid}-${++temporaries}.tmp`;
      const mine = join(dir, name);
      for (let tries = 0; tries < LOCK_TRIES; ++tries) {
        // Each makes its own, then looks: of two at once at least one sees the other, so never both have it.
        await writeFile(mine, '');
        let isMine = false;
        try {
          isMine = !(await othersHold(dir, name));
        } finally {
          if (!isMine) await rm(mine, { force: true });
        }
        if (isMine) return () => rm(mine, { force: true });
        await new Promise((done) => setTimeout(done, 5 + Math.random() * 40));
      }
      return null;
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

/** Whether a process that lives has a lock in the directory beside `mine`; those of dead ones go. */
async function othersHold(dir: string, mine: string): Promise<boolean> {
  let held = false;
  for (const name of await readdir(dir)) {
    const [, start, pid] = LOCK.exec(name) ?? [];
    if (pid === undefined || name === mine) continue;
    if (isAlive(Number(pid)) && (await startOf(Number(pid))) === start) held = true;
    else await rm(join(dir, name), { force: true });
  }
  return held;
}

/** When a process began, where that can be known: numbers of processes are used again. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name, in parentheses, may hold anything.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
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
