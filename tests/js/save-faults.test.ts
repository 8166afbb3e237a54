// Every operation of the file system fails once while a model is saved over another one.
import * as promises from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadModel } from 'tabtrain';
import { ModelFiles } from '../../web/api/formats/modelFiles';
import { NodeBackend } from '../../web/api/storage/nodeBackend';
import { Storage } from '../../web/api/storage/storage';
import { newEngine } from './support/engine';
import { expectFailure } from './support/errors';
import { temporaryDirectory } from './support/models';
import { plainModel } from './support/savedModels';

const directory = temporaryDirectory();
type Fs = Record<string, (...args: unknown[]) => unknown>;

/** Node's file system whose operation number `at` fails. */
function faulty(at: number): { fs: Fs; seen: { count: number } } {
  const seen = { count: 0 };
  const guard = (target: object): Fs =>
    new Proxy(target as Fs, {
      get: (object, name) => {
        const method = object[name as string];
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          const closes = name === 'close'; // or files would stay open
          if (!closes && ++seen.count === at) {
            throw Object.assign(new Error('EIO: injected'), { code: 'EIO' });
          }
          const result = await method.apply(object, args);
          return name === 'open' ? guard(result as object) : result;
        };
      },
    });
  return { fs: guard(promises), seen };
}

const SIZES = { verbose: 0 } as const;
const x = { data: Float32Array.from({ length: 8 }, (_, i) => i / 8), shape: [2, 4] };
const answer = async (path: string) => {
  const model = await loadModel(path);
  const { data } = await model.predict(x, SIZES);
  model.dispose();
  return [...(data as Float32Array)].join();
};

test('the older model or the newer one is there, whole', async () => {
  const engine = await newEngine();
  const [older, newer] = [plainModel(1), plainModel(2)];
  await Promise.all([older.build(), newer.build()]);
  const path = join(directory, 'model');
  await newer.save(path);
  const second = await answer(path);
  await older.save(path);
  const first = await answer(path);
  expect(first).not.toBe(second);

  const wanted = new engine.Model(newer.toJson(), 7);
  const save = (fs: Fs) => {
    const storage = new Storage(new NodeBackend({ fs: fs as never }), () => import('../../web/api/storage/zip')); // prettier-ignore
    const options = { format: 'tf', includeOptimizer: true, optimizerLayout: 'auto', overwrite: true } as const; // prettier-ignore
    const files = new ModelFiles(engine, storage, () => Promise.reject(new Error('no HDF5 here')));
    return files.save(path, options, (take) => Promise.resolve(take(wanted, '{}')));
  };
  let failures = 0;
  for (let at = 1; ; ++at) {
    const { fs, seen } = faulty(at);
    let error: unknown = null;
    await save(fs).catch((thrown: unknown) => (error = thrown));
    if (seen.count < at) break;
    const now = await answer(path);
    if (error === null) {
      // An operation that only tidies up may fail.
      expect(now).not.toBe(first);
      await older.save(path);
    } else {
      ++failures;
      expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      expect([at, now]).toEqual([at, first]);
    }
  }
  expect(failures).toBeGreaterThan(10);
  wanted.delete();
}, 120_000);

test('where there is a file in the way, it stays', async () => {
  const path = join(directory, 'file');
  writeFileSync(path, 'mine');
  await expectFailure(() => plainModel().save(join(path, 'model')), {
    code: 'STORAGE_UNAVAILABLE',
    says: [path],
  });
  expect(await promises.readFile(path, 'utf8')).toBe('mine');
});
