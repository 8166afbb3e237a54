// Files in IndexedDB through the engine's own IDBFS: durable, atomic, and honest about failures.
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { IDBDatabase, IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import type { Engine } from '../../web/api/engine/engine';
import { openBrowserBackend } from '../../web/api/storage/browserBackend';
import { MemoryBackend } from '../../web/api/storage/memoryBackend';
import { Storage } from '../../web/api/storage/storage';
import { expectFailure } from './support/errors';
import { newEngine } from './support/engine';

const extras = () => import('../../web/api/extras');

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** A tab: an engine of its own on the same databases. */
async function openTab(): Promise<{ engine: Engine; storage: Storage; why: string[] }> {
  const engine = await newEngine();
  const { backend, why } = await openBrowserBackend(engine, extras);
  return { engine, storage: new Storage(backend, () => import('../../web/api/storage/zip')), why };
}

/** What IndexedDB itself holds of a mount, by path. */
async function stored(mount: string): Promise<Record<string, string | number>> {
  const request = indexedDB.open(`/tabtrain/${mount}`);
  await new Promise((resolve, reject) => {
    request.onsuccess = resolve;
    request.onerror = reject;
  });
  const store = request.result.transaction('FILE_DATA').objectStore('FILE_DATA');
  const [keys, values] = [store.getAllKeys(), store.getAll()];
  await new Promise((resolve) => (values.onsuccess = resolve));
  request.result.close();
  const records = values.result as { mode: number; contents?: Uint8Array }[];
  return Object.fromEntries(
    keys.result.map((key, i) => {
      const { contents, mode } = records[i]!;
      return [(key as string).replace('/tabtrain/', ''), contents ? text(contents) : mode];
    }),
  );
}

/** Makes the n-th put from now on, and those after it, fail as a browser's would. */
function failPut(nth: number, name: string): void {
  const put = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'put')!
    .value as IDBObjectStore['put'];
  let count = 0;
  jest.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    ...args
  ) {
    if (++count >= nth) throw new DOMException('injected', name);
    return put.apply(this, args);
  });
}

