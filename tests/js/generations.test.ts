// The commit protocol over each kind of storage: which generation is loaded, what is told, what stays.
import 'fake-indexeddb/auto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { IDBFactory } from 'fake-indexeddb';
import { TabtrainError } from '../../web/api/errors';
import { Generations } from '../../web/api/state/generations';
import { encodeState } from '../../web/api/state/stateFile';
import { SaveQueue } from '../../web/api/state/saveQueue';
import type { FileWrite, StoredFile } from '../../web/api/storage/backend';
import { openBrowserBackend } from '../../web/api/storage/browserBackend';
import { MemoryBackend } from '../../web/api/storage/memoryBackend';
import { NodeBackend } from '../../web/api/storage/nodeBackend';
import { Storage } from '../../web/api/storage/storage';
import { newEngine } from './support/engine';
import { expectFailure } from './support/errors';
import { temporaryDirectory } from './support/models';

const directory = temporaryDirectory();
const extras = () => import('../../web/api/extras');
const zip = () => import('../../web/api/storage/zip');

const contents = (i: number) => {
  const bytes = new Uint8Array(64).fill(i);
  const tensors = [{ path: 'layers/0/kernel', dtype: 'uint8', shape: [64], bytes }] as const;
  return { state: { i, place: { epoch: 0, batch: i } }, tensors };
};
const file = (i: number) => encodeState(contents(i));

/** Files in memory, with the mistakes of a disk. */
class Disk extends MemoryBackend {
  /** Changes what is stored of each file that is written. */
  spoil = (_write: FileWrite): FileWrite => _write;
  /** Called after each look at what is stored. */
  looked = async () => {};
  /** Says that the record was removed, and it was not. */
  losesRemoval = false;
  override async remove(path: string): Promise<boolean> {
    return (this.losesRemoval && path.endsWith('state.commit')) || super.remove(path);
  }
  /** Files that cannot be read. */
  readonly unreadable = new Set<string>();
  readonly storage = new Storage(this, zip);
  override async readAll(paths: readonly string[]): Promise<(Uint8Array | null)[]> {
    const bad = paths.find((path) => this.unreadable.has(path));
    if (bad) throw new TabtrainError('STORAGE_UNAVAILABLE', `cannot read '${bad}': EIO`);
    const files = await super.readAll(paths);
    await this.looked();
    return files;
  }
  override async list(dir: string): Promise<StoredFile[]> {
    const files = await super.list(dir);
    await this.looked();
    return files;
  }
  /** Bytes. */
  room = Infinity;
  override async commit(files: readonly FileWrite[]): Promise<void> {
    const { usage } = await this.estimate();
    if (files.reduce((sum, { bytes }) => sum + bytes.length, usage) > this.room) {
      throw new TabtrainError('QUOTA_EXCEEDED', 'there is no room');
    }
    return super.commit(files.map((each) => this.spoil(each)));
  }
  /** Saves three states, 0 to 2, and gives back what is stored then. */
  async fill(): Promise<Record<string, string>> {
    for (let i = 0; i < 3; ++i) await goOn(this.storage, 'run', i);
    return this.all();
  }
  /** What is in the directory, by name. */
  async all(): Promise<Record<string, string>> {
    const paths = (await this.list('run')).map(({ path }) => path);
    const files = await this.readAll(paths);
    return Object.fromEntries(paths.map((path, i) => [path.slice(4), files[i]!.join()]));
  }
}

const openDisk = () => new Storage(new NodeBackend(), zip);
const openTab = async () =>
  new Storage((await openBrowserBackend(await newEngine(), extras)).backend, zip);

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

/** Takes a directory, loads, saves one more; the number that was loaded. */
async function goOn(store: Storage, dir: string, i: number): Promise<number | null> {
  const generations = await Generations.open(store, dir, 3);
  try {
    const loaded = await generations.load<{ i: number }>();
    await generations.save(await file(i));
    return loaded?.state.i ?? null;
  } finally {
    await generations.close();
  }
}

