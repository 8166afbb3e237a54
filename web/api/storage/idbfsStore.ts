import { TabtrainError, asError } from '../errors';
import type { EmscriptenIdbfs } from '../engine/engine';
import type { FileWrite } from './backend';
import { parentsOf, refuseParent, refuseTarget } from './conflicts';
import { dirName } from './paths';

/*
 * IDBFS's records (Emscripten, src/lib/libidbfs.js): object store FILE_DATA, key = absolute path, value
 * { timestamp: Date, mode, contents? }, index `timestamp`. A reader takes a file anew when its timestamp
 * differs from what it has, so timestamps here grow strictly: two writes in one clock tick both count.
 */
const FILE_MODE = 0o100666;
const DIRECTORY_MODE = 0o40777;

/** How often an operation is tried in all, each time with a new handle of the database. */
export const TRIES = 3;

/** A browser that has just come up again may need a moment. */
export function pauseBeforeTry(tries: number): Promise<void> {
  return new Promise((done) => setTimeout(done, 50 * tries));
}

/** Browsers have been seen to leave requests without an answer for ever; so long one is waited for. */
const WATCHDOG_MS = 30_000;

/** Runs `task` on a mount's database, again with a new handle where the cached one is dead. */
export async function withDatabase<T>(
  idbfs: EmscriptenIdbfs,
  mountpoint: string,
  task: (db: IDBDatabase) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; ++tries) {
    try {
      return await watched(open(idbfs, mountpoint).then(task));
    } catch (error) {
      dropHandle(idbfs, mountpoint);
      if (tries === TRIES || !isDeadHandle(error)) throw toStorageError(error, mountpoint);
      await pauseBeforeTry(tries);
    }
  }
}

/** The watchdog's error: to try again would be to wait again. */
export class NoAnswer extends Error {}

/** Rejects where `task` takes longer than the watchdog waits; what it does later is no matter. */
export function watched<T>(task: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new NoAnswer(`no answer in ${WATCHDOG_MS / 1000} s`)),
      WATCHDOG_MS,
    );
    task.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function open(idbfs: EmscriptenIdbfs, mountpoint: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    idbfs.getDB(mountpoint, (error, db) => {
      if (!db) return reject(asError(error));
      giveWay(idbfs, mountpoint);
      resolve(db);
    });
  });
}

/** Lets go of the handle that IDBFS caches where it dies, or where somebody deletes the database. */
export function giveWay(idbfs: EmscriptenIdbfs, mountpoint: string): void {
  const db = idbfs.dbs[mountpoint];
  if (db) db.onclose = db.onversionchange = () => dropHandle(idbfs, mountpoint);
}

/** Forgets the handle that IDBFS caches, so that the next use opens the database again. */
export function dropHandle(idbfs: EmscriptenIdbfs, mountpoint: string): void {
  idbfs.dbs[mountpoint]?.close();
  delete idbfs.dbs[mountpoint];
}

function isDeadHandle(error: unknown): boolean {
  const name = String((error as { name?: unknown } | null)?.name);
  // The last is what WebKit says once its database process has ended, and Firefox after it was killed.
  return ['InvalidStateError', 'TransactionInactiveError', 'UnknownError'].includes(name);
}

/** The contents of files in one transaction, so all of the same moment; null where there is no file. */
export async function getFiles(
  db: IDBDatabase,
  storeName: string,
  paths: readonly string[],
): Promise<(Uint8Array | null)[]> {
  let requests: IDBRequest[] = [];
  await transact(db, storeName, 'readonly', (store) => {
    requests = paths.map((path) => store.get(path));
  });
  return requests.map(
    ({ result }) => (result as { contents?: Uint8Array } | undefined)?.contents ?? null,
  );
}

/**
 * Puts all files and the directories that they lie in, or none, in one durable transaction. A file below
 * a file, or in the place of a directory, would be a record that IDBFS can never show, nor anything else
 * of its mount: both are refused with `INVALID_ARGUMENT`, by the paths that `shown` gives. What lies below
 * the path `replaced`, if there is one, goes in the same transaction.
 */