const three = [
  { path: 'run/cp.data', bytes: bytes('data') },
  { path: 'run/cp.index', bytes: bytes('index') },
  { path: 'run/checkpoint', bytes: bytes('state') },
];

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('files', () => {
  test('are in IDBFS records and survive the tab', async () => {
    const { storage } = await openTab();
    expect(storage.kind).toBe('idbfs');
    await storage.commit(three);
    await storage.write('run/deep/er/x', bytes('x'));
    await storage.write('top.txt', bytes('top'));
    expect(await stored('run')).toEqual({
      'run/cp.data': 'data',
      'run/cp.index': 'index',
      'run/checkpoint': 'state',
      'run/deep': 0o40777,
      'run/deep/er': 0o40777,
      'run/deep/er/x': 'x',
    });
    const later = await openTab();
    expect((await later.storage.list('run')).map(({ path, size }) => [path, size])).toEqual([
      ['run/checkpoint', 5],
      ['run/cp.data', 4],
      ['run/cp.index', 5],
      ['run/deep/er/x', 1],
    ]);
    expect(text(await later.storage.read('run/deep/er/x'))).toBe('x');
    expect(await later.storage.list('run/cp.index')).toEqual([]);
    expect((await later.storage.list('')).map(({ path }) => path)).toContain('top.txt');
    expect(await later.storage.exists('run')).toBe(true);
    expect(await later.storage.exists('run/cp')).toBe(false);
    expect(await later.storage.exists('other')).toBe(false);
  });

  test('an unknown directory makes no database', async () => {
    const { storage } = await openTab();
    expect(await storage.list('never')).toEqual([]);
    expect(await storage.exists('never/x')).toBe(false);
    const names = (await indexedDB.databases()).map(({ name }) => name);
    expect(names).not.toContain('/tabtrain/never');
  });

  test('two writes in one clock tick both count', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000);
    const one = await openTab();
    const two = await openTab();
    await one.storage.write('run/x', bytes('first'));
    expect(text(await two.storage.read('run/x'))).toBe('first');
    await one.storage.write('run/x', bytes('again'));
    expect(text(await one.storage.read('run/x'))).toBe('again');
    expect(text(await two.storage.read('run/x'))).toBe('again');
    expect((await stored('run'))['run/x']).toBe('again');
  });

  test('a view is stored without the buffer behind it', async () => {
    const { storage } = await openTab();
    await storage.write('run/x', new Uint8Array(1000).subarray(10, 12));
    expect((await storage.list('run'))[0]!.size).toBe(2);
    expect(((await stored('run'))['run/x'] as string).length).toBe(2);
  });

  test('remove takes a file or a directory', async () => {
    const { storage } = await openTab();
    await storage.commit(three);
    await storage.write('runner/x', bytes('stays'));
    await storage.remove('run/cp.data');
    expect(Object.keys(await stored('run'))).toEqual(['run/checkpoint', 'run/cp.index']);
    await storage.remove('run');
    expect(await stored('run')).toEqual({});
    expect(await storage.list('run')).toEqual([]);
    expect(await storage.exists('runner/x')).toBe(true);
    await expectFailure(() => storage.remove('run/cp.data'), {
      code: 'NOT_FOUND',
      says: ['run/cp.data'],
    });
  });

  test('a directory whose last file is removed is gone', async () => {
    const { storage } = await openTab();
    await storage.commit(three);
    await storage.write('run/deep/er/x', bytes('x'));
    await storage.remove('run/deep/er/x');
    expect(Object.keys(await stored('run'))).toEqual([
      'run/checkpoint',
      'run/cp.data',
      'run/cp.index',
    ]);
    await storage.write('run/deep', bytes('a file now'));
    expect(text(await storage.read('run/deep'))).toBe('a file now');
  });

  test.each([
    '../x',
    'run/../../x',
    'run\\x',
    '~/x',
    '',
    '/',
    'run/',
    'run/.',
    'run/x\0y',
    'run/__proto__',
  ])('the path %j is refused', async (path) => {
    const { storage } = await openTab();
    await expectFailure(() => storage.write(path, bytes('x')), {
      code: 'INVALID_ARGUMENT',
      says: ['path'],
    });
  });
});

test.each([
  ['a floating-point view', new Float32Array([1, 2]), 8],
  ['a DataView', new DataView(new ArrayBuffer(9), 1, 4), 4],
])('%s is stored by its bytes', async (_, view, size) => {
  for (const storage of [
    (await openTab()).storage,
    new Storage(new MemoryBackend(), () => import('../../web/api/storage/zip')),
  ]) {
    await storage.write('run/x', view as unknown as Uint8Array);
    expect((await storage.list('run'))[0]!.size).toBe(size);
    expect(await storage.read('run/x')).toEqual(new Uint8Array(view.buffer, view.byteOffset, size));
  }
});

