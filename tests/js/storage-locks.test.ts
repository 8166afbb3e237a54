// A directory that a run has locked: nobody else changes anything in it, whoever has the lock may.
import 'fake-indexeddb/auto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { IDBFactory } from 'fake-indexeddb';
import { openBrowserBackend } from '../../web/api/storage/browserBackend';
import { NodeBackend } from '../../web/api/storage/nodeBackend';
import { Storage } from '../../web/api/storage/storage';
import { newEngine } from './support/engine';
import { expectFailure } from './support/errors';
import { FakeLocks } from './support/locks';
import { temporaryDirectory } from './support/models';

const directory = temporaryDirectory();
const bytes = (text: string) => new TextEncoder().encode(text);
const zip = () => import('../../web/api/storage/zip');
const extras = () => import('../../web/api/extras');
const original = Object.getOwnPropertyDescriptor(globalThis, 'navigator');

beforeAll(() => {
  Object.defineProperty(globalThis, 'navigator', {
    configurable: true,
    value: { locks: new FakeLocks() },
  });
});
afterAll(() => {
  if (original) Object.defineProperty(globalThis, 'navigator', original);
  else Reflect.deleteProperty(globalThis, 'navigator');
});

let tests = 0;

describe.each<[string, () => Promise<Storage>, () => string]>([
  ['processes', async () => new Storage(new NodeBackend(), zip), () => join(directory, 'a')],
  [
    'tabs',
    async () => new Storage((await openBrowserBackend(await newEngine(), extras)).backend, zip),
    () => 'a',
  ],
])('two %s', (_, open, root) => {
  let [mine, others]: Storage[] = [];
  let [top, dir] = ['', ''];
  let unlock: (() => Promise<void>) | null = null;

  beforeEach(async () => {
    globalThis.indexedDB = new IDBFactory();
    [mine, others] = [await open(), await open()];
    top = `${root()}-${++tests}`;
    dir = `${top}/run`;
    await mine.write(`${dir}/old`, bytes('old'));
    await mine.write(`${top}/beside`, bytes('beside'));
    unlock = await mine.lock(dir);
    expect(unlock).not.toBeNull();
  });

  const shown = async (storage: Storage) => {
    const files = await storage.list(top);
    return files.map(({ path }) => path.slice(top.length + 1));
  };

  test.each<[string, (storage: Storage) => Promise<unknown>]>([
    ['a write', (storage) => storage.write(`${dir}/x`, bytes('x'))],
    ['a write over a file', (storage) => storage.write(`${dir}/old`, bytes('x'))],
    ['a write deep below', (storage) => storage.write(`${dir}/deep/er/x`, bytes('x'))],
    [
      'a commit that is only partly in it',
      (storage) =>
        storage.commit([
          { path: `${top}/other`, bytes: bytes('x') },
          { path: `${dir}/x`, bytes: bytes('x') },
        ]),
    ],
    [
      'a directory in its place',
      (storage) =>
        storage.commit([{ path: `${dir}/x`, bytes: bytes('x') }], { replaceDirectory: dir }),
    ],
    [
      'a directory in the place of one above',
      (storage) =>
        storage.commit([{ path: `${top}/x`, bytes: bytes('x') }], { replaceDirectory: top }),
    ],
    ['an import', (storage) => storage.importFiles([{ name: 'x', bytes: bytes('x') }], dir)],
    ['the removal of a file', (storage) => storage.remove(`${dir}/old`)],
    ['its removal', (storage) => storage.remove(dir)],
    ['the removal of a directory above', (storage) => storage.remove(top)],
  ])('%s is refused until the lock is given back', async (__, change) => {
    await expectFailure(() => change(others!), { code: 'LOCKED', says: [dir, 'in use'] });
    expect(await shown(others!)).toEqual(['beside', 'run/old']);
    expect(new TextDecoder().decode(await mine!.read(`${dir}/old`))).toBe('old');
    await unlock!();
    await change(others!);
  });

  test('whoever has it may do all that, and still has it', async () => {
    await mine!.write(`${dir}/deep/x`, bytes('x'));
    await mine!.commit([{ path: `${dir}/new`, bytes: bytes('x') }], { replaceDirectory: dir });
    expect(await shown(mine!)).toEqual(['beside', 'run/new']);
    await mine!.remove(dir);
    expect(await shown(mine!)).toEqual(['beside']);
    expect(await others!.lock(dir)).toBeNull();
    await mine!.write(`${dir}/again`, bytes('x'));
    await expectFailure(() => others!.write(`${dir}/x`, bytes('x')), { code: 'LOCKED', says: [] });
    await unlock!();
    await others!.remove(top);
    expect(await shown(mine!)).toEqual([]);
  });

  test('beside it, and reading, all is free', async () => {
    await others!.write(`${top}/more`, bytes('x'));
    await others!.remove(`${top}/beside`);
    await others!.write(`${dir}-2/x`, bytes('x'));
    expect(new TextDecoder().decode(await others!.read(`${dir}/old`))).toBe('old');
    await unlock!();
  });

  test('of two locks, one within the other, the nearest counts', async () => {
    const inner = await others!.lock(`${dir}/inner`);
    expect(inner).not.toBeNull();
    await others!.write(`${dir}/inner/x`, bytes('x'));
    for (const path of [`${dir}/inner/y`, `${dir}/inner/deep/y`]) {
      await expectFailure(() => mine!.write(path, bytes('x')), {
        code: 'LOCKED',
        says: [`${dir}/inner'`],
      });
    }
    await expectFailure(() => mine!.remove(dir), { code: 'LOCKED', says: [`${dir}/inner'`] });
    await mine!.write(`${dir}/y`, bytes('x'));
    await inner!();
    await mine!.remove(dir);
    await unlock!();
  });
});

test('locks and changes leave nothing behind on the disk', () => {
  const all = readdirSync(directory, { recursive: true }).map(String);
  expect(all.filter((path) => path.includes('.tabtrain'))).toEqual([]);
});
