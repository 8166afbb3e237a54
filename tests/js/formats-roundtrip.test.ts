// Whole models and weights saved to HDF5 and .keras and loaded again: nothing is lost.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  layers,
  loadModel,
  losses,
  metrics,
  optimizers,
  sequential,
  setSeed,
  storage,
  type Model,
} from 'tabtrain';
import { expectFailure } from './support/errors';
import { smallModel, smallX, smallY, temporaryDirectory, weightBits } from './support/models';

const directory = temporaryDirectory();
const at = (name: string) => join(directory, name);
const loss = () => losses.sparseCategoricalCrossentropy({ fromLogits: true });
const FILES = ['model.h5', 'model.keras'] as const;

/** Every class of layer that a model on rows of numbers can have; nothing in it is random. */
function everyLayer(): Model {
  const inner = sequential([
    layers.dense({ units: 5 }),
    layers.batchNormalization(),
    layers.prelu(),
    layers.dense({ units: 4, trainable: false }),
  ]);
  return sequential([
    layers.inputLayer({ inputShape: [4] }),
    layers.rescaling({ scale: 0.5, offset: 0.25 }),
    layers.normalization({ name: 'scale' }),
    layers.dense({
      ...{ units: 6, activation: 'relu', kernelRegularizer: 'l2', kernelConstraint: 'max_norm' },
      name: 'größe',
    }),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.reshape({ targetShape: [2, 3] }),
    layers.permute({ dims: [2, 1] }),
    layers.spatialDropout1d({ rate: 0 }),
    layers.flatten(),
    layers.leakyReLU({ alpha: 0.2 }),
    layers.elu(),
    layers.reLU({ negativeSlope: 0.1 }),
    layers.thresholdedReLU({ theta: 0.01 }),
    layers.layerNormalization(),
    inner,
    layers.gaussianNoise({ stddev: 0 }),
    layers.gaussianDropout({ rate: 0 }),
    layers.alphaDropout({ rate: 0 }),
    layers.dropout({ rate: 0 }),
    layers.activityRegularization({ l1: 0.001 }),
    layers.unitNormalization(),
    layers.repeatVector({ n: 2 }),
    layers.flatten(),
    layers.activation({ activation: 'tanh' }),
    layers.dense({ units: 3 }),
    layers.softmax(),
  ]);
}

const fit = (model: Model) =>
  model.fit(smallX, smallY, { batchSize: 32, shuffle: false, verbose: 0 });
const nextLosses = async (model: Model) => {
  const found: number[] = [];
  for (let i = 0; i < 3; ++i) found.push(...(await fit(model)).history['loss']!);
  return found;
};
const config = (model: Model) => JSON.parse(model.toJson()) as unknown;

describe('every layer', () => {
  let model: Model;
  beforeAll(async () => {
    setSeed(4);
    model = everyLayer();
    model.compile({
      optimizer: 'sgd',
      loss: 'sparse_categorical_crossentropy',
      metrics: ['accuracy', metrics.sparseTopKCategoricalAccuracy({ k: 2 })],
    });
    await model.build();
    await model.getLayer('scale').adapt(smallX);
    await fit(model);
  });

  test.each(FILES)('%s: config, weights, metrics, and it goes on the same', async (name) => {
    const path = at(name);
    await model.save(path);
    const loaded = await loadModel(path);
    expect(config(loaded)).toEqual(config(model));
    expect(await weightBits(loaded)).toEqual(await weightBits(model));
    expect(loaded.metricsNames).toEqual(model.metricsNames);
    const twin = await loadModel(path);
    expect(await nextLosses(loaded)).toEqual(await nextLosses(twin));
    expect(await loaded.evaluate(smallX, smallY, { verbose: 0 })).toEqual(
      await twin.evaluate(smallX, smallY, { verbose: 0 }),
    );
  });

  test.each(['weights.h5', 'x.weights.h5', 'weights.keras'])('%s: all weights', async (name) => {
    const path = at(`every-${name}`);
    await model.saveWeights(path);
    const other = everyLayer();
    await other.build();
    (await other.loadWeights(path)).assertExistingObjectsMatched();
    expect(await weightBits(other)).toEqual(await weightBits(model));
  });
});