describe.each([
  ['IndexedDB', async () => (await openTab()).storage],
  [
    'memory',
    async () => new Storage(new MemoryBackend(), () => import('../../web/api/storage/zip')),
  ],
])('a file and a directory of one name in %s', (_, open) => {
  const below = (path: string) => [
    { path: `${path}/cp.data`, bytes: bytes('below') },
    { path: `${path}/cp.index`, bytes: bytes('below') },
  ];

  test.each<[string, { path: string; bytes: Uint8Array }[], string, string]>([
    ['below a file', below('run/checkpoint'), 'run/checkpoint', 'expected a directory'],
    ['deep below a file', below('run/cp.data/a/b'), 'run/cp.data', 'expected a directory'],
    [
      'over a directory',
      [...below('run/new'), { path: 'run/deep', bytes: bytes('over') }],
      'run/deep',
      'there is a directory',
    ],
    ['below a file at the top', below('top'), 'top', 'expected a directory'],
    [
      'one below the other',
      [...below('run/a'), ...below('run/a/cp.data')],
      'run/a/cp.data',
      'there is a file',
    ],
    ['the same twice', [...below('run/a'), ...below('run/a')], 'run/a/cp.data', 'twice'],
    [
      'over a directory at the top',
      [...below('new'), { path: 'run', bytes: bytes('over') }],
      'run',
      'there is a directory',
    ],
  ])('%s: refused, and nothing changes', async (_, files, ...says) => {
    const storage = await open();
    await storage.commit(three);
    await storage.write('run/deep/x', bytes('x'));
    await storage.write('top', bytes('top'));
    const before = await storage.list('');
    await expectFailure(() => storage.commit(files), { code: 'INVALID_ARGUMENT', says });
    expect(await storage.list('')).toEqual(before);
    expect(text(await storage.read('run/checkpoint'))).toBe('state');
    await storage.commit(three);
    await storage.remove('run');
    expect((await storage.list('')).map(({ path }) => path)).toEqual(['top']);
  });
});

describe('two tabs', () => {
  test('that write a file and a directory of one name at once: one is refused', async () => {
    const [one, two] = [await openTab(), await openTab()];
    const results = await Promise.allSettled([
      one.storage.write('run/x', bytes('file')),
      two.storage.write('run/x/y', bytes('below')),
    ]);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual([
      'INVALID_ARGUMENT',
    ]);
    for (const { storage } of [one, two]) expect(await storage.list('run')).toHaveLength(1);
  });

  test("a stale tab's write keeps what the other wrote", async () => {
    const [one, two] = [await openTab(), await openTab()];
    await one.storage.write('run/a', bytes('a'));
    await two.storage.write('run/b', bytes('b'));
    await one.storage.write('run/c', bytes('c'));
    expect(Object.keys(await stored('run'))).toEqual(['run/a', 'run/b', 'run/c']);
    expect(text(await one.storage.read('run/b'))).toBe('b');
    await two.storage.remove('run/a');
    expect(await one.storage.exists('run/a')).toBe(false);
  });

  test('a tab that knew a file sees the directory that took its place, and back', async () => {
    const [one, two] = [await openTab(), await openTab()];
    for (const [before, after] of [
      ['run/x', 'run/x/y'],
      ['run/x/y', 'run/x'],
    ] as const) {
      await two.storage.write(before, bytes('before'));
      await two.storage.write('run/other', bytes('other'));
      expect(text(await one.storage.read(before))).toBe('before');
      await two.storage.remove('run/x');
      await two.storage.write(after, bytes('after'));
      expect((await one.storage.list('run')).map(({ path }) => path)).toEqual(['run/other', after]);
      expect(text(await one.storage.read(after))).toBe('after');
      await one.storage.remove('run');
    }
  });
});

