import type { Backend, FileWrite, StoredFile } from './backend';
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

  async read(path: string): Promise<Uint8Array | null> {
    return this.#files.get(path)?.bytes.slice() ?? null;
  }

  async exists(path: string): Promise<boolean> {
    return this.#files.has(path) || (await this.list(path)).length > 0;
  }

  async commit(files: readonly FileWrite[]): Promise<void> {
    for (const { path } of files) {
      const file = parentsOf(path).find((parent) => this.#files.has(parent));
      if (file !== undefined) refuseParent(path, file);
      if ((await this.list(path)).length > 0) refuseTarget(path);
    }
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
