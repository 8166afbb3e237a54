/** Models as files that come and go without the storage: blobs, zips of directories, progress, giving up. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { engineInfo, layers, loadModel, sequential, setSeed, type Sequential } from 'tabtrain';
import { unzipEntries, zipEntries } from '../../web/api/storage/zip';

const golden = join(import.meta.dirname, '../golden');
const kerasFile = readFileSync(join(golden, 'files/tf2.8/tiny-adam.h5'));
const x = Array.from({ length: 8 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const y = x.map(([a, b]) => [a! * b!]);

async function trained(): Promise<Sequential> {
  setSeed(5);
  const model = sequential([
    layers.dense({ units: 3, inputShape: [2] }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  await model.fit(x, y, { epochs: 2, verbose: 0 });
  return model;
}

const losses = async (model: Sequential) => [
  await model.evaluate(x, y, { verbose: 0 }),
  (await model.fit(x, y, { epochs: 3, verbose: 0, shuffle: false })).history['loss'],
];

test.each([
  ['my_model', 'tf'],
  ['my_model.h5', 'h5'],
  ['my_model.keras', 'keras'],
  ['my_model/model.json', 'tfjs'],
])('toFile(%p) gives one file, which loadModel takes and trains on from', async (path, format) => {
  const model = await trained();
  const file = new Blob([(await model.toFile(path)) as Uint8Array<ArrayBuffer>]);
  const loaded = await loadModel({ 'of any name': file });
  expect(loaded.loadedFrom?.format).toBe(format);
  expect(loaded.loadedFrom?.compile).not.toBeNull();
  const [here, there] = [await losses(model), await losses(loaded)];
  expect(there).toEqual(here);
});

test('toFile leaves the optimizer out where that is asked for', async () => {
  const model = await trained();
  const file = (await model.toFile('m.h5', { includeOptimizer: false })) as Uint8Array;
  const loaded = await loadModel({ 'm.h5': file });
  expect(loaded.loadedFrom?.compile).toBeNull();
});

test('toFile refuses what save refuses', async () => {
  const model = await trained();
  await expect(model.toFile('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(model.toFile('a/other.json', { format: 'tfjs' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});

test('toFile says that it is toFile', async () => {
  const model = await trained();
  const refused = [
    ['a/other.json', { format: 'tfjs' }],
    ['m', { format: 'zip' }],
    ['m', { optimizerLayout: 'x' }],
    ['m.h5', { optimizerLayout: 'keras3' }],
    ['m/model.json', { optimizerLayout: 'new' }],
  ] as [string, object][];
  for (const [path, options] of refused) {
    await expect(model.toFile(path, options)).rejects.toThrow(/^model\.toFile: /);
    await expect(model.save(path, options)).rejects.toThrow(/^model\.save: /);
  }
});

test('an unknown class is said with the file that has it', async () => {
  const json = { class_name: 'Sequential', config: { layers: [{ class_name: 'Conv2D', config: { name: 'c', batch_input_shape: [null, 4] } }] } }; // prettier-ignore
  const manifest = { modelTopology: { model_config: json }, weightsManifest: [] };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  await expect(loadModel({ 'model.json': bytes })).rejects.toMatchObject({
    code: 'UNKNOWN_CLASS',
    message: expect.stringMatching(/^loadModel: 'model\.json': .*Conv2D/) as unknown,
  });
});

test('a zip may have the model below a directory, and other files beside it', async () => {
  const model = await trained();
  const inner = (await model.toFile('my_model')) as Uint8Array;
  const entries = (await unzipEntries(inner)).map(({ name, bytes }) => ({
    name: `download/${name}`,
    bytes,
  }));
  const bytes = new TextEncoder().encode('notes');
  const zip = zipEntries([{ name: 'README', bytes }, ...entries]);
  const loaded = await loadModel({ 'a.zip': zip });
  expect(await losses(loaded)).toEqual(await losses(model));
  const twice = zipEntries([
    ...entries,
    ...entries.map((each) => ({ ...each, name: `2/${each.name}` })),
  ]);
  await expect(loadModel({ 'b.zip': twice })).rejects.toThrow(
    "expected one model, came 2: 'download/my_model/', '2/download/my_model/'",
  );
});

test('a checkpoint is told from a model', async () => {
  const files = {
    'cp.ckpt.index': new Uint8Array(9),
    'cp.ckpt.data-00000-of-00001': new Uint8Array(9),
  };
  await expect(loadModel(files)).rejects.toThrow(/came a checkpoint, which holds weights alone/);
});

test('onProgress hears of every byte', async () => {
  const heard: { loaded: number; total: number }[] = [];
  const big = new Uint8Array(9 << 20);
  const files = { 'big.h5': new Blob([big]), 'other.h5': new Uint8Array(100) };
  const onProgress = (progress: { loaded: number; total: number }) => heard.push(progress);
  await expect(loadModel(files, { onProgress })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  const total = big.length + 100;
  expect(heard.map(({ loaded }) => loaded)).toEqual([4 << 20, 8 << 20, big.length, total]);
  expect(heard.every((each) => each.total === total)).toBe(true);
});

test('a signal ends the reading at once, and nothing is read on', async () => {
  const controller = new AbortController();
  let parts = 0;
  const blob = new Blob([new Uint8Array(64 << 20)]);
  const slice = blob.slice.bind(blob);
  blob.slice = (...range) => {
    ++parts;
    if (parts === 3) controller.abort();
    return slice(...range);
  };
  const { signal } = controller;
  await expect(loadModel({ 'm.h5': blob }, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
  const atEnd = parts;
  await new Promise((done) => setTimeout(done, 50));
  expect(atEnd).toBe(3);
  expect(parts).toBe(3);
});

test('a signal that comes while the engine reads leaves no model behind', async () => {
  (await loadModel({ 'm.h5': kerasFile })).dispose();
  const before = (await engineInfo()).memory.liveBytes;
  for (let turn = 0; turn < 20; ++turn) {
    const controller = new AbortController();
    const loading = loadModel({ 'm.h5': kerasFile }, { signal: controller.signal });
    void (async () => {
      for (let tick = 0; tick < turn; ++tick) await Promise.resolve();
      controller.abort();
    })();
    await expect(loading).rejects.toMatchObject({ code: 'ABORTED' });
  }
  await new Promise((done) => setTimeout(done, 100));
  expect((await engineInfo()).memory.liveBytes).toBe(before);
});

test('options are checked', async () => {
  const wrong = [{ signal: 5 }, { onProgress: 5 }, { other: 1 }] as object[];
  for (const options of wrong) {
    await expect(loadModel({ 'm.h5': kerasFile }, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  }
});
