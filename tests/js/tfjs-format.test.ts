// TensorFlow.js's files: to and from the real tfjs-layers.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  layers,
  loadModel,
  losses,
  metrics,
  optimizers,
  sequential,
  setSeed,
  type Optimizer,
  type Sequential,
} from 'tabtrain';
import { expectFailure } from './support/errors';
import { encoded, filesOf, loadedByTfjs, tf, tfl } from './support/tfjs';

let work: string;
beforeAll(() => void (work = mkdtempSync(join(tmpdir(), 'tabtrain-tfjs-'))));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const x = Array.from({ length: 8 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 8]);
const y = x.map(([a, b]) => [0.5 * a! - b!, a! * b!]);

const createModel = (optimizer: Optimizer | string) => {
  setSeed(3);
  const model = sequential([
    layers.dense({ units: 5, inputShape: [3], activation: 'tanh', kernelRegularizer: 'l2' }),
    layers.dense({ units: 2 }),
  ]);
  model.compile({ optimizer, loss: 'mse', metrics: ['mae'] });
  return model;
};
const createTfjs = (optimizer: tf.Optimizer | string) => {
  // The same in every run: its centered RMSProp takes roots of what may be below zero.
  const kernelInitializer = tfl.initializers.glorotUniform({ seed: 7 });
  const first = { units: 5, activation: 'tanh', name: 'first_one' } as const;
  const model = tfl.sequential({
    layers: [
      tfl.layers.dense({ ...first, inputShape: [3], kernelInitializer }),
      tfl.layers.dense({ units: 2, kernelInitializer }),
    ],
  });
  model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['mae'] });
  return model;
};

const steps = { batchSize: 8, epochs: 4, shuffle: false, verbose: 0 as const };
const predicted = async (model: Sequential) =>
  Array.from((await model.predict(x)).data as Float32Array);
const predictedThere = (model: tfl.LayersModel) =>
  Array.from((model.predict(tf.tensor(x)) as tf.Tensor).dataSync<'float32'>());

function expectNear(came: number[], expected: number[], tolerance: number): void {
  expect(came).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(Math.abs(came[i]! - value)).toBeLessThan(tolerance));
}

async function saved(model: Sequential, options = {}): Promise<Record<string, Uint8Array>> {
  const directory = mkdtempSync(join(work, 'model-'));
  await model.save(join(directory, 'model.json'), options);
  const names = readdirSync(directory);
  return Object.fromEntries(
    names.map((name) => [name, new Uint8Array(readFileSync(join(directory, name)))]),
  );
}
const jsonOf = (files: Readonly<Record<string, Uint8Array>>) =>
  JSON.parse(new TextDecoder().decode(files['model.json'])) as Record<string, never>;

