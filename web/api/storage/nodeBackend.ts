import { constants } from 'node:fs';
import * as promises from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { TabtrainError } from '../errors';
import type { Backend, CommitOptions, FileWrite, StoredFile } from './backend';
import { Changes } from './nodeChanges';
import { Commit, treeOf } from './nodeCommit';
import { NodeFiles, guard, missingAs, type FileSystem } from './nodeFiles';
import { nodeProcesses, type Processes } from './nodeProcesses';
import { WORKSHOP, Workshops, chainOf } from './nodeWorkshop';
import { joinPath } from './paths';

/** A pipe, which is no file, is not waited for. Windows has no such flag. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export interface NodeBackendOptions {
  readonly fs?: FileSystem;
  readonly processes?: Processes;
  /** How long to wait for others, in milliseconds. */
  readonly waitMs?: number;
}

/**
 * Real files. What a commit or a removal does is seen whole or not at all by everybody who reads through
 * this class, whenever a process dies: nodeJournal.ts says how, nodeChanges.ts keeps others away meanwhile.
 */
export class NodeBackend implements Backend {
  readonly kind = 'nodefs';
  readonly #files: NodeFiles;
  readonly #shops: Workshops;
  readonly #changes: Changes;
  readonly #waitMs: number;

  constructor(options: NodeBackendOptions = {}) {
    const { fs = promises, processes = nodeProcesses, waitMs = 10_000 } = options;
    this.#files = new NodeFiles(fs);
    this.#shops = new Workshops(this.#files, processes);
    this.#changes = new Changes(this.#files, this.#shops, waitMs);
    this.#waitMs = waitMs;
  }

  locate(dir: string): string {
    return resolve(dir);
  }

  async mount(): Promise<void> {}

  async list(dir: string): Promise<StoredFile[]> {
    const { fs } = this.#files;
    const files: StoredFile[] = [];
    const visit = async (at: string): Promise<void> => {
      const read = () => fs.readdir(at, { withFileTypes: true }).catch(missingAs([]));
      let entries = await read();
      if (entries.some(({ name }) => name === WORKSHOP)) {
        await this.#tend(await this.#real(at));
        entries = await read();
      }
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const path = joinPath(at, entry.name);
        if (entry.isDirectory()) {
          if (entry.name !== WORKSHOP) await visit(path);
        } else if (entry.isFile()) {
          const info = await fs.stat(path).catch(missingAs(null));
          if (info) files.push({ path, size: info.size, modified: info.mtimeMs });
        }
      }
    };
    await guard(`cannot list '${dir}'`, async () => {
      const top = dir === '' ? '.' : dir;
      await this.#changes.settle(chainOf([await this.#real(top)]));
      await visit(top);
    });
    return files;
  }

  readAll(paths: readonly string[]): Promise<(Uint8Array | null)[]> {
    return guard(`cannot read '${paths[0] ?? ''}'`, async () => {
      const dirs = new Set<string>();
      for (const path of paths) dirs.add(await this.#real(dirname(path)));
      const chain = [...chainOf(dirs)];
      const deadline = performance.now() + this.#waitMs;
      while (performance.now() <= deadline) {
        await this.#changes.settle(chain);
        const files = await this.#readOnce(paths, chain);
        if (files) return files;
      }
      const list = paths.map((path) => `'${path}'`).join(', ');
      throw new TabtrainError('STORAGE_UNAVAILABLE', `cannot read ${list}: they keep changing`);
    });
  }

  /** Null where a commit fell in between. */
  async #readOnce(
    paths: readonly string[],
    chain: readonly string[],
  ): Promise<(Uint8Array | null)[] | null> {
    const { fs } = this.#files;
    const handles: (promises.FileHandle | null)[] = [];
    try {
      for (const path of paths) handles.push(await fs.open(path, READ).catch(missingAs(null)));
      const files: (Uint8Array | null)[] = [];
      for (const handle of handles) files.push(handle && (await this.#files.readWhole(handle)));
      if (paths.length === 1) return files;
      // All were there together if they still are, and no commit was under way before that was looked at. An
      // open file's number is not used again.
      for (const dir of chain) if (await this.#changes.hasJournal(dir)) return null;
      for (const [i, handle] of handles.entries()) {
        const then = await handle?.stat({ bigint: true });
        const now = await fs.stat(paths[i]!, { bigint: true }).catch(missingAs(undefined));
        if (then?.ino !== now?.ino || then?.dev !== now?.dev) return null;
      }
      return files;
    } finally {
      for (const handle of handles) await handle?.close();
    }
  }

  async exists(path: string): Promise<boolean> {
    return guard(`cannot look for '${path}'`, async () => {
      await this.#changes.settle(chainOf([await this.#real(dirname(path))]));
      return this.#files.fs.stat(path).then(
        () => true,
        () => false,
      );
    });
  }

  commit(files: readonly FileWrite[], { replaceDirectory }: CommitOptions = {}): Promise<void> {
    return guard(`cannot write '${files[0]?.path ?? replaceDirectory ?? ''}'`, () =>
      new Commit(this.#files, this.#shops, this.#changes).run(files, replaceDirectory),
    );
  }

  remove(path: string): Promise<boolean> {
    return guard(`cannot remove '${path}'`, async () => {
      const base = await this.#real(dirname(path));
      const target = join(base, basename(resolve(path)));
      await this.#changes.settle(chainOf([base]));
      if (!(await this.#files.exists(target))) return false;
      const vanishing = async () => (await treeOf(this.#files, target)).shops;
      if ([...(await this.#shops.look(await vanishing())).locks.values()].includes('mine')) {
        // The locks stay where they are.
        await this.commit([], { replaceDirectory: target });
        return true;
      }
      return this.#changes.change({ base, touched: [base], vanishing }, async () => {
        if (!(await this.#files.exists(target))) return false;
        const gone = await this.#shops.newPath(base, 'gone');
        try {
          await this.#files.fs.rename(target, gone);
          if (!(await this.#files.exists(gone))) throw new Error('it could not be renamed');
          await this.#files.syncDirectory(base);
          await this.#files.fs.rm(gone, { recursive: true, force: true });
        } finally {
          this.#shops.forget(gone);
        }
        return true;
      });
    });
  }

  lock(dir: string): Promise<(() => Promise<void>) | null> {
    return guard(`cannot lock '${dir}'`, async () => {
      await this.#files.makeDirectory(resolve(dir));
      return this.#changes.lock(await this.#real(dir));
    });
  }

  estimate(): Promise<{ usage: number; quota: number }> {
    return guard('cannot measure the disk', async () => {
      const { bsize, blocks, bfree, bavail } = await this.#files.fs.statfs('.');
      return { usage: (blocks - bfree) * bsize, quota: (blocks - bfree + bavail) * bsize };
    });
  }

  /** Where a directory really is; where it is not, where it would be. */
  async #real(dir: string): Promise<string> {
    const path = resolve(dir);
    const real = await this.#files.fs.realpath(path).catch(missingAs(null));
    if (real !== null || dirname(path) === path) return real ?? path;
    return join(await this.#real(dirname(path)), basename(path));
  }

  /** Finishes what others have left in a directory's workshop, and clears away what else is theirs. */
  async #tend(dir: string): Promise<void> {
    await this.#changes.settle([dir]);
    await this.#shops.tidy(await this.#shops.look([dir]));
    await this.#shops.leave(join(dir, WORKSHOP));
  }
}
