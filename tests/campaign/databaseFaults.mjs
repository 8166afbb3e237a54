// Every request to IndexedDB goes wrong once, in each way that browsers have, while sets of files are written
// over each other, put in the place of a directory and removed: afterwards one whole set is there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IDBDatabase, IDBFactory, IDBIndex, IDBKeyRange, IDBObjectStore } from 'fake-indexeddb';
import { root } from '../../emscripten/toolchain/npm.mjs';
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';

const WAYS = ['QuotaExceededError', 'AbortError', 'UnknownError', 'InvalidStateError', 'abort'];
const REQUESTS = [
  [IDBDatabase.prototype, ['transaction']],
  [IDBObjectStore.prototype, ['put', 'delete', 'get', 'getKey']],
  [IDBIndex.prototype, ['openKeyCursor']],
];
const CODES = ['QUOTA_EXCEEDED', 'STORAGE_UNAVAILABLE'];
const NAMES = ['cp.data', 'cp.index', 'checkpoint'];
const MODEL = ['cp.data', 'variables/cp.index'];

/** Lets the request number `at` from now on fail; counts them until it is undone. */
function inject(at, way) {
  const seen = { count: 0, undo: [] };
  for (const [prototype, names] of REQUESTS) {
    for (const name of names) {
      const original = prototype[name];
      seen.undo.push(() => (prototype[name] = original));
      prototype[name] = function (...given) {
        if (++seen.count !== at) return original.apply(this, given);
        // What IDBFS asks for in its callbacks fails as in browsers, afterwards: it does not throw.
        const isOurs = name === 'transaction' ? given.length === 3 : name !== 'get';
        if (way !== 'abort' && isOurs) throw new DOMException('injected', way);
        const result = original.apply(this, given);
        if (name === 'transaction') result.abort();
        else if (name !== 'openKeyCursor') this.transaction.abort();
        return result;
      };
    }
  }
  return seen;
}

async function opener(modules) {
  const dist = (name) => join(root, 'dist', name);
  const compiled = await WebAssembly.compile(readFileSync(dist('tabtrain-simd.wasm')));
  return async () => {
    const files = {
      glue: () => import(dist('tabtrain-simd.mjs')),
      compile: () => Promise.resolve(compiled),
    };
    const { engine } = await modules.loadEngine(files, {});
    const { FS, IDBFS } = engine;
    return new modules.IdbfsBackend(FS, IDBFS);
  };
}

const setOf = (names, mark, size) =>
  names.map((name, i) => ({
    path: `run/${name}`,
    bytes: new Uint8Array(1 + i * size).fill(mark),
  }));

async function seen(backend) {
  const files = await backend.readAll([...NAMES, MODEL[1]].map((name) => `run/${name}`));
  return files.map((bytes) => (bytes ? `${bytes.length}x${[...new Set(bytes)]}` : '-')).join();
}

/** What was wrong; null where there are fewer requests. */
async function scenario(open, size, at, way) {
  globalThis.indexedDB = new IDBFactory();
  const backend = await open();
  const [one, two, model] = [setOf(NAMES, 1, size), setOf(NAMES, 2, size), setOf(MODEL, 3, size)];
  const replaced = { replaceDirectory: 'run' };
  const steps = [
    () => backend.commit(one),
    () => backend.commit(two),
    () => backend.commit(model, replaced),
    () => backend.remove('run'),
  ];
  const text = (mark) => [0, 1, 2].map((i) => `${1 + i * size}x${mark}`).join();
  const states = ['-,-,-,-', `${text(1)},-`, `${text(2)},-`, `1x3,-,-,${1 + size}x3`, '-,-,-,-'];
  const requests = inject(at, way);
  let confirmed = 0;
  try {
    for (const [i, step] of steps.entries()) {
      await step().then(
        () => (confirmed = i + 1),
        ({ code, message }) => {
          if (!CODES.includes(code)) throw new Error(`step ${i + 1}: ${code}: ${message}`);
        },
      );
    }
  } finally {
    for (const undo of requests.undo) undo();
  }
  if (requests.count < at) return null;
  const after = await seen(await open());
  if (!states.slice(confirmed).includes(after)) return `${after} after step ${confirmed}`;
  await (await open()).commit(two, replaced);
  return (await seen(backend)) === states[2] ? '' : 'it cannot be written';
}

export const databases = {
  name: 'databases',
  ci: 1,
  campaign: 5,
  async run(models, _seed, print) {
    const wait = globalThis.setTimeout;
    let [passed, failed] = [0, 0];
    Object.assign(globalThis, { IDBKeyRange });
    // What fails within a callback of IDBFS's is never answered: the watchdog ends it, here in a hurry.
    const hurried = (ms) => (ms >= 30_000 ? 1000 : ms >= 50 ? 1 : ms);
    globalThis.setTimeout = (task, ms, ...given) => wait(task, hurried(ms), ...given);
    try {
      const open = await opener(await sources());
      for (let model = 1; model <= models; ++model) {
        for (const way of WAYS) {
          for (let at = 1; ; ++at) {
            const wrong = await scenario(open, 40 * 10 ** (model - 1), at, way).catch(String);
            if (wrong === null) break;
            if (wrong) print(`model ${model}, request ${at} ${way}: ${wrong}`);
            if (wrong) ++failed;
            else ++passed;
          }
        }
      }
    } finally {
      globalThis.setTimeout = wait;
      delete globalThis.indexedDB;
    }
    print(`${passed} pairs of a request and a fault survived, ${failed} not`);
    return { passed, failed };
  },
};

await runAlone(import.meta, databases);
