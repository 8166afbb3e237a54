// A model that is saved to a directory takes the place of an older one there, and of nothing else.
import 'fake-indexeddb/auto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadModel } from 'tabtrain';
import { ModelFiles } from '../../web/api/formats/modelFiles';
import type { Hdf5 } from '../../web/api/host/host';
import { openBrowserBackend } from '../../web/api/storage/browserBackend';
import { MemoryBackend } from '../../web/api/storage/memoryBackend';
import { NodeBackend } from '../../web/api/storage/nodeBackend';
import { Storage } from '../../web/api/storage/storage';
import { newEngine } from './support/engine';
import { expectFailure } from './support/errors';
import { temporaryDirectory } from './support/models';
import { plainModel } from './support/savedModels';

const directory = temporaryDirectory();
const zip = () => import('../../web/api/storage/zip');
const extras = () => import('../../web/api/extras');
const hdf5 = () => import(new URL('../../dist/hdf5.js', import.meta.url).href) as Promise<Hdf5>;
const text = new TextEncoder();
const engine = await newEngine();

const MODEL = {
  tf: [
    ...['keras_metadata.pb', 'saved_model.pb'],
    ...['variables/variables.data-00000-of-00001', 'variables/variables.index'],
  ],
  tfjs: ['group1-shard1of1.bin', 'model.json'],
};
/** What only an older model had. */
const OLD = {
  tf: ['fingerprint.pb', 'variables/variables.data-00001-of-00002'],
  tfjs: ['group1-shard2of2.bin'],
};
const OTHERS = ['assets/words.txt', 'notes/thesis.txt', 'train.py', 'variables/own.csv'];

const places: [string, () => Promise<Storage>, string][] = [
  ['disk', async () => new Storage(new NodeBackend(), zip), directory],
  ['IndexedDB', async () => new Storage((await openBrowserBackend(engine, extras)).backend, zip), 'top'], // prettier-ignore
  ['memory', async () => new Storage(new MemoryBackend(), zip), 'top'],
];

describe.each(places)('%s', (_place, open, top) => {
  describe.each(['tf', 'tfjs'] as const)('%s', (format) => {
    const at = async (name: string) => {
      const storage = await open();
      const model = plainModel();
      await model.build();
      const made = new engine.Model(model.toJson(), 1);
      const target = `${top}/${format}-${name}`;
      const options = { format, includeOptimizer: true, optimizerLayout: 'auto', overwrite: true } as const; // prettier-ignore
      const files = new ModelFiles(engine, storage, hdf5);
      return {
        save: () => files.save(target, options, async (take) => take(made, '{}')),
        put: (other: string) => storage.write(`${target}/${other}`, text.encode(`my ${other}`)),
        list: async () => (await storage.list(target)).map(({ path }) => path.slice(target.length + 1)).sort(), // prettier-ignore
        get: async (other: string) => new TextDecoder().decode(await storage.read(`${target}/${other}`)), // prettier-ignore
      };
    };

    test('files of others stay, whenever they came', async () => {
      const { save, put, list, get } = await at('exp');
      for (const other of OTHERS.slice(0, 2)) await put(other);
      await save();
      await save();
      expect(await list()).toEqual([...MODEL[format], ...OTHERS.slice(0, 2)].sort());
      for (const other of OTHERS) await put(other);
      await save();
      expect(await list()).toEqual([...MODEL[format], ...OTHERS].sort());
      for (const other of OTHERS) expect(await get(other)).toBe(`my ${other}`);
    });

    test.each(OTHERS)('%s alone stays', async (other) => {
      const { save, put, list } = await at(`alone-${other.replace('/', '-')}`);
      await save();
      await put(other);
      await save();
      expect(await list()).toEqual([...MODEL[format], other].sort());
    });

    test('what is left of an older model goes', async () => {
      const { save, put, list } = await at('old');
      await save();
      for (const part of OLD[format]) await put(part);
      await save();
      expect(await list()).toEqual(MODEL[format]);
    });
  });
});

test('links in the directory stay', async () => {
  const [target, data] = [join(directory, 'linked'), join(directory, 'data')];
  mkdirSync(data);
  writeFileSync(join(data, 'a.csv'), '1');
  const model = plainModel();
  await model.save(target);
  symlinkSync(data, join(target, 'data'));
  symlinkSync(join(data, 'a.csv'), join(target, 'a.csv'));
  await model.save(target);
  for (const name of ['data/a.csv', 'a.csv']) {
    expect(readFileSync(join(target, name), 'utf8')).toBe('1');
  }
});

test('a directory that is not named by its own name is refused', async () => {
  const model = plainModel();
  for (const path of ['.', '..', '/', '//', './', `${directory}/..`, `${directory}/.`]) {
    // As `save`, but that it writes nothing wherever it were to fail.
    await expectFailure(() => model.toFile(path), {
      code: 'INVALID_ARGUMENT',
      says: [/^model\.toFile: path: expected a name, came /, path],
    });
  }
  const here = process.cwd();
  const own = join(directory, 'here');
  mkdirSync(join(own, 'below'), { recursive: true });
  writeFileSync(join(own, 'train.py'), '1');
  process.chdir(own);
  try {
    for (const name of ['model.json', './model.json', '../here/model.json']) {
      await model.save(name, { format: 'tfjs' });
    }
    for (const path of ['.', '../here/']) {
      await (await loadModel(path)).predict([[1, 2, 3, 4]]);
    }
  } finally {
    process.chdir(here);
  }
  expect(existsSync(join(own, 'train.py'))).toBe(true);
});