const { sgd, adam, adamw, adamax, nadam, rmsprop, adagrad, adadelta, ftrl, lion } = optimizers;
const decaying = optimizers.schedules.exponentialDecay({
  ...{ initialLearningRate: 0.05, decaySteps: 3, decayRate: 0.9 },
});
const made = {
  sgd: () => sgd({ learningRate: 0.05 }),
  momentum: () => sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  scheduled: () => sgd({ learningRate: decaying, momentum: 0.5 }),
  scheduledWithout: () => sgd({ learningRate: decaying }),
  adam: () => adam({ learningRate: 0.01 }),
  amsgrad: () => adam({ amsgrad: true }),
  averages: () => adam({ useEma: true, emaMomentum: 0.9 }),
  sgdAverages: () => sgd({ useEma: true }),
  adamw: () => adamw(),
  adamax: () => adamax(),
  nadam: () => nadam(),
  rmsprop: () => rmsprop(),
  centered: () => rmsprop({ centered: true, momentum: 0.5 }),
  adagrad: () => adagrad(),
  adadelta: () => adadelta(),
  ftrl: () => ftrl(),
  lion: () => lion(),
  legacySgd: () => sgd({ legacy: true, decay: 0.1, momentum: 0.5 }),
  legacyAdam: () => adam({ legacy: true }),
  legacyRmsprop: () => rmsprop({ legacy: true, centered: true }),
  legacyNadam: () => nadam({ legacy: true }),
  legacyAdagrad: () => adagrad({ legacy: true }),
  legacyAdadelta: () => adadelta({ legacy: true }),
  legacyFtrl: () => ftrl({ legacy: true }),
  legacyAdamax: () => adamax({ legacy: true }),
};

function withOptimizer(name: keyof typeof made): Model {
  setSeed(7);
  const model = sequential([
    layers.dense({ units: 6, activation: 'tanh', inputShape: [4] }),
    layers.batchNormalization(),
    layers.dense({ units: 3 }),
  ]);
  model.compile({ optimizer: made[name](), loss: loss() });
  return model;
}

describe.each(Object.keys(made) as (keyof typeof made)[])('%s', (name) => {
  test.each([...FILES, 'state.weights.h5'])('%s: its state goes on bit for bit', async (file) => {
    const model = withOptimizer(name);
    await fit(model);
    const path = at(`${name}-${file}`);
    let loaded: Model;
    if (file === 'state.weights.h5') {
      await model.saveWeights(path);
      loaded = withOptimizer(name);
      (await loaded.loadWeights(path)).assertConsumed();
    } else {
      await model.save(path);
      loaded = await loadModel(path);
      expect(loaded.optimizer?.getConfig()).toEqual(model.optimizer?.getConfig());
    }
    expect(await weightBits(loaded)).toEqual(await weightBits(model));
    // Keras 2's list of the newer Nadam is without the product of its momenta, which begins anew.
    if (name !== 'nadam' || file !== 'model.h5') {
      expect(await nextLosses(loaded)).toEqual(await nextLosses(model));
      expect(await weightBits(loaded)).toEqual(await weightBits(model));
    }
    loaded.dispose();
    model.dispose();
  });
});

describe('model.save', () => {
  test('includeOptimizer: false leaves out what compile chose', async () => {
    const model = smallModel();
    for (const name of FILES) {
      await model.save(at(`bare-${name}`), { includeOptimizer: false });
      const { metricsNames } = await loadModel(at(`bare-${name}`));
      expect(metricsNames).not.toContain('accuracy');
    }
  });

  test.each(['new', 'legacy'] as const)('optimizerLayout %s is read again', async (layout) => {
    const model = withOptimizer('adam');
    await fit(model);
    for (const name of FILES) {
      await model.save(at(`${layout}-${name}`), { optimizerLayout: layout });
      const loaded = await loadModel(at(`${layout}-${name}`));
      expect(loaded.optimizer?.getConfig()).toEqual(model.optimizer?.getConfig());
      const twin = await loadModel(at(`${layout}-${name}`));
      expect(await nextLosses(loaded)).toEqual(await nextLosses(twin));
    }
  });

  test('what cannot be kept leaves the older file whole', async () => {
    const model = withOptimizer('rmsprop');
    await fit(model);
    for (const name of FILES) {
      const path = at(`whole-${name}`);
      await model.save(path);
      const before = readFileSync(path);
      await expectFailure(() => model.save(path, { optimizerLayout: 'legacy' }), {
        code: 'UNSUPPORTED',
        says: ['RMSprop', 'does not mean the same'],
      });
      await expectFailure(() => model.save(path, { overwrite: false }), {
        code: 'INVALID_ARGUMENT',
        says: ['exists'],
      });
      expect(readFileSync(path).equals(before)).toBe(true);
    }
  });

  test('refuses what Keras 3 would not read from HDF5', () =>
    expectFailure(() => smallModel().save(at('no.h5'), { optimizerLayout: 'keras3' }), {
      code: 'INVALID_ARGUMENT',
      says: ['optimizerLayout', "came 'keras3'"],
    }));
});