describe('failures', () => {
  test.each([
    ['QuotaExceededError', 'QUOTA_EXCEEDED'],
    ['UnknownError', 'STORAGE_UNAVAILABLE'],
  ])('%s in the middle of a commit leaves the old files', async (name, code) => {
    const { storage } = await openTab();
    await storage.commit(three);
    failPut(2, name);
    const newer = three.map(({ path }) => ({ path, bytes: bytes('newer') }));
    await expectFailure(() => storage.commit(newer), {
      code,
      says: ["'/tabtrain/run'", name, 'unchanged'],
    });
    jest.restoreAllMocks();
    expect(await stored('run')).toEqual({
      'run/cp.data': 'data',
      'run/cp.index': 'index',
      'run/checkpoint': 'state',
    });
    expect(text(await storage.read('run/cp.data'))).toBe('data');
    await storage.commit(newer);
    expect((await stored('run'))['run/checkpoint']).toBe('newer');
  });

  test('a dead handle is opened anew', async () => {
    const { engine, storage } = await openTab();
    await storage.write('run/x', bytes('x'));
    engine.IDBFS.dbs['/tabtrain/run']!.close();
    await storage.write('run/y', bytes('y'));
    engine.IDBFS.dbs['/tabtrain/run']!.close();
    expect(text(await storage.read('run/x'))).toBe('x');
    expect(Object.keys(await stored('run'))).toEqual(['run/x', 'run/y']);
  });

  test('databases that were only read give way to who deletes them', async () => {
    await (await openTab()).storage.write('run/x', bytes('x'));
    const { storage } = await openTab();
    expect(text(await storage.read('run/x'))).toBe('x');
    for (const name of ['/tabtrain/run', '/tabtrain/~']) {
      const request = indexedDB.deleteDatabase(name);
      const end = await new Promise((resolve) => {
        request.onsuccess = () => resolve('gone');
        request.onblocked = () => resolve('blocked');
      });
      expect(end).toBe('gone');
    }
    expect(await storage.list('run')).toEqual([]);
  });

  test('a handle that dies twice in a row is opened a third time, not a fourth', async () => {
    for (const [deaths, code] of [
      [2, null],
      [3, 'STORAGE_UNAVAILABLE'],
    ] as const) {
      const { storage } = await openTab();
      await storage.write('run/x', bytes('x'));
      let left = deaths as number;
      const { value } = Object.getOwnPropertyDescriptor(IDBDatabase.prototype, 'transaction') as {
        value: unknown;
      };
      const transaction = value as IDBDatabase['transaction'];
      jest.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
        this: IDBDatabase,
        ...args
      ) {
        if (args[1] === 'readwrite' && left-- > 0) {
          throw new DOMException('Connection to Indexed Database server lost', 'UnknownError');
        }
        return transaction.apply(this, args);
      });
      const write = () => storage.write('run/x', bytes('y'));
      if (code === null) await write();
      else await expectFailure(write, { code, says: ['lost', 'unchanged'] });
      jest.restoreAllMocks();
      expect(text(await storage.read('run/x'))).toBe(code === null ? 'y' : 'x');
    }
  });

  test('a database that does not answer is given up, and may be asked again', async () => {
    const { storage } = await openTab();
    await storage.write('run/x', bytes('x'));
    const wait = globalThis.setTimeout;
    jest
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation((task: () => void, ms?: number) => wait(task, ms === 30_000 ? 20 : ms));
    let isSilent = true;
    const put = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'put')!;
    Object.defineProperty(IDBObjectStore.prototype, 'put', {
      ...put,
      // A request that nobody ever answers keeps its transaction open.
      value(this: IDBObjectStore) {
        const spin = () => isSilent && (this.count().onsuccess = spin);
        spin();
        return {} as IDBRequest;
      },
    });
    try {
      await expectFailure(() => storage.write('run/x', bytes('y')), {
        code: 'STORAGE_UNAVAILABLE',
        says: ['no answer in 30 s', 'unchanged'],
      });
    } finally {
      Object.defineProperty(IDBObjectStore.prototype, 'put', put);
    }
    isSilent = false;
    globalThis.indexedDB = new IDBFactory();
    const later = await openTab();
    await later.storage.write('run/x', bytes('z'));
    expect(text(await later.storage.read('run/x'))).toBe('z');
  });

  test('no IndexedDB: memory, and it says so', async () => {
    Reflect.deleteProperty(globalThis, 'indexedDB');
    const { storage, why } = await openTab();
    expect(storage.kind).toBe('memory');
    expect(why).toEqual([expect.stringMatching(/memory only.*no indexedDB/)]);
    await storage.commit(three);
    expect(text(await storage.read('run/checkpoint'))).toBe('state');
    await storage.remove('run');
    expect(await storage.list('')).toEqual([]);
  });

  test('IndexedDB that refuses: memory, and it says why', async () => {
    jest.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('denied by policy', 'SecurityError');
    });
    const { storage, why } = await openTab();
    expect(storage.kind).toBe('memory');
    expect(why[0]).toMatch(/denied by policy/);
  });
});
