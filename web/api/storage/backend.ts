/** Where files go: IndexedDB through Emscripten's IDBFS, Node's file system, or memory only. */
export type StorageKind = 'idbfs' | 'nodefs' | 'memory';

export interface StoredFile {
  /** Path as given to `list`, joined with the file's name. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** One file of a commit. */
export interface FileWrite {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Files, as storage needs them. Paths have been checked (paths.ts). Every method either has done what
 * it says when it resolves, durably, or rejects with a TabtrainError and has changed nothing that a
 * reader could take for whole.
 */
export interface Backend {
  readonly kind: StorageKind;
  /** Makes a directory's files ready; a no-op where files need no getting ready. */
  mount(dir: string): Promise<void>;
  /** Files below a directory, at any depth; empty where there is none. */
  list(dir: string): Promise<StoredFile[]>;
  /** Null where there is no such file. The bytes are the caller's own. */
  read(path: string): Promise<Uint8Array | null>;
  exists(path: string): Promise<boolean>;
  /** Files appear in the given order, each whole or not at all. Directories are made. */
  commit(files: readonly FileWrite[]): Promise<void>;
  /** Removes a file, or a directory with all below it. False where there was none. */
  remove(path: string): Promise<boolean>;
  /**
   * Takes the one writer's lock of a directory, until the result is called or this worker or process
   * ends; null where somebody else has it.
   */
  lock(dir: string): Promise<(() => Promise<void>) | null>;
  /** Bytes used and available. */
  estimate(): Promise<{ usage: number; quota: number }>;
}
