// What fails while a model is saved over another one leaves that one, in every format: each operation of the file
// system once, and what the format itself refuses.
import * as promises from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { layers, loadModel, sequential, type Model } from 'tabtrain';
import { ModelFiles } from '../../web/api/formats/modelFiles';
import { TabtrainError } from '../../web/api/errors';
import type { Hdf5 } from '../../web/api/host/host';
import { NodeBackend } from '../../web/api/storage/nodeBackend';
import { Storage } from '../../web/api/storage/storage';
import { newEngine } from './support/engine';
import { expectFailure } from './support/errors';
import { temporaryDirectory } from './support/models';
import { plainModel } from './support/savedModels';

const directory = temporaryDirectory();
type Fs = Record<string, (...args: unknown[]) => unknown>;

/** Node's file system whose operation number `at` fails. */
function faulty(at: number, code: string): { fs: Fs; seen: { count: number } } {
  const seen = { count: 0 };
  const guard = (target: object): Fs =>
    new Proxy(target as Fs, {
      get: (object, name) => {
        const method = object[name as string];
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          const closes = name === 'close'; // or files would stay open
          if (!closes && ++seen.count === at) {
            throw Object.assign(new Error(`${code}: injected`), { code });
          }
          const result = await method.apply(object, args);
          return name === 'open' ? guard(result as object) : result;
        };
      },
    });
  return { fs: guard(promises), seen };
}

const x = { data: Float32Array.from({ length: 8 }, (_, i) => i / 8), shape: [2, 4] };
async function predicted(model: Model): Promise<string> {
  const { data } = await model.predict(x, { verbose: 0 });
  model.dispose();
  return [...(data as Float32Array)].join();
}
const whole = async (path: string) => predicted(await loadModel(path));
async function weights(path: string): Promise<string> {
  const model = plainModel(3);
  await model.build();
  await model.loadWeights(path, {});
  return predicted(model);
}

// The bundler puts the library in.
const hdf5 = () => import(new URL('../../dist/hdf5.js', import.meta.url).href) as Promise<Hdf5>;
const zip = () => import('../../web/api/storage/zip');
const common = { optimizerLayout: 'auto', overwrite: true } as const;
const asWhole = (format: 'tf' | 'h5' | 'keras' | 'tfjs') => (files: ModelFiles, path: string, take: Take) =>
  files.save(path, { ...common, format, includeOptimizer: true }, take); // prettier-ignore
const asWeights = (format: 'h5' | 'keras') => (files: ModelFiles, path: string, take: Take) =>
  files.saveWeights(path, { ...common, format }, take); // prettier-ignore
type Take = Parameters<ModelFiles['save']>[2];

const formats = [
  ['model', asWhole('tf'), whole],
  ['model.h5', asWhole('h5'), whole],
  ['model.keras', asWhole('keras'), whole],
  ['tfjs', asWhole('tfjs'), whole],
  ['model.weights.h5', asWeights('keras'), weights],
  ['weights.h5', asWeights('h5'), weights],
] as const;

describe.each(formats)('%s', (name, saveAs, answer) => {
  const path = join(directory, name);
  const [older, newer] = [plainModel(1), plainModel(2)];
  const takeOf = (model: unknown) => ((take) => Promise.resolve(take(model as never, '{}'))) as Take; // prettier-ignore

  test('the older or the newer is there, whole, after a failure and on a full disk', async () => {
    const engine = await newEngine();
    await Promise.all([older.build(), newer.build()]);
    const [first, second] = [older, newer].map((model, i) => new engine.Model(model.toJson(), i));
    const save = (model: unknown, fs: Fs = promises as never) => {
      const storage = new Storage(new NodeBackend({ fs: fs as never }), zip);
      return saveAs(new ModelFiles(engine, storage, hdf5), path, takeOf(model));
    };
    await save(second);
    const after = await answer(path);
    await save(first);
    const before = await answer(path);
    expect(before).not.toBe(after);
    let left = '';
    for (let at = 1; ; ++at) {
      const code = at % 2 === 0 ? 'EIO' : 'ENOSPC';
      const { fs, seen } = faulty(at, code);
      let error: unknown = null;
      await save(second, fs).catch((thrown: unknown) => (error = thrown));
      if (seen.count < at) break;
      const now = await answer(path);
      // An operation that only tidies up may fail; so may one after the newer file is in its place.
      if (error === null) expect(now).toBe(after);
      else expect(error).toMatchObject({ code: code === 'EIO' ? 'STORAGE_UNAVAILABLE' : 'QUOTA_EXCEEDED' }); // prettier-ignore
      expect([before, after]).toContain(now);
      if (error !== null) left += now === before ? 'o' : 'n';
      if (now === after) await save(first);
    }
    // A file is in its place before the disk confirms it; a directory, by its journal, is the older one until then.
    expect(left).toMatch(name.includes('.') ? /^o{6,}n{0,4}$/ : /^o{6,}$/);
    first!.delete();
    second!.delete();
  }, 240_000);

  test('the older is there after what cannot be written', async () => {
    const engine = await newEngine();
    const storage = new Storage(new NodeBackend({}), zip);
    const own = join(directory, `own-${name}`);
    // A slope that TensorFlow.js would pass over; for the others a library that has no room.
    const odd = sequential([layers.reLU({ negativeSlope: 0.5, inputShape: [4] }), layers.dense({ units: 3 })]); // prettier-ignore
    await Promise.all([older.build(), odd.build()]);
    const [first, second] = [older, odd].map((model) => new engine.Model(model.toJson(), 1));
    await saveAs(new ModelFiles(engine, storage, hdf5), own, takeOf(first));
    const before = await answer(own);
    const full = () => Promise.reject(new TabtrainError('OUT_OF_MEMORY', 'no room'));
    const take = name === 'model' ? () => full() : takeOf(second);
    await expectFailure(() => saveAs(new ModelFiles(engine, storage, full), own, take), {
      code: name === 'tfjs' ? 'UNSUPPORTED' : 'OUT_OF_MEMORY',
      says: [/./],
    });
    expect(await answer(own)).toBe(before);
    first!.delete();
    second!.delete();
  });
});

test('where there is a file in the way, it stays', async () => {
  const path = join(directory, 'file');
  writeFileSync(path, 'mine');
  await expectFailure(() => plainModel().save(join(path, 'model')), {
    code: 'STORAGE_UNAVAILABLE',
    says: [path],
  });
  expect(await promises.readFile(path, 'utf8')).toBe('mine');
});