describe('training goes on in TensorFlow.js and here, in the same way', () => {
  // Two have another formula there; their state is taken over all the same.
  const cases: [string, () => Optimizer, () => tf.Optimizer, number?][] = [
    ['Adam', () => optimizers.adam({ learningRate: 0.05 }), () => tf.train.adam(0.05)],
    ['SGD', () => optimizers.sgd({ learningRate: 0.1 }), () => tf.train.sgd(0.1)],
    [
      'Nesterov',
      () => optimizers.sgd({ learningRate: 0.1, momentum: 0.8, nesterov: true }),
      () => tf.train.momentum(0.1, 0.8, true),
    ],
    ['RMSprop', () => optimizers.rmsprop({ learningRate: 0.01 }), () => tf.train.rmsprop(0.01)],
    [
      'centered RMSprop',
      () => optimizers.rmsprop({ learningRate: 0.01, momentum: 0.5, centered: true }),
      () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-7, true),
      1e-3,
    ],
    ['Adagrad', () => optimizers.adagrad({ learningRate: 0.1 }), () => tf.train.adagrad(0.1)],
    [
      'Adadelta',
      () => optimizers.adadelta({ learningRate: 0.01 }),
      () => tf.train.adadelta(0.01),
      1e-2,
    ],
  ];

  test.each(cases)('%s', async (_, here, there, tolerance = 2e-5) => {
    // From here to there.
    const model = createModel(here());
    await model.fit(x, y, steps);
    const files = await saved(model);
    const moved = await loadedByTfjs(files);
    expectNear(predictedThere(moved), await predicted(model), 1e-6);
    expect(moved.optimizer.iterations).toBe(4);
    const back = await loadModel(files);
    expect(await predicted(back)).toEqual(await predicted(model));
    await moved.fit(tf.tensor(x), tf.tensor(y), steps);
    await model.fit(x, y, steps);
    await back.fit(x, y, steps);
    expectNear(predictedThere(moved), await predicted(model), tolerance);
    expect(await predicted(back)).toEqual(await predicted(model));

    // From there to here.
    const theirs = createTfjs(there());
    await theirs.fit(tf.tensor(x), tf.tensor(y), steps);
    const taken = await loadModel(await filesOf(theirs));
    expectNear(await predicted(taken), predictedThere(theirs), 1e-6);
    await theirs.fit(tf.tensor(x), tf.tensor(y), steps);
    await taken.fit(x, y, steps);
    expectNear(await predicted(taken), predictedThere(theirs), tolerance);
  });
});

test('Adam from there adds epsilon where it does there', async () => {
  const theirs = createTfjs(tf.train.adam(0.05, 0.9, 0.999, 0.1));
  await theirs.fit(tf.tensor(x), tf.tensor(y), steps);
  const taken = await loadModel(await filesOf(theirs));
  await theirs.fit(tf.tensor(x), tf.tensor(y), steps);
  await taken.fit(x, y, steps);
  expectNear(await predicted(taken), predictedThere(theirs), 2e-5);
});

test('layers of both, nested models, names: predictions are equal within 1e-6', async () => {
  setSeed(5);
  const model = sequential([
    layers.dense({ units: 6, inputShape: [3], kernelInitializer: 'lecun_normal' }),
    layers.batchNormalization(),
    sequential([layers.dense({ units: 4, inputShape: [6] }), layers.leakyReLU({ alpha: 0.2 })]),
    layers.layerNormalization(),
    layers.reshape({ targetShape: [2, 2] }),
    layers.permute({ dims: [2, 1] }),
    layers.flatten(),
    layers.prelu(),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 2, activation: 'hard_sigmoid', name: 'last_one' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'binary_crossentropy' });
  await model.fit(
    x,
    [...y.keys()].map((i) => [i % 2, 1]),
    { epochs: 2, verbose: 0 },
  );
  const moved = await loadedByTfjs(await saved(model));
  expectNear(predictedThere(moved), await predicted(model), 1e-6);
  expectNear(await predicted(await loadModel(await filesOf(moved))), predictedThere(moved), 1e-6);
});

test('what TensorFlow.js has no words for is kept for Keras and for us', async () => {
  const model = createModel('adam');
  const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
  const optimizer = optimizers.adamw({ learningRate: 0.01, clipnorm: 1 });
  model.compile({ optimizer, loss, metrics: [metrics.sparseCategoricalAccuracy()] });
  const classes = x.map((_, i) => i % 2);
  await model.fit(x, classes, steps);
  const files = await saved(model);
  expect(jsonOf(files)['trainingConfig']).toBeUndefined();
  const moved = await loadedByTfjs(files);
  expectNear(predictedThere(moved), await predicted(model), 1e-6);
  const back = await loadModel(files);
  await Promise.all([model.fit(x, classes, steps), back.fit(x, classes, steps)]);
  expect(await predicted(back)).toEqual(await predicted(model));
  expect(back.metricsNames).toEqual(model.metricsNames);

  const bare = jsonOf(await saved(model, { includeOptimizer: false }));
  expect(JSON.stringify(bare)).not.toMatch(/training_?config|optimizer/i);
});

