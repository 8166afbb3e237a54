import { asError } from '../errors';
import { transact, watched } from '../storage/idbfsStore';

/** Not one of a mount's; it is there for a moment only. */
const NAME = 'tabtrain:log';
/** Of more than 64 kB a value is a file beside the log. */
const RECORD_BYTES = 50_000;
/** LevelDB begins another log once this one has taken 4 MiB. */
const RECORDS = 100;

/**
 * Makes Chromium leave the log that it was killed in. It keeps the databases of an origin in one LevelDB, whose log
 * may end in the middle of a record then, and goes on writing behind that; whatever opens it next finds "partial
 * record without end" and deletes all that the origin has stored. So the log is filled up, before a run that is taken
 * up writes anything of its own: some 0.2 s. Other browsers keep databases in other ways.
 */
export async function leaveOldLog(): Promise<void> {
  const { userAgentData: agent } = (globalThis.navigator ?? {}) as {
    userAgentData?: { readonly brands: readonly { readonly brand: string }[] };
  };
  if (!agent?.brands.some(({ brand }) => brand === 'Chromium')) return;
  // Where there is no room for it, the run has what it always had.
  await watched(fill()).catch(() => {});
}

async function fill(): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(NAME);
    opening.onupgradeneeded = () => opening.result.createObjectStore(NAME);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(asError(opening.error));
  });
  db.onversionchange = () => db.close();
  await transact(db, NAME, 'readwrite', (store) => {
    for (let i = 0; i < RECORDS; ++i) store.put(new Uint8Array(RECORD_BYTES), i);
  }).finally(() => {
    db.close();
    indexedDB.deleteDatabase(NAME);
  });
}
