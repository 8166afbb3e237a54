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

export interface CommitOptions {
  /**
   * A directory that the commit replaces: what lies below it and is not written vanishes in the same
   * moment, links only where nothing is written. All files of the commit lie in it.
   */
  readonly replaceDirectory?: string;
}

/**
 * Files, as storage needs them. Paths have been checked (paths.ts). Every method either has done what
 * it says when it resolves, durably, or rejects with a TabtrainError and has changed nothing that a
 * reader could take for whole.
 */
export interface Backend {
  readonly kind: StorageKind;
  /** Where a path leads now, as one that always leads there; absent where all do. */
  locate?(dir: string): string;
  /** Makes a directory's files ready; a no-op where files need no getting ready. */
  mount(dir: string): Promise<void>;
  /** Files below a directory, at any depth; empty where there is none. */
  list(dir: string): Promise<StoredFile[]>;
  /**
   * Files as they were together at one moment, never a part of a commit; null for one that is not there.
   * The bytes are the caller's own.
   */
  readAll(paths: readonly string[]): Promise<(Uint8Array | null)[]>;
  exists(path: string): Promise<boolean>;
  /**
   * All files appear, or none, also where the process ends meanwhile; in IndexedDB that is so for those below
   * one top-level directory. Directories are made. `LOCKED` where somebody else has the lock of the nearest
   * directory above that is locked.
   */
  commit(files: readonly FileWrite[], options?: CommitOptions): Promise<void>;
  /**
   * Removes a file, or a directory with all below it, whole or not at all. False where there was none;
   * `LOCKED` as for a commit, and where somebody else has a lock below.
   */
  remove(path: string): Promise<boolean>;
  /**
   * Takes the one writer's lock of a directory, until the result is called or this worker or process
   * ends; null where somebody else has it.
   */
  lock(dir: string): Promise<(() => Promise<void>) | null>;
  /** Bytes used and available. */
  estimate(): Promise<{ usage: number; quota: number }>;
}
