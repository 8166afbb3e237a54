// Models as layers, freezing, and what weights must satisfy.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  constraints,
  layers,
  modelFromJson,
  optimizers,
  regularizers,
  sequential,
  setSeed,
  type Model,
} from 'tabtrain';
import { expectFailure } from './support/errors';

const x = { data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)), shape: [8, 3] };
const y = { data: Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)), shape: [8, 2] };
const quiet = { verbose: 0, shuffle: false } as const;

const encoder = (options: object = {}) =>
  sequential([
    layers.dense({ units: 4, activation: 'tanh', inputShape: [3], ...options }),
    layers.batchNormalization(),
  ]);
const nested = (options: object = {}): Model =>
  sequential([encoder(options), layers.dense({ units: 2 })]);
const compiled = (model: Model): Model => {
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.05 }), loss: 'mse' });
  return model;
};
const bits = async (model: Model) =>
  (await model.getWeights()).map(({ name, data }) => [name, [...(data as Float32Array)]] as const);

describe('a model as a layer', () => {
  test('is named, shaped and described as in Keras', async () => {
    const model = nested();
    const text = await model.summary({ print: () => {} });
    expect(model.layers.map(({ name, className }) => [name, className])).toEqual([
      ['sequential', 'Sequential'],
      ['dense_1', 'Dense'],
    ]);
    expect(model.name).toBe('sequential_1');
    expect(text).toContain(' sequential (Sequential)     (None, 4)                 32        ');
    const [inner] = model.layers;
    expect(inner!.outputShape).toEqual([null, 4]);
    expect(inner!.layers.map(({ name }) => name)).toEqual(['dense', 'batch_normalization']);
    expect(inner!.layers[0]!.getConfig()).toMatchObject({ units: 4, activation: 'tanh' });
    expect(model.countParams()).toBe(32 + 10);
  });

  test('trains as the same layers in one model do, and goes through a checkpoint', async () => {
    const flat = compiled(
      sequential([
        layers.dense({ units: 4, activation: 'tanh', inputShape: [3] }),
        layers.batchNormalization(),
        layers.dense({ units: 2 }),
      ]),
    );
    const model = compiled(nested());
    await model.build();
    await flat.build();
    await model.setWeights(await flat.getWeights());
    const a = await flat.fit(x, y, { ...quiet, epochs: 3, batchSize: 3 });
    const b = await model.fit(x, y, { ...quiet, epochs: 3, batchSize: 3 });
    expect(b.history).toEqual(a.history);

    const path = join(mkdtempSync(join(tmpdir(), 'nested-')), 'cp.ckpt');
    await model.saveWeights(path);
    const again = compiled(nested());
    (await again.loadWeights(path)).assertConsumed();
    expect(await bits(again)).toEqual(await bits(model));
    await again.fit(x, y, { ...quiet, epochs: 1 });
    await model.fit(x, y, { ...quiet, epochs: 1 });
    expect(await bits(again)).toEqual(await bits(model));
  });

  test('goes through its config', async () => {
    const model = nested({ kernelRegularizer: regularizers.l2({ l2: 0.1 }) });
    await model.build();
    const copy = modelFromJson(model.toJson());
    await copy.build();
    expect(copy.toJson()).toBe(model.toJson());
    expect(copy.layers[0]!.layers).toHaveLength(2);
  });

  test('is used through the outer model alone', async () => {
    const inner = encoder();
    sequential([inner, layers.dense({ units: 2 })]);
    await expectFailure(() => inner.predict(x), {
      code: 'UNSUPPORTED',
      says: ['model.predict: the model is a layer of another model'],
    });
    const used = encoder();
    await used.build();
    await expectFailure(() => sequential([used]), {
      code: 'UNSUPPORTED',
      says: ['a model that has been used cannot become a layer'],
    });
    await expectFailure(() => nested().predict({ data: new Float32Array(8), shape: [2, 4] }), {
      code: 'SHAPE_MISMATCH',
      says: ['(None, 3)', '(2, 4)'],
    });
  });
});

