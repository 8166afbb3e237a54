// Every request to IndexedDB fails once, in each way that browsers have: files of one commit are all old or
// all new, and training state is the last that was saved or newer.
import 'fake-indexeddb/auto';
import { afterEach, expect, jest, test } from '@jest/globals';
import { IDBDatabase, IDBFactory, IDBIndex, IDBObjectStore } from 'fake-indexeddb';
import { TabtrainError } from '../../web/api/errors';
import { Generations } from '../../web/api/state/generations';
import { encodeState } from '../../web/api/state/stateFile';
import { openBrowserBackend } from '../../web/api/storage/browserBackend';
import { Storage } from '../../web/api/storage/storage';
import { newEngine } from './support/engine';

const extras = () => import('../../web/api/extras');

afterEach(() => {
  jest.restoreAllMocks();
});

async function openTab(): Promise<Storage> {
  const { backend } = await openBrowserBackend(await newEngine(), extras);
  return new Storage(backend, () => import('../../web/api/storage/zip'));
}

const WAYS = ['QuotaExceededError', 'AbortError', 'UnknownError', 'InvalidStateError', 'abort'] as const; // prettier-ignore
type Way = (typeof WAYS)[number];

/** What is asked of IndexedDB, by class. */
const REQUESTS = [
  [IDBDatabase.prototype, ['transaction']],
  [IDBObjectStore.prototype, ['put', 'delete', 'get', 'getKey']],
  [IDBIndex.prototype, ['openKeyCursor']],
] as const;

/** Lets the request number `at` from now on fail in this way; tells how many there were. */
function inject(at: number, way: Way): { count: number } {
  const seen = { count: 0 };
  for (const [prototype, names] of REQUESTS) {
    for (const name of names) {
      const target = prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
      const original = target[name]!;
      jest.spyOn(target, name).mockImplementation(function (this: unknown, ...args: unknown[]) {
        const isHit = ++seen.count === at;
        if (!isHit) return original.apply(this, args);
        // What IDBFS asks for in its callbacks fails as in browsers, afterwards: it does not throw.
        const isOurs = name === 'transaction' ? args.length === 3 : name !== 'get';
        if (way !== 'abort' && isOurs) throw new DOMException('injected', way);
        const result = original.apply(this, args);
        if (this instanceof IDBObjectStore) this.transaction.abort();
        else if (name === 'transaction') (result as IDBTransaction).abort();
        return result;
      });
    }
  }
  return seen;
}

/** What fails within a callback of IDBFS's is never answered: the watchdog ends it. */
function hurryWatchdog(): void {
  const wait = globalThis.setTimeout;
  jest
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation((task: () => void, ms?: number) => wait(task, ms === 30_000 ? 30 : ms));
}

// A sweep opens a database for each request; on a busy machine that takes its time.
jest.setTimeout(300_000);

const bytes = (text: string) => new TextEncoder().encode(text);
const files = (content: string, names: readonly string[]) =>
  names.map((name) => ({ path: `run/${name}`, bytes: bytes(content) }));
const checkpoint = (content: string) => files(content, ['cp.data', 'cp.index', 'checkpoint']);
/** What takes the place of the directory with the checkpoint. */
const model = files('model', ['cp.data', 'variables/cp.index']);

/** The contents of the checkpoint's files as a new tab sees them; '-' for one that is not there. */
async function seen(): Promise<string> {
  const storage = await openTab();
  const paths = [...checkpoint(''), model[1]!].map(({ path }) => path);
  return (await storage.findAll(paths))
    .map((file) => (file ? new TextDecoder().decode(file) : '-'))
    .join();
}

async function sweep(
  way: Way,
  work: (storage: Storage, confirm: (what: number) => void) => Promise<void>,
  check: (confirmed: number, at: number) => Promise<void>,
): Promise<number> {
  for (let at = 1; ; ++at) {
    globalThis.indexedDB = new IDBFactory();
    const storage = await openTab();
    let confirmed = 0;
    failures = 0;
    const requests = inject(at, way);
    hurryWatchdog();
    await work(storage, (what) => (confirmed = what));
    jest.restoreAllMocks();
    if (requests.count < at && failures === 0) return at - 1;
    // A busy machine may let the hurried watchdog end what nothing was injected into: then once more.
    if (requests.count < at) --at;
    else await check(confirmed, at);
  }
}

/** Of what a sweep tries at one place. */
let failures = 0;

const tried = async (task: () => Promise<void>) => {
  try {
    await task();
  } catch (error) {
    ++failures;
    expect(error).toBeInstanceOf(TabtrainError);
    // There may be nothing to remove, where nothing could be written.
    expect(['QUOTA_EXCEEDED', 'STORAGE_UNAVAILABLE', 'NOT_FOUND']).toContain(
      (error as TabtrainError).code,
    );
  }
};

test.each(WAYS)('the files of a checkpoint are all old or all new: %s', async (way) => {
  const points = await sweep(
    way,
    async (storage, confirm) => {
      for (const [i, content] of ['one', 'two'].entries()) {
        await tried(async () => {
          await storage.commit(checkpoint(content));
          confirm(i + 1);
        });
      }
      await tried(async () => {
        await storage.commit(model, { replaceDirectory: 'run' });
        confirm(3);
      });
      await tried(async () => {
        await storage.remove('run');
        confirm(4);
      });
    },
    async (confirmed, at) => {
      const states = ['-,-,-,-', 'one,one,one,-', 'two,two,two,-', 'model,-,-,model', '-,-,-,-'];
      const after = await seen();
      expect({ at, confirmed, after: states.includes(after) ? 'whole' : after }).toEqual({
        ...{ at, confirmed, after: 'whole' },
      });
      // What was confirmed last, unless what came later was done and could not be confirmed.
      expect(states.slice(confirmed)).toContain(after);
      const storage = await openTab();
      await storage.commit(checkpoint('new'), { replaceDirectory: 'run' });
      expect(await seen()).toBe('new,new,new,-');
    },
  );
  console.log(`${points} pairs of a request and ${way} survived`);
  expect(points).toBeGreaterThan(10);
});

test.each(WAYS)('training state is the last that was saved, or newer: %s', async (way) => {
  const files = await Promise.all(
    [1, 2, 3].map((i) => {
      const tensor = { path: 'x', dtype: 'uint8', shape: [9], bytes: new Uint8Array(9).fill(i) };
      return encodeState({ state: { i }, tensors: [tensor as never] });
    }),
  );
  const points = await sweep(
    way,
    async (storage, confirm) => {
      await tried(async () => {
        const generations = await Generations.open(storage, 'run', 2);
        await generations.load();
        for (const [i, file] of files.entries()) {
          await tried(async () => {
            await generations.save(file);
            confirm(i + 1);
          });
        }
        await generations.close();
      });
    },
    async (confirmed, at) => {
      const generations = await Generations.open(await openTab(), 'run', 2);
      const loaded = await generations.load<{ i: number }>();
      const newest = loaded?.state.i ?? 0;
      expect({ at, isGood: newest >= confirmed }).toEqual({ at, isGood: true });
      if (loaded) expect([...loaded.tensors[0]!.bytes]).toEqual(Array<number>(9).fill(newest));
      await generations.save(files[0]!);
      expect((await generations.load<{ i: number }>())!.state.i).toBe(1);
    },
  );
  expect(points).toBeGreaterThan(20);
});
