// What a worker of the part `steps` has in the place of extras.js: the same, with a store that tells the
// server of each step of the commit protocol, and stops for ever at the one that the worker's URL names.
import { Backup as Original } from '../../web/api/state/backup';
export { unzipEntries, zipEntries } from '../../web/api/storage/zip';

const { run, stop, nth } = Object.fromEntries(new URLSearchParams(self.location.search));
const STATE = /state-\d+\.tabtrain$/;

const report = (what) =>
  fetch('/report', { method: 'POST', body: JSON.stringify({ run, ...what }) });

let count = 0;
const isStop = (name) => name === stop && ++count === Number(nth);

let phase = '';
async function atStep(step) {
  if (step !== 'remove') phase = step;
  if (!isStop(step === 'remove' ? `${phase}: remove` : step)) return;
  await report({ type: 'stopped' });
  await new Promise(() => {});
}

/** A transaction ends only when no request of it is left: this one never does. */
function keepOpen(store) {
  store.get('').onsuccess = () => keepOpen(store);
}

const { put } = IDBObjectStore.prototype;
IDBObjectStore.prototype.put = function (...given) {
  const request = put.apply(this, given);
  if (STATE.test(given[1]) && isStop('within commit')) {
    keepOpen(this);
    request.onsuccess = () => void report({ type: 'stopped' });
  }
  return request;
};

async function hashOf(bytes) {
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].join();
}

const watched = (store) => ({
  atStep,
  locate: (dir, argument) => store.locate(dir, argument),
  list: (dir) => store.list(dir),
  findAll: (paths) => store.findAll(paths),
  remove: (path) => store.remove(path),
  lock: (dir) => store.lock(dir),
  async find(path) {
    const bytes = await store.find(path);
    // Of those that a run reads, the last is the one that it goes on from.
    if (bytes && STATE.test(path)) await report({ type: 'found', hash: await hashOf(bytes) });
    return bytes;
  },
  async commit(files) {
    const hash = await hashOf(files.find(({ path }) => STATE.test(path)).bytes);
    await report({ type: 'committing', hash });
    await store.commit(files);
    await report({ type: 'committed', hash });
  },
});

export const Backup = {
  open: (request, store, ...others) => Original.open(request, watched(store), ...others),
};
