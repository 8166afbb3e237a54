import type { Backend, CommitOptions, FileWrite, StoredFile } from './backend';
import { parentsOf, refuseParent, refuseTarget } from './conflicts';

/** Files in memory, gone with the page: where neither IndexedDB nor a file system can be had. */
export class MemoryBackend implements Backend {
  readonly kind = 'memory';
  readonly #files = new Map<string, { bytes: Uint8Array; modified: number }>();
  readonly #locks = new Set<string>();

  async mount(): Promise<void> {}

  async list(dir: string): Promise<StoredFile[]> {
    const prefix = dir === '' ? '' : `${dir}/`;
    return [...this.#files]
      .filter(([path]) => path.startsWith(prefix))
      .map(([path, { bytes, modified }]) => ({ path, size: bytes.length, modified }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async readAll(paths: readonly string[]): Promise<(Uint8Array | null)[]> {
    return paths.map((path) => this.#files.get(path)?.bytes.slice() ?? null);
  }

  async exists(path: string): Promise<boolean> {
    return this.#files.has(path) || (await this.list(path)).length > 0;
  }

  async commit(
    files: readonly FileWrite[],
    { replaceDirectory }: CommitOptions = {},
  ): Promise<void> {
    const old = replaceDirectory === undefined ? [] : await this.list(replaceDirectory);
    const vanishing = new Set(old.map(({ path }) => path));
    for (const { path } of files) {
      const stays = (other: string) => this.#files.has(other) && !vanishing.has(other);
      const file = parentsOf(path).find(stays);
      if (file !== undefined) refuseParent(path, file);
      if ((await this.list(path)).some((below) => stays(below.path))) refuseTarget(path);
    }
    for (const path of vanishing) this.#files.delete(path);
    for (const { path, bytes } of files) {
      this.#files.set(path, { bytes: bytes.slice(), modified: Date.now() });
    }
  }

  async remove(path: string): Promise<boolean> {
    const below = await this.list(path);
    for (const file of below) this.#files.delete(file.path);
    return this.#files.delete(path) || below.length > 0;
  }

  async lock(dir: string): Promise<(() => Promise<void>) | null> {
    if (this.#locks.has(dir)) return null;
    this.#locks.add(dir);
    return async () => void this.#locks.delete(dir);
  }

  async estimate(): Promise<{ usage: number; quota: number }> {
    let usage = 0;
    for (const { bytes } of this.#files.values()) usage += bytes.length;
    return { usage, quota: Infinity };
  }
}
