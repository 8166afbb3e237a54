import { ownInitializer } from '../custom/initializer';
import { CustomLayer } from '../custom/layer';
import { Layer } from '../model/layer';
import { unsupported } from '../errors';
import type * as Options from './layerOptions';
import {
  axes,
  flag,
  integer,
  list,
  nullable,
  number,
  numbers,
  oneOf,
  required,
  shape,
  text,
  toConfig,
  type Check,
  type OptionTable,
} from './options';
import { toWire } from './spec';

const BASE = {
  name: text,
  trainable: flag,
  dtype: oneOf('float32'),
  inputShape: shape(),
  batchInputShape: shape(),
} satisfies OptionTable;

const initializer: Check = (value, where) => ownInitializer(value, where) ?? toWire(value, where);

/** What Keras's arguments say of the weight `name`. */
const weight = (name: string): OptionTable => ({
  [`${name}Initializer`]: initializer,
  [`${name}Regularizer`]: nullable(toWire),
  [`${name}Constraint`]: nullable(toWire),
});

const SEED = nullable(integer(0));
const RATE = { rate: required(number(0, 1)), seed: SEED };

const NORM = {
  epsilon: number(0),
  center: flag,
  scale: flag,
  ...weight('beta'),
  ...weight('gamma'),
} satisfies OptionTable;

function make(name: string, className: string, table: OptionTable, options?: object): Layer {
  const config = toConfig(`layers.${name}`, table, options);
  const { input_shape: inputShape, batch_size: batchSize = null, ...rest } = config;
  if (inputShape !== undefined)
    rest['batch_input_shape'] = [batchSize, ...(inputShape as unknown[])];
  return new Layer(className, rest);
}

type Factory<O> = Record<never, never> extends O ? (options?: O) => Layer : (options: O) => Layer;

/** The factory `name` of a class; its options besides those of every layer. */
const of =
  <O extends object>(name: string, className: string, table: OptionTable = {}): Factory<O> =>
  (options?: O) =>
    make(name, className, { ...BASE, ...table }, options);

const missing = (name: string) => (): never =>
  unsupported(`layers.${name}: this layer is not in this version`);

