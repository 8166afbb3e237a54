// Factories: what they refuse at once, and the Keras config that they make.
import { describe, expect, test } from '@jest/globals';
import { initializers } from '../../web/api/config/initializers';
import type { DenseOptions } from '../../web/api/config/layerOptions';
import { layers } from '../../web/api/config/layers';
import { losses } from '../../web/api/config/losses';
import { metrics } from '../../web/api/config/metrics';
import { toSnakeCase } from '../../web/api/config/options';
import { optimizers } from '../../web/api/config/optimizers';
import { camelCase, toWire } from '../../web/api/config/spec';
import { expectFailure } from './support/errors';

const wire = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

test.each([
  ['units', 'units'],
  ['useBias', 'use_bias'],
  ['kernelInitializer', 'kernel_initializer'],
  ['beta1', 'beta_1'],
  ['fromLogits', 'from_logits'],
  ['globalClipnorm', 'global_clipnorm'],
  ['batch_input_shape', 'batch_input_shape'],
  ['l1', 'l1'],
  ['sparseYTrue', 'sparse_y_true'],
  ['topK', 'top_k'],
])('%s is %s in Keras', (camel, snake) => expect(toSnakeCase(camel)).toBe(snake));

describe('configs', () => {
  test.each([
    [
      layers.dense({ units: 512, activation: 'relu', inputShape: [784] }),
      {
        class_name: 'Dense',
        config: { units: 512, activation: 'relu', batch_input_shape: [null, 784] },
      },
    ],
    [
      layers.dense({
        units: 1,
        useBias: false,
        kernelInitializer: initializers.heNormal({ seed: 3 }),
      }),
      {
        class_name: 'Dense',
        config: {
          units: 1,
          use_bias: false,
          kernel_initializer: { class_name: 'HeNormal', config: { seed: 3 } },
        },
      },
    ],
    [
      layers.inputLayer({ inputShape: [28, 28], batchSize: 32 }),
      { class_name: 'InputLayer', config: { batch_input_shape: [32, 28, 28] } },
    ],
    [
      layers.batchNormalization({ batchInputShape: [null, 4], momentum: 0.9 }),
      { class_name: 'BatchNormalization', config: { batch_input_shape: [null, 4], momentum: 0.9 } },
    ],
    [
      layers.dense({ units: 2, activation: layers.leakyReLU({ alpha: 0.1 }) }),
      {
        class_name: 'Dense',
        config: { units: 2, activation: { class_name: 'LeakyReLU', config: { alpha: 0.1 } } },
      },
    ],
    [
      layers.activation({ activation: 'hard_sigmoid' }),
      { class_name: 'Activation', config: { activation: 'hard_sigmoid' } },
    ],
    [
      layers.reLU({ maxValue: 6, negativeSlope: 0.1, threshold: 0 }),
      { class_name: 'ReLU', config: { max_value: 6, negative_slope: 0.1, threshold: 0 } },
    ],
    [layers.reLU(), { class_name: 'ReLU', config: {} }],
    [
      layers.prelu({ sharedAxes: [1, 2], alphaInitializer: 'he_normal' }),
      {
        class_name: 'PReLU',
        config: { alpha_initializer: 'he_normal', shared_axes: [1, 2] },
      },
    ],
    [layers.elu({ alpha: 0.5 }), { class_name: 'ELU', config: { alpha: 0.5 } }],
    [layers.thresholdedReLU({ theta: 2 }), { class_name: 'ThresholdedReLU', config: { theta: 2 } }],
    [layers.softmax({ axis: [1, 2] }), { class_name: 'Softmax', config: { axis: [1, 2] } }],
    [
      layers.dropout({ rate: 0.5, noiseShape: [null, 1, 3] }),
      { class_name: 'Dropout', config: { rate: 0.5, noise_shape: [null, 1, 3] } },
    ],
    [
      layers.spatialDropout1d({ rate: 0.5, seed: 3 }),
      { class_name: 'SpatialDropout1D', config: { rate: 0.5, seed: 3 } },
    ],
    [layers.alphaDropout({ rate: 0.5 }), { class_name: 'AlphaDropout', config: { rate: 0.5 } }],
    [
      layers.gaussianDropout({ rate: 0.5 }),
      { class_name: 'GaussianDropout', config: { rate: 0.5 } },
    ],
    [layers.gaussianNoise({ stddev: 2 }), { class_name: 'GaussianNoise', config: { stddev: 2 } }],
    [
      layers.flatten({ dataFormat: 'channels_first' }),
      { class_name: 'Flatten', config: { data_format: 'channels_first' } },
    ],
    [
      layers.reshape({ targetShape: [2, -1] }),
      { class_name: 'Reshape', config: { target_shape: [2, -1] } },
    ],
    [layers.permute({ dims: [2, 1] }), { class_name: 'Permute', config: { dims: [2, 1] } }],
    [layers.repeatVector({ n: 3 }), { class_name: 'RepeatVector', config: { n: 3 } }],
    [
      layers.rescaling({ scale: [1, 2], offset: -1 }),
      { class_name: 'Rescaling', config: { scale: [1, 2], offset: -1 } },
    ],
    [
      layers.normalization({ axis: null, mean: 1, variance: [[2]], invert: true }),
      {
        class_name: 'Normalization',
        config: { axis: [], mean: 1, variance: [[2]], invert: true },
      },
    ],
    [
      layers.layerNormalization({ axis: [1, 2], epsilon: 0.1, gammaRegularizer: 'l2' }),
      {
        class_name: 'LayerNormalization',
        config: { axis: [1, 2], epsilon: 0.1, gamma_regularizer: 'l2' },
      },
    ],
    [
      layers.unitNormalization({ axis: 1 }),
      { class_name: 'UnitNormalization', config: { axis: 1 } },
    ],
    [
      layers.activityRegularization({ l1: 1, l2: 2 }),
      { class_name: 'ActivityRegularization', config: { l1: 1, l2: 2 } },
    ],
    [
      initializers.varianceScaling({ scale: 2, mode: 'fan_out', distribution: 'uniform', seed: 1 }),
      {
        class_name: 'VarianceScaling',
        config: { scale: 2, mode: 'fan_out', distribution: 'uniform', seed: 1 },
      },
    ],
    [initializers.lecunNormal(), { class_name: 'LecunNormal', config: {} }],
    [initializers.lecunUniform({ seed: 1 }), { class_name: 'LecunUniform', config: { seed: 1 } }],
    [initializers.orthogonal({ gain: 2 }), { class_name: 'Orthogonal', config: { gain: 2 } }],
    [initializers.identity({ gain: 2 }), { class_name: 'Identity', config: { gain: 2 } }],
    [
      losses.sparseCategoricalCrossentropy({ fromLogits: true }),
      { class_name: 'SparseCategoricalCrossentropy', config: { from_logits: true } },
    ],
    [
      metrics.binaryAccuracy({ threshold: 0.4 }),
      { class_name: 'BinaryAccuracy', config: { threshold: 0.4 } },
    ],
    [
      losses.binaryFocalCrossentropy({ applyClassBalancing: true, alpha: 0.3, reduction: 'none' }),
      {
        class_name: 'BinaryFocalCrossentropy',
        config: { apply_class_balancing: true, alpha: 0.3, reduction: 'none' },
      },
    ],
    [
      metrics.precision({ thresholds: [0.4], topK: 2, classId: 1 }),
      { class_name: 'Precision', config: { thresholds: [0.4], top_k: 2, class_id: 1 } },
    ],
    [
      metrics.ioU({ numClasses: 3, targetClassIds: [0, 2], sparseYTrue: false }),
      {
        class_name: 'IoU',
        config: { num_classes: 3, target_class_ids: [0, 2], sparse_y_true: false },
      },
    ],
    [
      optimizers.adam({ beta1: 0.8, legacy: true, decay: 0.1 }).identifier(),
      { class_name: 'Adam', config: { beta_1: 0.8, is_legacy_optimizer: true, decay: 0.1 } },
    ],
  ])('%#', (made, expected) => expect(wire(made)).toEqual(expected));

  test('identifiers', () => {
    expect(toWire('mse', 'x')).toBe('mse');
    expect(toWire('sparseCategoricalCrossentropy', 'x')).toBe('sparse_categorical_crossentropy');
    expect(toWire({ className: 'Zeros' }, 'x')).toEqual({ class_name: 'Zeros', config: {} });
    expect(toWire({ class_name: 'SGD', config: { momentum: 1 } }, 'x')).toEqual({
      class_name: 'SGD',
      config: { momentum: 1 },
    });
  });
});

