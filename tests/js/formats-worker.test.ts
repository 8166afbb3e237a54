// Whole models behind a worker's messages, with a storage that fails.
import { afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { browserPlatform } from '../../web/api/browser';
import { init } from '../../web/api/client/engine';
import { definePlatform } from '../../web/api/client/platform';
import { TabtrainError } from '../../web/api/errors';
import { layers, loadModel, modelFromJson, sequential, storage } from '../../web/api/public';
import { MemoryBackend } from '../../web/api/storage/memoryBackend';
import { serve } from '../../web/api/transport/workerServer';
import { expectFailure } from './support/errors';
import { FakeWorker, fakePlatform } from './support/fakeWorker';

const fake = new FakeWorker();
const hdf5 = jest.fn(fakePlatform.hdf5);

beforeAll(async () => {
  definePlatform(browserPlatform);
  const valid = jest.spyOn(WebAssembly, 'validate').mockReturnValue(true);
  setImmediate(() => void serve(fake.scope, { ...fakePlatform, hdf5 }));
  await init({ worker: () => fake.worker });
  valid.mockRestore();
});
afterEach(() => {
  jest.restoreAllMocks();
  hdf5.mockImplementation(fakePlatform.hdf5);
});

const x = { data: Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)), shape: [20, 2] };
const y = Float32Array.from({ length: 20 }, (_, i) => Math.cos(i));

function build() {
  const model = sequential([
    layers.dense({ units: 3, inputShape: [2] }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  return model;
}

test('HDF5 is loaded where it is needed', async () => {
  const model = build();
  await model.fit(x, y, { verbose: 0 });
  await model.save('saved');
  await loadModel('saved');
  expect(hdf5).not.toHaveBeenCalled();
  await model.save('model.h5');
  expect(hdf5).toHaveBeenCalled();
});

test.each(['run/model.h5', 'run/model.keras', 'run/w.weights.h5', 'run/w.h5'])(
  '%s: an older file stays whole when a save fails',
  async (path) => {
    const model = build();
    const isWeights = path.includes('/w.');
    const save = () => (isWeights ? model.saveWeights(path) : model.save(path));
    await model.fit(x, y, { verbose: 0 });
    await save();
    const before = await storage.read(path);
    const prediction = await model.predict(x, { verbose: 0 });
    await model.fit(x, y, { verbose: 0 });
    const full = new TabtrainError('QUOTA_EXCEEDED', 'injected');
    jest.spyOn(MemoryBackend.prototype, 'commit').mockRejectedValue(full);
    await expectFailure(save, { code: 'QUOTA_EXCEEDED', says: ['injected'] });
    jest.restoreAllMocks();
    expect(await storage.read(path)).toEqual(before);
    const loaded = isWeights ? build() : await loadModel(path);
    if (isWeights) {
      await loaded.build();
      await loaded.loadWeights(path);
    }
    expect((await loaded.predict(x, { verbose: 0 })).data).toEqual(prediction.data);
  },
);

test('files are given from the page', async () => {
  const model = build();
  await model.save('given.keras');
  const file = new File([(await storage.read('given.keras')) as BlobPart], 'given.keras');
  const loaded = await loadModel([file]);
  const expected = await model.predict(x, { verbose: 0 });
  expect((await loaded.predict(x, { verbose: 0 })).data).toEqual(expected.data);
});

test('the words of Keras 3 are turned into ours where the model is made', async () => {
  const model = modelFromJson({
    class_name: 'Sequential',
    config: {
      layers: [
        { class_name: 'InputLayer', config: { batch_shape: [null, 2], optional: false } },
        { class_name: 'Dense', config: { units: 3, quantization_config: null } },
      ],
    },
  });
  await model.build();
  expect(model.countParams()).toBe(9);
});
