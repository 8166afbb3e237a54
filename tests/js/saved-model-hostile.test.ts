// SavedModels that want to do harm by names; those that are refused are in malformed-files.test.ts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { engineInfo, loadModel, TabtrainError, type Model } from 'tabtrain';
import { temporaryDirectory } from './support/models';
import type { Files } from './support/malformed/row';
import { inLayer, lambda, original, PB } from './support/malformed/savedModel';
import { plainModel, trainX } from './support/savedModels';

const directory = temporaryDirectory();

/** As a browser's directory input gives them. */
const toFiles = (files: Files, path = (name: string) => `m/${name}`) =>
  [...files].map(([name, bytes]) =>
    Object.defineProperty(new File([bytes as never], name), 'webkitRelativePath', {
      value: path(name),
    }),
  ) as never;

let witness: Model;
let before: { bytes: number; predicted: string };
const state = async () => {
  const { data } = await witness.predict(trainX, { verbose: 0 });
  const { memory } = await engineInfo();
  return { bytes: memory.liveBytes, predicted: [...(data as Float32Array)].join() };
};

beforeAll(async () => {
  await original();
  witness = plainModel();
  await state();
  before = await state();
});

test.each([
  ['a class named __proto__', inLayer(1, (layer) => (layer.class_name = '__proto__'))],
  ['a Lambda whose function is in the file', lambda],
  ['a layer named ../../x', inLayer(0, ({ config }) => (config['name'] = '../../x'))],
])('%s is only a name', async (_, change) => {
  const files: Files = new Map(await original());
  change(files);
  const path = join(directory, 'named');
  const model = await loadModel(toFiles(files));
  await model.save(path);
  model.dispose();
  const again = await loadModel(path);
  again.dispose();
  expect(readdirSync(directory).sort()).toEqual(['named']);
  expect(await state()).toEqual(before);
});

test('names with .. reach nothing', async () => {
  for (const name of ['../saved_model.pb', 'm/../../keras_metadata.pb', '/etc/passwd']) {
    const files = toFiles(await original(), (each) => (each === PB ? name : `m/${each}`));
    await expect(loadModel(files)).rejects.toBeInstanceOf(TabtrainError);
  }
  expect(await state()).toEqual(before);
});