test('factories have the names of their classes', () => {
  // What the classes that need an option are made with.
  const options: Record<string, object> = {
    meanRelativeError: { normalizer: 1 },
    sensitivityAtSpecificity: { specificity: 1 },
    specificityAtSensitivity: { sensitivity: 1 },
    precisionAtRecall: { recall: 1 },
    recallAtPrecision: { precision: 1 },
    ioU: { numClasses: 2, targetClassIds: [1] },
    oneHotIoU: { numClasses: 2, targetClassIds: [1] },
    meanIoU: { numClasses: 2 },
    oneHotMeanIoU: { numClasses: 2 },
  };
  for (const [name, make] of [...Object.entries(losses), ...Object.entries(metrics)]) {
    const spec = (make as (options?: object) => { className: string })(options[name]);
    expect(camelCase(spec.className)).toBe(name);
  }
});

test('the rate of an optimizer before compile', () => {
  const optimizer = optimizers.adam({ beta1: 0.8 });
  expect(optimizer.learningRate).toBe(0.001);
  optimizer.learningRate = 0.5;
  expect(optimizer.learningRate).toBe(0.5);
  const config = { beta_1: 0.8, learning_rate: 0.5 };
  expect(optimizer.getConfig()).toEqual(config);
  expect(wire(optimizer)).toEqual({ class_name: 'Adam', config });
  expect(optimizer.identifier()).toEqual({ class_name: 'Adam', config });
});