export function putFiles(
  db: IDBDatabase,
  storeName: string,
  mountpoint: string,
  files: readonly FileWrite[],
  shown: (path: string) => string,
  replaced?: string,
): Promise<void> {
  return transact(db, storeName, 'readwrite', (store, attempt) => {
    if (replaced !== undefined) store.delete(below(replaced));
    const newest = store.index('timestamp').openKeyCursor(null, 'prev');
    newest.onsuccess = attempt(() => {
      const last = (newest.result?.key as Date | undefined)?.getTime() ?? 0;
      let time = Math.max(Date.now(), last + 1);
      for (const [path, file] of directoriesOf(files, mountpoint)) {
        const known = store.get(path);
        const timestamp = new Date(time++);
        known.onsuccess = attempt(() => {
          const record = known.result as { mode: number } | undefined;
          if (!record) store.put({ timestamp, mode: DIRECTORY_MODE }, path);
          else if (!isDirectory(record.mode)) refuseParent(shown(file), shown(path));
        });
      }
      for (const { path, bytes } of files) {
        // Not the record itself: to get it is to copy the old file.
        const inside = store.getKey(below(path));
        inside.onsuccess = attempt(() => {
          if (inside.result !== undefined) refuseTarget(shown(path));
        });
        // A clone takes the whole buffer behind a view.
        const contents = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
        store.put({ timestamp: new Date(time++), mode: FILE_MODE, contents }, path);
      }
    });
  });
}

/** Deletes the records of a path and all below it, and of the directories that this leaves empty. */
export function clearStore(
  db: IDBDatabase,
  storeName: string,
  mountpoint: string,
  path: string,
): Promise<void> {
  return transact(db, storeName, 'readwrite', (store, attempt) => {
    store.delete(path);
    store.delete(below(path));
    const clearEmpty = (parent: string) => {
      if (parent.length <= mountpoint.length) return;
      const inside = store.getKey(below(parent));
      inside.onsuccess = attempt(() => {
        if (inside.result !== undefined) return;
        store.delete(parent);
        clearEmpty(dirName(parent));
      });
    };
    clearEmpty(dirName(path));
  });
}

function below(path: string): IDBKeyRange {
  // '0' is the character after '/'.
  return IDBKeyRange.bound(`${path}/`, `${path}0`, false, true);
}

function isDirectory(mode: number): boolean {
  return (mode & 0o170000) === 0o40000;
}

/** `attempt` wraps handlers: what throws in one aborts the transaction with that as its reason. */
export function transact(
  db: IDBDatabase,
  storeName: string,
  mode: IDBTransactionMode,
  task: (store: IDBObjectStore, attempt: (handler: () => void) => () => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction([storeName], mode, { durability: 'strict' });
    let failure: unknown = null;
    const attempt = (handler: () => void) => () => {
      try {
        handler();
      } catch (error) {
        failure ??= error;
        transaction.abort();
      }
    };
    transaction.onerror = (event) => (failure ??= (event.target as IDBRequest).error);
    transaction.onabort = () => reject(asError(failure ?? transaction.error));
    transaction.oncomplete = () => resolve();
    attempt(() => task(transaction.objectStore(storeName), attempt))();
  });
}

/** The directories of a mount that files lie in, parents first, each with a file that needs it. */
function directoriesOf(files: readonly FileWrite[], mountpoint: string): Map<string, string> {
  const directories = new Map<string, string>();
  for (const { path } of files) {
    for (const parent of parentsOf(path).reverse()) {
      if (parent.length > mountpoint.length) directories.set(parent, path);
    }
  }
  return directories;
}

export function toStorageError(error: unknown, mountpoint: string): TabtrainError {
  if (error instanceof TabtrainError) return error;
  const { name = '', message = '' } = (error ?? {}) as { name?: string; message?: string };
  // Firefox's name of a full disk is not that of a full quota.
  const full = /QuotaExceededError|NO_DEVICE_SPACE/.test(`${name} ${message}`);
  const what = full ? 'the browser has no more room for' : 'IndexedDB failed on';
  const reason = [name, message].filter(Boolean).join(': ') || String(error);
  return new TabtrainError(
    full ? 'QUOTA_EXCEEDED' : 'STORAGE_UNAVAILABLE',
    `${what} '${mountpoint}' (${reason}); what was stored before is unchanged`,
    { cause: error },
  );
}
