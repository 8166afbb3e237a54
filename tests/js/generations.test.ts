// The commit protocol over each kind of storage: which generation is loaded, what is told, what stays.
import 'fake-indexeddb/auto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { IDBFactory } from 'fake-indexeddb';
import { Generations } from '../../web/api/state/generations';
import { encodeState } from '../../web/api/state/stateFile';
import { openBrowserBackend } from '../../web/api/storage/browserBackend';
import { NodeBackend } from '../../web/api/storage/nodeBackend';
import { Storage } from '../../web/api/storage/storage';
import { newEngine } from './support/engine';
import { temporaryDirectory } from './support/models';

const directory = temporaryDirectory();
const extras = () => import('../../web/api/extras');
const zip = () => import('../../web/api/storage/zip');

const file = (i: number) => {
  const bytes = new Uint8Array(64).fill(i);
  const tensors = [{ path: 'layers/0/kernel', dtype: 'uint8', shape: [64], bytes }] as const;
  return encodeState({ state: { i }, tensors });
};

const openDisk = () => new Storage(new NodeBackend(), zip);
const openTab = async () =>
  new Storage((await openBrowserBackend(await newEngine(), extras)).backend, zip);

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

/** Takes a directory, loads, saves one more; the number that was loaded. */
async function goOn(store: Storage, dir: string, i: number): Promise<number | null> {
  const generations = await Generations.open(store, dir, 3);
  const loaded = await generations.load<{ i: number }>();
  await generations.save(await file(i));
  await generations.close();
  return loaded?.state.i ?? null;
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