describe('all spellings of a directory are one', () => {
  test.each<[string, () => Storage | Promise<Storage>, () => string, string[]]>([
    [
      'on a disk',
      openDisk,
      () => join(directory, 'spelled'),
      ['//', '/.', '/../spelled', '/./../spelled/'],
    ],
    ['in a browser', openTab, () => 'spelled', ['/', '//', '/.']],
  ])('%s', async (_, open, root, ends) => {
    const store = await open();
    const top = root();
    if (store.kind === 'nodefs') mkdirSync(top);
    const begins = store.kind === 'nodefs' ? [''] : ['', './', '/', './/'];
    const spellings = begins.flatMap((begin) => ['', ...ends].map((end) => begin + top + end));
    for (const [i, spelling] of spellings.entries()) {
      expect([spelling, await goOn(store, spelling, i)]).toEqual([
        spelling,
        i === 0 ? null : i - 1,
      ]);
      const seen = await Generations.reader(store, spelling).load<{ i: number }>();
      expect(seen?.state.i).toBe(i);
    }
    const names = (await store.list(top)).map(({ path }) => path.slice(top.length + 1));
    const numbers = [-2, -1, 0].map((each) => String(spellings.length + each).padStart(8, '0'));
    expect(names).toEqual([...numbers.map((each) => `state-${each}.tabtrain`), 'state.commit']);
    if (store.kind !== 'nodefs') expect((await store.list('')).length).toBe(4);
  });
});

test('a run stays in its directory where the process goes to another', async () => {
  const [before, after] = ['before', 'after'].map((name) => join(directory, name)) as [
    string,
    string,
  ];
  for (const path of [before, after]) mkdirSync(path);
  const own = process.cwd();
  try {
    process.chdir(before);
    const generations = await Generations.open(openDisk(), 'run', 3);
    await generations.save(await file(1));
    process.chdir(after);
    await generations.save(await file(2));
    await generations.close();
  } finally {
    process.chdir(own);
  }
  expect(readdirSync(after)).toEqual([]);
  expect(readdirSync(join(before, 'run'))).toEqual([
    'state-00000001.tabtrain',
    'state-00000002.tabtrain',
    'state.commit',
  ]);
});

test('a state of which other bytes are stored is not saved, and none goes for it', async () => {
  const disk = new Disk();
  const before = await disk.fill();
  const generations = await Generations.open(disk.storage, 'run', 3);
  expect((await generations.load<{ i: number }>())?.state.i).toBe(2);
  // The last byte of the state: neither its size nor its header.
  disk.spoil = ({ path, bytes }) => {
    const other = bytes.slice();
    if (path.endsWith('.tabtrain')) other[other.length - 1]! ^= 1;
    return { path, bytes: other };
  };
  const told: object[] = [];
  const queue = new SaveQueue(generations, (event) => told.push(event));
  queue.add({ ...contents(3), copyMs: 0 });
  await queue.settle();
  const reason = expect.stringMatching(
    /^STORAGE_UNAVAILABLE: 'run\/state-00000004\.tabtrain' was written, but other bytes are there/,
  ) as unknown;
  expect(told).toMatchObject([{ type: 'unsaved', epoch: 0, batch: 3, reason }]);
  expect(() => queue.throwIfFailed()).toThrow('other bytes are there');
  expect(await disk.all()).toMatchObject({ ...before, 'state.commit': expect.any(String) });
  // Another one takes none of the others' places by it.
  disk.spoil = (write) => write;
  await generations.save(await file(4));
  expect(Object.keys(await disk.all())).toEqual([
    ...[2, 3, 5].map((each) => `state-0000000${each}.tabtrain`),
    'state.commit',
  ]);
  await generations.close();
});

test.each(['state-00000003.tabtrain', 'state.commit'])(
  'where %s cannot be read now, that is the error, and nothing is taken for damaged',
  async (name) => {
    const disk = new Disk();
    const before = await disk.fill();
    disk.unreadable.add(`run/${name}`);
    const error = { code: 'STORAGE_UNAVAILABLE', says: [/^cannot read .*EIO$/, name] };
    const generations = await Generations.open(disk.storage, 'run', 3);
    await expectFailure(() => generations.load(), error);
    await generations.close();
    await expectFailure(() => Generations.reader(disk.storage, 'run').load(), error);
    disk.unreadable.clear();
    expect(await disk.all()).toEqual(before);
    expect(await goOn(disk.storage, 'run', 3)).toBe(2);
  },
);

test('a full disk costs no state that counts', async () => {
  const disk = new Disk();
  const before = await disk.fill();
  disk.room = (await disk.estimate()).usage;
  const full = { code: 'QUOTA_EXCEEDED', says: [] };
  await expectFailure(() => goOn(disk.storage, 'run', 3), full);
  expect(await disk.all()).toEqual(before);
  // One that nobody was told of gives its room.
  disk.room = Infinity;
  await disk.commit([{ path: 'run/state-00000009.tabtrain', bytes: await file(9) }]);
  disk.room = (await disk.estimate()).usage + 200;
  await goOn(disk.storage, 'run', 3);
  expect(Object.keys(await disk.all())).toEqual([
    ...['02', '03', '11'].map((each) => `state-000000${each}.tabtrain`),
    'state.commit',
  ]);
});