describe('model.loadWeights', () => {
  const named = (first: string, units = 8) =>
    sequential([
      layers.dense({ units, inputShape: [4], name: first }),
      layers.dense({ units: 3, name: 'last' }),
    ]);

  test('byName takes layers of the same name alone', async () => {
    const model = named('a');
    await model.build();
    await model.saveWeights(at('named.h5'));
    const other = named('b');
    await other.build();
    const before = await weightBits(other);
    const status = await other.loadWeights(at('named.h5'), { byName: true });
    const [own, theirs] = [await weightBits(other), await weightBits(model)];
    expect(own).toEqual([...before.slice(0, 2), ...theirs.slice(2)]);
    expect(status.restored).toEqual(['last/kernel', 'last/bias']);
    expect(status.missingInFile).toEqual(['b/kernel', 'b/bias']);
    expect(status.unusedInFile).toEqual(['a/a/kernel:0', 'a/a/bias:0']);
  });

  test.each(['fit.h5', 'fit.weights.h5', 'fit.keras'])(
    '%s: all or nothing, unless skipMismatch says so',
    async (name) => {
      const model = named('a');
      await model.build();
      await model.saveWeights(at(name));
      const other = named('a', 7);
      await other.build();
      const before = await weightBits(other);
      await expectFailure(() => other.loadWeights(at(name)), {
        code: 'SHAPE_MISMATCH',
        says: ["layer 'a'", 'expected [4, 7], the file has [4, 8]'],
      });
      expect(await weightBits(other)).toEqual(before);
      const status = await other.loadWeights(at(name), { skipMismatch: true });
      expect(status.restored).toEqual([]);
      expect(await weightBits(other)).toEqual(before);
    },
  );

  test('skipMismatch takes the layers that fit', async () => {
    const model = named('a');
    await model.build();
    await model.saveWeights(at('skip.h5'));
    const other = sequential([
      layers.dense({ units: 8, inputShape: [5], name: 'a' }),
      layers.dense({ units: 3, name: 'last' }),
    ]);
    await other.build();
    const status = await other.loadWeights(at('skip.h5'), { skipMismatch: true });
    expect(status.restored).toEqual(['last/kernel', 'last/bias']);
    expect((await weightBits(other)).slice(2)).toEqual((await weightBits(model)).slice(2));
  });

  test('takes whole models of every format', async () => {
    const model = smallModel(3);
    await fit(model);
    for (const name of ['all.h5', 'all.keras', 'all-saved-model']) {
      await model.save(at(name));
      const other = smallModel(9);
      await other.build();
      await other.loadWeights(at(name));
      expect(await weightBits(other)).toEqual(await weightBits(model));
    }
  });

  test('says what is not there, not a file of weights, or not in order', async () => {
    const model = smallModel();
    await model.build();
    await expectFailure(() => model.loadWeights(at('none.h5')), {
      code: 'NOT_FOUND',
      says: ["there is no '", "none.h5'"],
    });
    await storage.write(at('text.h5'), new TextEncoder().encode('text'));
    await expectFailure(() => model.loadWeights(at('text.h5')), {
      code: 'UNSUPPORTED',
      says: ['expected'],
    });
    await model.saveWeights(at('order.weights.h5'));
    await expectFailure(() => model.loadWeights(at('order.weights.h5'), { byName: true }), {
      code: 'INVALID_ARGUMENT',
      says: ['byName'],
    });
    await model.saveWeights(at('cp.ckpt'));
    await expectFailure(() => model.loadWeights(at('cp.ckpt'), { byName: true }), {
      code: 'INVALID_ARGUMENT',
      says: ['byName', 'checkpoint'],
    });
    await expectFailure(() => loadModel(at('order.weights.h5')), {
      code: 'UNSUPPORTED',
      says: ['model.loadWeights'],
    });
    await expectFailure(() => model.saveWeights(at('w.h5'), { optimizerLayout: 'legacy' }), {
      code: 'INVALID_ARGUMENT',
      says: ['optimizerLayout', '.weights.h5'],
    });
  });
});
