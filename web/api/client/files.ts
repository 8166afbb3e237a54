import { came, invalid } from '../errors';
import type { StoredFile } from '../storage/backend';
import { connect } from './engine';
import { platform } from './platform';
import type { FilesSource, NamedBytes } from './readFiles';

/** Files to bring in: a zip, browser files, or bytes by name. */
export type ImportSource = FilesSource | Uint8Array;

/**
 * The newest checkpoint of a directory, as its `checkpoint` file names it, or null. As TensorFlow's
 * `latest_checkpoint`, but a path that leads out of the directory is not followed.
 */
export async function latestCheckpoint(dir: string): Promise<string | null> {
  return (await connect()).call('latestCheckpoint', [dir]);
}

/**
 * Name, dtype and shape of everything in a checkpoint; `path` is a prefix, or a directory for its latest.
 * @throws TabtrainError `NOT_FOUND`, `CORRUPT_FILE`.
 */
export async function listVariables(
  path: string,
): Promise<{ name: string; dtype: string; shape: number[] }[]> {
  return (await connect()).call('listVariables', [path]);
}

/**
 * The files that checkpoints live in. Node: real paths. Browsers: paths in IndexedDB, one database per
 * top-level directory, in the form that Emscripten's IDBFS keeps; memory where there is none. Writes
 * resolve when they are durable. Failures: `QUOTA_EXCEEDED`, `STORAGE_UNAVAILABLE`, `NOT_FOUND`,
 * `INVALID_ARGUMENT` (a path that leads outside; in browsers also a file where a directory is needed, or
 * the reverse), `LOCKED` (a change where a run in another tab or process keeps its state).
 */
export const storage = {
  /** Fills a top-level directory from IndexedDB; happens by itself on first touch. */
  async mount(dir = ''): Promise<void> {
    return (await connect()).call('storage.mount', [dir]);
  },

  /** All files below a directory, with sizes in bytes and times in milliseconds. */
  async list(dir = ''): Promise<StoredFile[]> {
    return (await connect()).call('storage.list', [dir]);
  },

  async read(path: string): Promise<Uint8Array> {
    return (await connect()).call('storage.read', [path]);
  },

  async write(path: string, bytes: Uint8Array): Promise<void> {
    if (!ArrayBuffer.isView(bytes)) {
      invalid(`storage.write: bytes: expected a Uint8Array, came ${came(bytes)}`);
    }
    return (await connect()).call('storage.write', [path, bytes]);
  },

  /** Removes a file, or a directory with all that is in it. */
  async remove(path: string): Promise<void> {
    return (await connect()).call('storage.remove', [path]);
  },

  async exists(path: string): Promise<boolean> {
    return (await connect()).call('storage.exists', [path]);
  },

  /** A zip of a file, a directory or a checkpoint's files; a Blob in browsers, bytes in Node. */
  async exportZip(path: string): Promise<Blob | Uint8Array> {
    const zip = await (await connect()).call('storage.exportZip', [path]);
    return platform().file(zip, 'application/zip');
  },

  /** Writes files, or those in a zip, into a directory; resolves to their paths. */
  async import(source: ImportSource, dir: string): Promise<string[]> {
    const connection = await connect();
    const { filesOf } = await import('./readFiles');
    if (ArrayBuffer.isView(source)) {
      return connection.call('storage.importZip', [source, dir]);
    }
    if (typeof Blob === 'function' && source instanceof Blob) {
      const [{ bytes }] = (await filesOf(source, 'storage.import')) as [NamedBytes];
      return connection.call('storage.importZip', [bytes, dir]);
    }
    if (source === null || typeof source !== 'object') {
      invalid(`storage.import: expected a zip or files, came ${came(source)}`);
    }
    const files = await filesOf(source, 'storage.import');
    return connection.call('storage.importFiles', [files, dir]);
  },

  /** Asks the browser not to evict what is stored; whether it agrees. */
  persist: (): Promise<boolean> => platform().persist(),

  /** Whether what is stored survives a clean-up by the browser. */
  persisted: (): Promise<boolean> => platform().persisted(),

  /** Bytes used, and bytes that may be used. */
  async estimate(): Promise<{ usage: number; quota: number }> {
    return (await connect()).call('storage.estimate', []);
  },
} as const;
