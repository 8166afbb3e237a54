// What is in the files that are written, where Keras asks for it; that Keras reads them is tested in tests/interop.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { layers, loadModel, losses, optimizers, sequential, setSeed, type Model } from 'tabtrain';
import type { Hdf5 } from '../../web/api/host/host';
import { unzipEntries } from '../../web/api/storage/zip';
import { expectFailure } from './support/errors';
import { smallX, smallY, temporaryDirectory } from './support/models';

const url = new URL('../../dist/hdf5.js', import.meta.url).href;
const { openHdf5 } = (await import(url)) as Hdf5;
const directory = temporaryDirectory();
const at = (name: string) => join(directory, name);
const open = (path: string) => openHdf5(readFileSync(path), 'test', 1 << 20);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

let model: Model;

beforeAll(async () => {
  setSeed(2);
  const inner = [
    layers.dense({ units: 3, name: 'größe', trainable: false }),
    layers.batchNormalization({ name: 'bn' }),
  ];
  model = sequential([
    layers.dense({ units: 5, inputShape: [4], name: 'dense' }),
    sequential(inner, { name: 'inner' }),
    layers.dense({ units: 3, name: 'last' }),
  ]);
  const learningRate = optimizers.schedules.exponentialDecay({
    ...{ initialLearningRate: 1, decaySteps: 10, decayRate: 0.5 },
  });
  model.compile({
    optimizer: optimizers.sgd({ learningRate }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
  await model.fit(smallX, smallY, { verbose: 0 });
  await model.save(at('m.h5'));
  await model.save(at('m.keras'));
  await model.saveWeights(at('w.h5'));
});

test('HDF5: Keras 2.8 and its words', async () => {
  const file = await open(at('m.h5'));
  expect(file.text('', 'keras_version')).toBe('2.8.0');
  expect(file.text('', 'backend')).toBe('tensorflow');
  expect(file.text('model_weights', 'keras_version')).toBe('2.8.0');
  expect(file.texts('model_weights', 'layer_names')).toEqual(['dense', 'inner', 'last']);
  // Trainable ones first.
  expect(file.texts('model_weights/inner', 'weight_names')).toEqual(
    [
      'bn/gamma',
      'bn/beta',
      'größe/kernel',
      'größe/bias',
      'bn/moving_mean',
      'bn/moving_variance',
    ].map((name) => `${name}:0`),
  );
  expect(file.texts('model_weights/top_level_model_weights', 'weight_names')).toEqual([]);
  expect(file.texts('optimizer_weights', 'weight_names')).toEqual(['SGD/iter:0']);
  const config = file.text('', 'model_config')!;
  expect(config).toMatch(/^[\x20-\x7e]*$/);
  expect(config).toContain('gr\\u00f6\\u00dfe');
  expect(config).toContain('"axis":1,');
  expect(JSON.parse(file.text('', 'training_config')!)).toMatchObject({
    loss: {
      class_name: 'SparseCategoricalCrossentropy',
      config: { reduction: 'sum_over_batch_size', from_logits: true },
    },
    metrics: [[{ class_name: 'SparseCategoricalAccuracy', config: { name: 'accuracy' } }]],
    optimizer_config: { class_name: 'SGD', config: { decay: 0 } },
  });
  expect(file.text('', 'training_config')).not.toMatch(/"fn"|"ignore_class"|"auto"/);
});

test('HDF5: what Keras 3 finds by modules and names', async () => {
  const schedule = optimizers.schedules.cosineDecayRestarts({
    ...{ initialLearningRate: 0.1, firstDecaySteps: 10 },
  });
  const config = { name: 'relu6', dtype: 'float32', max_value: 6 };
  const activation = { class_name: 'ReLU', config };
  const dense = (units: number) => ({ units, activation: activation as unknown as 'relu' });
  const own = sequential([
    layers.dense({ ...dense(3), inputShape: [4] }),
    sequential([layers.dense(dense(2))]),
  ]);
  own.compile({ optimizer: optimizers.rmsprop({ learningRate: schedule, name: 'rm_sprop' }), loss: 'mse' }); // prettier-ignore
  await own.build();
  await own.save(at('own.h5'));
  await own.save(at('own.keras'));
  const file = await open(at('own.h5'));
  expect(JSON.parse(file.text('', 'training_config')!)).toMatchObject({
    loss: 'mean_squared_error',
    optimizer_config: {
      ...{ class_name: 'Custom>RMSprop' },
      config: {
        name: 'RMSprop',
        learning_rate: {
          ...{ module: 'keras.optimizers.schedules', registered_name: null },
          ...{ class_name: 'CosineDecayRestarts', config: { first_decay_steps: 10 } },
        },
      },
    },
  });
  expect(file.text('', 'training_config')!.replace(/,"tabtrain":.*$/, '')).not.toContain('"name":null'); // prettier-ignore
  const found = { ...activation, module: 'keras.layers', registered_name: null };
  const entries = await unzipEntries(readFileSync(at('own.keras')));
  for (const json of [file.text('', 'model_config')!, text(entries[1]!.bytes)]) {
    type Config = { config: { layers: Config[]; activation: object } };
    const all = (JSON.parse(json) as Config).config.layers.slice(-2);
    for (const layer of [all[0], all[1]!.config.layers.at(-1)]) {
      expect(layer!.config.activation).toMatchObject(found);
    }
  }
  const loaded = await loadModel(at('own.h5'));
  expect(loaded.optimizer.getConfig()['name']).toBe('rm_sprop');
});

test('weights in HDF5 are at the root, without an optimizer', async () => {
  const file = await open(at('w.h5'));
  expect(file.texts('', 'layer_names')).toEqual(['dense', 'inner', 'last']);
  expect(file.names('')).toEqual(['dense', 'inner', 'last', 'top_level_model_weights']);
});

test('an archive: three stored entries in their order, one text for every Keras', async () => {
  const zip = readFileSync(at('m.keras'));
  const entries = await unzipEntries(zip);
  expect(entries.map(({ name }) => name)).toEqual([
    ...['metadata.json', 'config.json', 'model.weights.h5'],
  ]);
  // Flags and method of the first entry; its date is 1980-01-01.
  expect([...zip.subarray(6, 14)]).toEqual([0, 0, 0, 0, 0, 0, 0x21, 0]);
  const [metadata, config] = entries.map(({ bytes }) => text(bytes)) as [string, string];
  expect((JSON.parse(metadata) as { date_saved: string }).date_saved).toMatch(
    /^\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d$/,
  );
  // Keras 3 takes no int there, and no schedule without a name.
  expect(config).toContain('"momentum":0.0');
  const read = config.replace(/,"tabtrain":.*$/, '');
  expect(read).not.toMatch(/"name":null|is_legacy_optimizer|quantization_config|"ragged"/);
  const { compile_config: compile, ...rest } = JSON.parse(config) as {
    compile_config: object;
    config: { layers: { config: object }[] };
  };
  expect(rest).toMatchObject({
    ...{ module: 'keras', class_name: 'Sequential', registered_name: null },
    build_config: { input_shape: [null, 4] },
  });
  const [input, dense, inner] = rest.config.layers;
  expect(input).toEqual({
    ...{ module: 'keras.layers', class_name: 'InputLayer', registered_name: null },
    config: { batch_input_shape: [null, 4], dtype: 'float32', sparse: false, name: 'dense_input' },
  });
  expect(dense).toMatchObject({
    config: { kernel_initializer: { module: 'keras.initializers', registered_name: null } },
    build_config: { input_shape: [null, 4] },
  });
  expect(dense!.config).not.toHaveProperty('batch_input_shape');
  expect(inner).toMatchObject({ module: 'keras', build_config: { input_shape: [null, 5] } });
  expect(compile).toMatchObject({
    optimizer: {
      module: 'keras.optimizers',
      config: { learning_rate: { module: 'keras.optimizers.schedules' } },
    },
    loss: { module: 'keras.losses' },
    ...{ run_eagerly: false, steps_per_execution: 1, jit_compile: false },
  });
});

test("an archive's weights are found by classes, and SGD without momentum has no slots", async () => {
  const entries = await unzipEntries(readFileSync(at('m.keras')));
  const file = await openHdf5(entries[2]!.bytes, 'test', 1 << 20);
  const pairs = (group: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${group}/vars/${i}`);
  expect(file.datasets()).toEqual([
    ...pairs('layers/dense', 2),
    ...pairs('layers/dense_1', 2),
    ...pairs('layers/sequential/layers/batch_normalization', 4),
    ...pairs('layers/sequential/layers/dense', 2),
    ...pairs('metrics/mean', 2),
    ...pairs('metrics/mean_metric_wrapper', 2),
    ...pairs('optimizer', 1),
  ]);
  expect(file.has('vars')).toBe(true);
});

test.each([[['top_level_model_weights']], [['a', 'a/a', 'a/a/kernel:0']]])(
  'HDF5 has one place for the layers %j',
  async (names) => {
    const list = names.map((name, i) =>
      layers.dense({ units: 2, name, ...(i === 0 && { inputShape: [2] }) }),
    );
    const save = () => sequential(list).save(at('places.h5'));
    await expectFailure(save, { code: 'INVALID_ARGUMENT', says: ['model.save', names[0]!] });
  },
);

test.each(['.', '..', '/top', 'a//b', 'a/', 'a\0b'])(
  'HDF5 has no place for a layer %j',
  async (name) => {
    const path = at('names.h5');
    const save = (layer: string, to: string) =>
      sequential([layers.dense({ units: 2, inputShape: [3], name: layer })]).save(to);
    await save('a/b', path);
    const before = readFileSync(path);
    const says = ['model.save', JSON.stringify(name).slice(1, -1)];
    await expectFailure(() => save(name, path), { code: 'INVALID_ARGUMENT', says });
    expect(readFileSync(path)).toEqual(before);
    // Archives number what they keep.
    await save(name, at('names.keras'));
    expect((await loadModel(at('names.keras'))).layers[0]!.name).toBe(name);
  },
);