/** Layers: Keras's classes and arguments, in camelCase. */
export const layers = {
  /** activation(x · kernel + bias), `[..., in]` -> `[..., units]`. */
  dense: of<Options.DenseOptions>('dense', 'Dense', {
    units: required(integer(1)),
    activation: nullable(toWire),
    useBias: flag,
    ...weight('kernel'),
    ...weight('bias'),
    activityRegularizer: nullable(toWire),
  }),
  /** An activation function as a layer. */
  activation: of<Options.ActivationOptions>('activation', 'Activation', {
    activation: required(toWire),
  }),
  /** max(x, 0), with a limit, a slope below and a threshold. */
  reLU: of<Options.ReLUOptions>('reLU', 'ReLU', {
    maxValue: nullable(number(0)),
    negativeSlope: number(0),
    threshold: number(0),
  }),
  /** x, and alpha · x below 0. */
  leakyReLU: of<Options.LeakyReLUOptions>('leakyReLU', 'LeakyReLU', {
    alpha: number(),
    negativeSlope: number(),
  }),
  /** x, and alpha · x below 0, with a trained alpha for each element of a sample. */
  prelu: of<Options.PReluOptions>('prelu', 'PReLU', {
    ...weight('alpha'),
    sharedAxes: nullable(axes),
  }),
  /** x, and alpha · (exp(x) - 1) below 0. */
  elu: of<Options.EluOptions>('elu', 'ELU', { alpha: number() }),
  /** x above theta, else 0. */
  thresholdedReLU: of<Options.ThresholdedReLUOptions>('thresholdedReLU', 'ThresholdedReLU', {
    theta: number(0),
  }),
  /** exp(x) / sum of exp(x) over `axis`. */
  softmax: of<Options.AxisOptions>('softmax', 'Softmax', { axis: axes }),
  /** While training, sets inputs to 0 with probability `rate` and scales the rest by 1 / (1 - rate). */
  dropout: of<Options.DropoutOptions>('dropout', 'Dropout', {
    ...RATE,
    noiseShape: nullable(list(nullable(integer(1)))),
  }),
  /** The same with whole channels of `[batch, steps, channels]`. */
  spatialDropout1d: of<Options.NoiseOptions>('spatialDropout1d', 'SpatialDropout1D', RATE),
  /** While training, sets inputs to SELU's limit so that mean and variance stay. */
  alphaDropout: of<Options.NoiseOptions>('alphaDropout', 'AlphaDropout', RATE),
  /** While training, multiplies by normal numbers of mean 1 and variance rate / (1 - rate). */
  gaussianDropout: of<Options.NoiseOptions>('gaussianDropout', 'GaussianDropout', RATE),
  /** While training, adds normal numbers of mean 0. */
  gaussianNoise: of<Options.GaussianNoiseOptions>('gaussianNoise', 'GaussianNoise', {
    stddev: required(number(0)),
    seed: SEED,
  }),
  /** `[batch, a, b, ...]` -> `[batch, a * b * ...]`. */
  flatten: of<Options.FlattenOptions>('flatten', 'Flatten', {
    dataFormat: oneOf('channels_last', 'channels_first'),
  }),
  /** `[batch, ...]` -> `[batch, ...targetShape]`. */
  reshape: of<Options.ReshapeOptions>('reshape', 'Reshape', {
    targetShape: required(list(integer(-1))),
  }),
  /** The axes behind the batch in another order. */
  permute: of<Options.PermuteOptions>('permute', 'Permute', { dims: required(list(integer(1))) }),
  /** `[batch, features]` -> `[batch, n, features]`. */
  repeatVector: of<Options.RepeatVectorOptions>('repeatVector', 'RepeatVector', {
    n: required(integer(1)),
  }),
  /** x · scale + offset, such as `scale: 1 / 255` for uint8 images. */
  rescaling: of<Options.RescalingOptions>('rescaling', 'Rescaling', {
    scale: required(numbers),
    offset: numbers,
  }),
  /** (x - mean) / sqrt(variance) by what `await layer.adapt(data)` or the arguments say. */
  normalization: of<Options.NormalizationOptions>('normalization', 'Normalization', {
    axis: (value, where) => (value === null ? [] : axes(value, where)),
    mean: nullable(numbers),
    variance: nullable(numbers),
    invert: flag,
  }),
  /** Normalises by the batch's mean and variance in training, by their moving means otherwise. */
  batchNormalization: of<Options.BatchNormalizationOptions>(
    'batchNormalization',
    'BatchNormalization',
    {
      ...NORM,
      axis: integer(),
      momentum: number(0, 1),
      movingMeanInitializer: initializer,
      movingVarianceInitializer: initializer,
    },
  ),
  /** Normalises each sample by its own mean and variance over `axis`. */
  layerNormalization: of<Options.LayerNormalizationOptions>(
    'layerNormalization',
    'LayerNormalization',
    { ...NORM, axis: axes },
  ),
  /** Divides by the L2 norm over `axis`. */
  unitNormalization: of<Options.AxisOptions>('unitNormalization', 'UnitNormalization', {
    axis: axes,
  }),
  /** Adds l1 · sum |x| + l2 · sum x² to the loss, as a mean over the samples. */
  activityRegularization: of<Options.ActivityRegularizationOptions>(
    'activityRegularization',
    'ActivityRegularization',
    { l1: number(), l2: number() },
  ),
  /** The model's input, with `inputShape` or `batchInputShape`. */
  inputLayer: (options: Options.InputLayerOptions): Layer => {
    const { name, dtype, inputShape, batchInputShape } = BASE;
    const table = { name, dtype, inputShape, batchInputShape, batchSize: nullable(integer(1)) };
    return make('inputLayer', 'InputLayer', table, options);
  },
  /** The base of custom layers. Not in this version: its constructor throws `UNSUPPORTED`. */
  Layer: CustomLayer,
  /** Not in this version: throws `UNSUPPORTED`. */
  conv2d: missing('conv2d'),
  /** Not in this version: throws `UNSUPPORTED`. */
  maxPooling2d: missing('maxPooling2d'),
  /** Not in this version: throws `UNSUPPORTED`. */
  embedding: missing('embedding'),
  /** Not in this version: throws `UNSUPPORTED`. */
  lstm: missing('lstm'),
} as const;