describe('a file that is missing is told of', () => {
  const [oldest, older, newest] = [1, 2, 3].map((i) => `run/state-0000000${i}.tabtrain`);
  const record = 'run/state.commit';
  test.each<[string, string[], number, string[], string[]]>([
    ['the record', [record], 2, [record], ['02', '03', '04']],
    ['the newest state', [newest!], 1, [newest!], ['01', '02', '04']],
    ['the newest two', [newest!, older!], 0, [newest!], ['01', '04']],
    ['record and newest', [newest!, record], 1, [record], ['01', '02', '03']],
    ['an older one', [oldest!], 2, [], ['02', '03', '04']],
  ])('%s', async (_, gone, taken, told, left) => {
    const disk = new Disk();
    await disk.fill();
    for (const path of gone) await disk.remove(path);
    const loaded = await Generations.reader(disk.storage, 'run').load<{ i: number }>();
    expect(loaded!.state.i).toBe(taken);
    expect(loaded!.refused).toEqual(told.map((path) => ({ path, reason: 'it is missing' })));
    expect(await goOn(disk.storage, 'run', 9)).toBe(taken);
    expect(Object.keys(await disk.all())).toEqual([
      ...left.map((each) => `state-000000${each}.tabtrain`),
      'state.commit',
    ]);
  });

  test('all states', async () => {
    const disk = new Disk();
    await disk.fill();
    for (const path of [oldest!, older!, newest!]) await disk.remove(path);
    const before = await disk.all();
    const error = { code: 'CORRUPT_FILE', says: [`'${newest!}': it is missing`, 'remove'] };
    await expectFailure(() => goOn(disk.storage, 'run', 9), error);
    expect(await disk.all()).toEqual(before);
  });
});

describe('who looks at a run that goes on sees nothing wrong', () => {
  const save = async (generations: Generations, count: number) => {
    for (let i = 0; i < count; ++i) await generations.save(await file(100 + i));
  };
  test.each<[string, (generations: Generations, disk: Disk) => Promise<unknown>]>([
    ['while it saves', (generations) => save(generations, 1)],
    ['while it saves much', (generations) => save(generations, 5)],
    ['while a run is cleared', (generations) => generations.clear()],
    [
      'while another run begins',
      async (generations, disk) => {
        await generations.clear();
        await generations.close();
        for (let i = 50; i < 53; ++i) await goOn(disk.storage, 'run', i);
      },
    ],
  ])('%s', async (_, meanwhile) => {
    for (const keep of [1, 3]) {
      for (let at = 1, looks = Infinity; at <= looks; ++at) {
        const disk = new Disk();
        await disk.fill();
        const generations = await Generations.open(disk.storage, 'run', keep);
        await generations.load();
        looks = 0;
        disk.looked = async () => {
          if (++looks !== at) return;
          const { looked } = disk;
          disk.looked = async () => {};
          await meanwhile(generations, disk);
          disk.looked = looked;
        };
        const seen = await Generations.reader(disk.storage, 'run').load<{ i: number }>();
        expect(seen?.refused ?? []).toEqual([]);
      }
    }
  });
});

test('a file whose number is too long is not ours', async () => {
  const disk = new Disk();
  const foreign = 'run/state-99999999999999999999.tabtrain';
  await disk.commit([{ path: foreign, bytes: new Uint8Array(1) }]);
  await disk.fill();
  expect(Object.keys(await disk.all())).toEqual([
    ...['00000001', '00000002', '00000003', '99999999999999999999'].map(
      (each) => `state-${each}.tabtrain`,
    ),
    'state.commit',
  ]);
  const generations = await Generations.open(disk.storage, 'run', 3);
  await generations.clear();
  expect(Object.keys(await disk.all())).toEqual(['state-99999999999999999999.tabtrain']);
  await generations.close();
});

test('after the last number there is none, and that is told', async () => {
  const disk = new Disk();
  const last = 'state-999999999999999.tabtrain';
  await disk.commit([{ path: `run/${last}`, bytes: await file(1) }]);
  const error = { code: 'UNSUPPORTED', says: [last] };
  await expectFailure(() => goOn(disk.storage, 'run', 2), error);
  expect(Object.keys(await disk.all())).toEqual([last]);
});

test('no state goes while the record stays', async () => {
  const disk = new Disk();
  const before = await disk.fill();
  const generations = await Generations.open(disk.storage, 'run', 3);
  await generations.load();
  disk.losesRemoval = true;
  const error = { code: 'STORAGE_UNAVAILABLE', says: ['run/state.commit', 'still there'] };
  await expectFailure(() => generations.clear(), error);
  expect(await disk.all()).toEqual(before);
});
