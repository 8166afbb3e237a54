import { Layer } from '../model/layer';
import { unsupported } from '../errors';
import {
  flag,
  integer,
  notYet,
  nullable,
  number,
  oneOf,
  required,
  shape,
  text,
  toConfig,
  type OptionTable,
} from './options';
import { toWire, type Identifier } from './spec';

/** Options of every layer. */
export interface LayerOptions {
  /** Default: the class in snake_case, numbered per model. */
  readonly name?: string;
  /** Whether `fit` changes its weights; default true. */
  readonly trainable?: boolean;
  readonly dtype?: 'float32';
  /** The shape of one sample, for the first layer. */
  readonly inputShape?: readonly number[];
  /** The same with the batch axis (null) in front. */
  readonly batchInputShape?: readonly (number | null)[];
}

/** `linear` (default), `relu`, `sigmoid`, `softmax` or `tanh`. */
export type Activation = 'linear' | 'relu' | 'sigmoid' | 'softmax' | 'tanh' | (string & {});

export interface DenseOptions extends LayerOptions {
  /** Outputs per sample. */
  readonly units: number;
  readonly activation?: Activation | null;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default Glorot uniform. */
  readonly kernelInitializer?: Identifier;
  /** Default zeros. */
  readonly biasInitializer?: Identifier;
  readonly kernelRegularizer?: Identifier | null;
  readonly biasRegularizer?: Identifier | null;
  /** On the outputs, as a mean over the samples. */
  readonly activityRegularizer?: Identifier | null;
  readonly kernelConstraint?: Identifier | null;
  readonly biasConstraint?: Identifier | null;
}

export interface ActivationOptions extends LayerOptions {
  readonly activation: Activation;
}

export interface DropoutOptions extends LayerOptions {
  /** The part of the inputs that is dropped while training, 0 to 1. */
  readonly rate: number;
  readonly seed?: number | null;
}

export interface BatchNormalizationOptions extends LayerOptions {
  /** The axis that is kept; default -1, the last. */
  readonly axis?: number;
  /** Of the moving mean and variance; default 0.99. */
  readonly momentum?: number;
  /** Default 0.001. */
  readonly epsilon?: number;
  readonly center?: boolean;
  readonly scale?: boolean;
  readonly betaInitializer?: Identifier;
  readonly gammaInitializer?: Identifier;
  readonly movingMeanInitializer?: Identifier;
  readonly movingVarianceInitializer?: Identifier;
  readonly betaRegularizer?: Identifier | null;
  readonly gammaRegularizer?: Identifier | null;
  readonly betaConstraint?: Identifier | null;
  readonly gammaConstraint?: Identifier | null;
}

export interface InputLayerOptions extends Omit<LayerOptions, 'trainable'> {
  /** Taken, as Keras's files have it, but not enforced: a model takes batches of any size. */
  readonly batchSize?: number | null;
}

const BASE = {
  name: text,
  trainable: flag,
  dtype: oneOf('float32'),
  inputShape: shape(),
  batchInputShape: shape(),
} satisfies OptionTable;

const DENSE = {
  ...BASE,
  units: required(integer(1)),
  activation: nullable(text),
  useBias: flag,
  kernelInitializer: toWire,
  biasInitializer: toWire,
  kernelRegularizer: nullable(toWire),
  biasRegularizer: nullable(toWire),
  activityRegularizer: nullable(toWire),
  kernelConstraint: nullable(toWire),
  biasConstraint: nullable(toWire),
} satisfies OptionTable;

const BATCH_NORMALIZATION = {
  ...BASE,
  axis: integer(),
  momentum: number(0, 1),
  epsilon: number(0),
  center: flag,
  scale: flag,
  betaInitializer: toWire,
  gammaInitializer: toWire,
  movingMeanInitializer: toWire,
  movingVarianceInitializer: toWire,
  betaRegularizer: nullable(toWire),
  gammaRegularizer: nullable(toWire),
  betaConstraint: nullable(toWire),
  gammaConstraint: nullable(toWire),
} satisfies OptionTable;

function make(name: string, className: string, table: OptionTable, options?: object): Layer {
  const config = toConfig(`layers.${name}`, table, options);
  const { input_shape: inputShape, batch_size: batchSize = null, ...rest } = config;
  if (inputShape !== undefined)
    rest['batch_input_shape'] = [batchSize, ...(inputShape as unknown[])];
  return new Layer(className, rest);
}

const missing = (name: string) => (): never =>
  unsupported(`layers.${name}: this layer is not in this version`);

class CustomLayer {
  constructor(_config?: object) {
    unsupported('layers.Layer: custom layers are not in this version');
  }
}

/** Layers: Keras's classes and arguments, in camelCase. */
export const layers = {
  /** activation(x · kernel + bias), `[..., in]` -> `[..., units]`. */
  dense: (options: DenseOptions): Layer => make('dense', 'Dense', DENSE, options),
  /** An activation function as a layer. */
  activation: (options: ActivationOptions): Layer =>
    make('activation', 'Activation', { ...BASE, activation: required(text) }, options),
  /** While training, sets inputs to 0 with probability `rate` and scales the rest by 1 / (1 - rate). */
  dropout: (options: DropoutOptions): Layer =>
    make(
      'dropout',
      'Dropout',
      { ...BASE, rate: required(number(0, 1)), seed: nullable(integer(0)), noiseShape: notYet },
      options,
    ),
  /** `[batch, a, b, ...]` -> `[batch, a * b * ...]`. */
  flatten: (options?: LayerOptions): Layer =>
    make('flatten', 'Flatten', { ...BASE, dataFormat: oneOf('channels_last') }, options),
  /** Normalises by the batch's mean and variance in training, by their moving means otherwise. */
  batchNormalization: (options?: BatchNormalizationOptions): Layer =>
    make('batchNormalization', 'BatchNormalization', BATCH_NORMALIZATION, options),
  /** The model's input, with `inputShape` or `batchInputShape`. */
  inputLayer: (options: InputLayerOptions): Layer => {
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
  /** Not in this version: throws `UNSUPPORTED`. */
  rescaling: missing('rescaling'),
} as const;