test('shards of 4 MiB; a smaller model takes the place of a larger one, other files stay', async () => {
  const large = sequential([layers.dense({ units: 1100, inputShape: [1100] })]);
  await large.build();
  const directory = join(work, 'replaced');
  const list = () => readdirSync(directory).sort();
  await large.save(join(directory, 'model.json'));
  expect(list()).toEqual(['group1-shard1of2.bin', 'group1-shard2of2.bin', 'model.json']);
  expect(readFileSync(join(directory, 'group1-shard1of2.bin'))).toHaveLength(4 * 1024 * 1024);
  const ones = { data: new Float32Array(1100).fill(1), shape: [1, 1100] };
  const back = await loadModel(directory);
  expect((await back.predict(ones)).data).toEqual((await large.predict(ones)).data);

  const small = createModel('sgd');
  await small.save(directory, { format: 'tfjs' });
  expect(list()).toEqual(['group1-shard1of1.bin', 'model.json']);
  writeFileSync(join(directory, 'notes.txt'), 'mine');
  await small.save(join(directory, 'model.json'));
  expect(list()).toEqual(['group1-shard1of1.bin', 'model.json', 'notes.txt']);
  await expectFailure(() => small.save(join(directory, 'model.json'), { overwrite: false }), {
    ...{ code: 'INVALID_ARGUMENT', says: ['model.json', 'overwrite'] },
  });
  const other = join(work, 'other.json');
  await expectFailure(() => small.save(other, { format: 'tfjs' }), {
    ...{ code: 'INVALID_ARGUMENT', says: ['model.json', 'other.json'] },
  });
  expect(existsSync(other)).toBe(false);
});

test.each(['uint8', 'uint16', 'float16'] as const)('weights quantized to %s', async (dtype) => {
  const model = createModel('sgd');
  await model.build();
  const files = await saved(model, { includeOptimizer: false });
  const json = jsonOf(files) as unknown as {
    weightsManifest: [{ weights: tf.io.WeightsManifestEntry[] }];
  };
  const [{ weights }] = json.weightsManifest;
  const numbers = new Float32Array(files['group1-shard1of1.bin']!.slice().buffer);
  const scale = { uint8: 0.02, uint16: 0.0001, float16: 1 }[dtype];
  const kept = Array.from(numbers, (value) => Math.round((value + 2) / scale));
  // Half precision has 0.5, -0.25 and 2 as they are.
  const halves = Array.from(numbers, (_, i) => [0x3800, 0xb400, 0x4000][i % 3]!);
  const data =
    dtype === 'uint8'
      ? Uint8Array.from(kept)
      : Uint16Array.from(dtype === 'float16' ? halves : kept);
  const quantization = dtype === 'float16' ? { dtype } : { dtype, scale, min: -2 };
  const quantized = {
    'model.json': encoded({
      ...json,
      weightsManifest: [
        { paths: ['w.bin'], weights: weights.map((weight) => ({ ...weight, quantization })) },
      ],
    }),
    'w.bin': new Uint8Array(data.buffer),
  };
  const back = await loadModel(quantized);
  expectNear(await predicted(back), predictedThere(await loadedByTfjs(quantized)), 1e-6);
});

test('models that TensorFlow.js has not: refused with the reason', async () => {
  const files = await filesOf(createTfjs('sgd'));
  const load = (changes: object) =>
    loadModel({ ...files, 'model.json': encoded({ ...jsonOf(files), ...changes }) });
  await expectFailure(() => load({ format: 'graph-model' }), {
    ...{ code: 'UNSUPPORTED', says: ['graph model'] },
  });
  const model = sequential([layers.reLU({ negativeSlope: 0.1, inputShape: [3] })]);
  await model.build();
  await expectFailure(() => saved(model), {
    ...{ code: 'UNSUPPORTED', says: ['ReLU', 'negative_slope'] },
  });
  await expectFailure(() => saved(model, { optimizerLayout: 'legacy' }), {
    ...{ code: 'INVALID_ARGUMENT', says: ['optimizerLayout', 'legacy'] },
  });
});