test('schedules', () => {
  const learningRate = optimizers.schedules.cosineDecay({
    initialLearningRate: 0.1,
    decaySteps: 100,
    warmupTarget: 0.5,
    warmupSteps: 10,
  });
  const schedule = {
    class_name: 'CosineDecay',
    config: {
      initial_learning_rate: 0.1,
      decay_steps: 100,
      warmup_target: 0.5,
      warmup_steps: 10,
    },
  };
  const optimizer = optimizers.ftrl({ learningRate, l1RegularizationStrength: 0.5 });
  expect(wire(optimizer.identifier())).toEqual({
    class_name: 'Ftrl',
    config: { learning_rate: schedule, l1_regularization_strength: 0.5 },
  });
  expect(wire(optimizers.adam({ learningRate: schedule }).identifier())).toEqual({
    class_name: 'Adam',
    config: { learning_rate: schedule },
  });
  expect(optimizer.learningRate).toBe(0.1);
  const steps = optimizers.schedules.piecewiseConstantDecay({ boundaries: [5], values: [2, 1] });
  expect(optimizers.lion({ learningRate: steps }).learningRate).toBe(2);
});

describe('refusals', () => {
  const dense = (options: object) => () => layers.dense(options as DenseOptions);
  test.each<[() => unknown, string, (string | RegExp)[]]>([
    [
      dense({ unit: 3 }),
      'INVALID_ARGUMENT',
      ["layers.dense: unknown option 'unit'", "did you mean 'units'"],
    ],
    [
      () => optimizers.adam({ epsilon: null as never }),
      'INVALID_ARGUMENT',
      ['optimizers.adam: epsilon', 'number >= 0', 'came null'],
    ],
    [dense({}), 'INVALID_ARGUMENT', ["layers.dense: missing option 'units'"]],
    [dense({ units: 0 }), 'INVALID_ARGUMENT', ['layers.dense: units', '>= 1', 'came 0']],
    [dense({ units: '8' }), 'INVALID_ARGUMENT', ['units', 'integer', 'came "8"']],
    [dense({ units: 1.5 }), 'INVALID_ARGUMENT', ['came 1.5']],
    [dense({ units: NaN }), 'INVALID_ARGUMENT', ['came NaN']],
    [dense({ units: 1, useBias: 1 }), 'INVALID_ARGUMENT', ['useBias', 'true or false', 'came 1']],
    [dense({ units: 1, inputShape: 784 }), 'INVALID_ARGUMENT', ['inputShape', 'array', 'came 784']],
    [dense({ units: 1, inputShape: [0] }), 'INVALID_ARGUMENT', ['inputShape', 'came \\[0\\]']],
    [dense({ units: 1, dtype: 'float64' }), 'INVALID_ARGUMENT', ["'float32'", 'came "float64"']],
    [
      dense({ units: 1, kernelInitializer: 3 }),
      'INVALID_ARGUMENT',
      ['kernelInitializer', 'came 3'],
    ],
    [
      dense({ units: 1, kernelRegularizer: 3 }),
      'INVALID_ARGUMENT',
      ['kernelRegularizer', 'came 3'],
    ],
    [() => layers.dense(null as never), 'INVALID_ARGUMENT', ['missing|record']],
    [() => layers.dropout({ rate: 1.5 }), 'INVALID_ARGUMENT', ['rate', 'from 0 to 1', 'came 1.5']],
    [() => layers.dropout({} as never), 'INVALID_ARGUMENT', ["missing option 'rate'"]],
    [() => layers.reshape({} as never), 'INVALID_ARGUMENT', ["missing option 'targetShape'"]],
    [
      () => layers.reshape({ targetShape: [-2] }),
      'INVALID_ARGUMENT',
      ['layers.reshape: targetShape', '>= -1', 'came -2'],
    ],
    [() => layers.permute({ dims: 2 as never }), 'INVALID_ARGUMENT', ['dims', 'array', 'came 2']],
    [
      () => layers.rescaling({ scale: [[1], ['x' as never]] }),
      'INVALID_ARGUMENT',
      ['scale', 'number', 'came "x"'],
    ],
    [() => layers.softmax({ axis: 1.5 }), 'INVALID_ARGUMENT', ['axis', 'integer', 'came 1.5']],
    [() => layers.reLU({ maxValue: -1 }), 'INVALID_ARGUMENT', ['maxValue', '>= 0', 'came -1']],
    [() => layers.conv2d(), 'UNSUPPORTED', ['layers.conv2d']],
    [
      () => optimizers.adam({ learningRate: -1 }),
      'INVALID_ARGUMENT',
      ['learningRate', '>= 0', 'came -1'],
    ],
    [
      () => optimizers.adam({ learningRate: {} as never }),
      'INVALID_ARGUMENT',
      ['optimizers.adam: learningRate', 'Keras config'],
    ],
    [
      () => optimizers.adam({ beta_1: 1 } as never),
      'INVALID_ARGUMENT',
      ["unknown option 'beta_1'", "'beta1'"],
    ],
    [() => optimizers.sgd({ decay: 0.1 }), 'INVALID_ARGUMENT', ['decay', 'legacy']],
    [() => optimizers.nadam({ decay: 0.1 } as never), 'INVALID_ARGUMENT', ["option 'decay'"]],
    [
      () => optimizers.adam({ weightDecay: 0.1, legacy: true }),
      'INVALID_ARGUMENT',
      ['optimizers.adam: weight_decay', 'legacy: false'],
    ],
    [() => optimizers.sgd({ clipnorm: -1 }), 'INVALID_ARGUMENT', ['clipnorm', '>= 0', 'came -1']],
    [
      () => optimizers.schedules.exponentialDecay({ initialLearningRate: 1 } as never),
      'INVALID_ARGUMENT',
      ["optimizers.schedules.exponentialDecay: missing option 'decaySteps'"],
    ],
    [
      () => optimizers.schedules.piecewiseConstantDecay({ boundaries: [1], values: 'ab' as never }),
      'INVALID_ARGUMENT',
      ['values', 'array of numbers', 'came "ab"'],
    ],
    [
      () => losses.meanSquaredError({ reduction: 'mean' as never }),
      'INVALID_ARGUMENT',
      ['losses.meanSquaredError: reduction', "'none'", 'came "mean"'],
    ],
    [
      () => metrics.sparseCategoricalAccuracy({ naem: 'a' } as never),
      'INVALID_ARGUMENT',
      ["'name'"],
    ],
    [
      () => metrics.recallAtPrecision({} as never),
      'INVALID_ARGUMENT',
      ["metrics.recallAtPrecision: missing option 'precision'"],
    ],
    [
      () => metrics.auc({ thresholds: [0.5, 2] }),
      'INVALID_ARGUMENT',
      ['metrics.auc: thresholds', 'from 0 to 1', 'came 2'],
    ],
    [
      () => metrics.oneHotIoU({ numClasses: 2, targetClassIds: 1 as never }),
      'INVALID_ARGUMENT',
      ['targetClassIds: expected an array', 'came 1'],
    ],
    [() => metrics.auc({ labelWeights: [1] } as never), 'UNSUPPORTED', ['labelWeights']],
    [() => initializers.zeros({ seed: 1 }), 'INVALID_ARGUMENT', ['unknown option']],
    [() => initializers.randomNormal({ stddev: -1 }), 'INVALID_ARGUMENT', ['stddev', 'came -1']],
  ])('%#', (task, code, says) =>
    expectFailure(task, { code, says: says.map((part) => new RegExp(part)) }),
  );
});