describe('freezing', () => {
  test('keeps weights, from the next compile on', async () => {
    setSeed(3);
    const model = compiled(nested());
    const [inner, head] = model.layers;
    await model.fit(x, y, quiet);
    const before = new Map(await bits(model));
    inner!.trainable = false;
    expect(inner!.layers[0]!.trainable).toBe(false);
    expect(await model.summary({ print: () => {} })).toContain('Trainable params: 10\n');
    compiled(model);
    await model.fit(x, y, quiet);
    const after = new Map(await bits(model));
    // A frozen normalization does not move its means either.
    for (const [name, values] of before) {
      const isHead = name.startsWith('dense_1/');
      expect([name, values.join() === after.get(name)!.join()]).toEqual([name, !isHead]);
    }
    head!.trainable = false;
    inner!.layers[0]!.trainable = true;
    compiled(model);
    await model.fit(x, y, quiet);
    const last = new Map(await bits(model));
    expect(last.get('dense_1/kernel')).toEqual(after.get('dense_1/kernel'));
    expect(last.get('dense/kernel')).not.toEqual(after.get('dense/kernel'));
    expect(last.get('batch_normalization/gamma')).toEqual(after.get('batch_normalization/gamma'));
  });

  test('before the first call goes into the config', async () => {
    const model = nested();
    model.trainable = false;
    expect(model.trainable).toBe(false);
    await model.build();
    const { layers: list } = model.getConfig() as { layers: { config: object }[] };
    expect(list[2]).toMatchObject({ config: { trainable: false } });
    expect(await model.summary({ print: () => {} })).toContain('Trainable params: 0\n');
    await expectFailure(() => (model.layers[0]!.trainable = 1 as never), {
      code: 'INVALID_ARGUMENT',
      says: ['layer.trainable: expected true or false, came 1'],
    });
  });
});

describe('penalties and constraints', () => {
  test('penalties are part of the loss, in training and in evaluation', async () => {
    const model = sequential([
      layers.dense({
        units: 2,
        inputShape: [3],
        kernelRegularizer: regularizers.l1l2({ l1: 0.1, l2: 0.2 }),
        activityRegularizer: 'l2',
      }),
    ]);
    model.compile({
      optimizer: optimizers.sgd({ learningRate: 0 }),
      loss: 'mse',
      metrics: ['mse'],
    });
    const [loss, mse] = await model.evaluate(x, y, { verbose: 0 });
    const kernel = (await model.getWeights())[0]!.data as Float32Array;
    const outputs = (await model.predict(x)).data as Float32Array;
    let penalty = 0;
    for (const w of kernel) penalty += 0.1 * Math.abs(w) + 0.2 * w * w;
    for (const output of outputs) penalty += (0.01 * output * output) / 8;
    expect(loss! - mse!).toBeCloseTo(penalty, 5);
    const { history } = await model.fit(x, y, quiet);
    expect(history['loss']![0]).toBeCloseTo(loss!, 5);
  });

  test('constraints hold after every step', async () => {
    const model = sequential([
      layers.dense({
        units: 4,
        inputShape: [3],
        kernelConstraint: constraints.maxNorm({ maxValue: 0.3 }),
        biasConstraint: 'non_neg',
      }),
      layers.dense({ units: 2 }),
    ]);
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.5 }), loss: 'mse' });
    await model.fit(x, y, { ...quiet, epochs: 5 });
    const [kernel, bias] = (await model.getWeights()).map(({ data }) => data as Float32Array);
    for (let unit = 0; unit < 4; ++unit) {
      const norm = Math.hypot(...[0, 1, 2].map((row) => kernel![4 * row + unit]!));
      expect(norm).toBeLessThan(0.30001);
    }
    expect(Math.min(...bias!)).toBeGreaterThanOrEqual(0);
  });
});
