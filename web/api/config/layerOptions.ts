import type { CustomInitializer, InitializerFunction } from '../custom/initializer';
import type { Identifier } from './spec';

/** A name, an instance, a Keras config, or a function `(g, shape)` or instance of your own. */
export type Initializer = Identifier | CustomInitializer | InitializerFunction;

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

/** Keras 2's activation functions; `hard_sigmoid` has its formula. */
export type Keras2Activation =
  | 'elu'
  | 'exponential'
  | 'gelu'
  | 'hard_sigmoid'
  | 'leaky_relu'
  | 'linear'
  | 'log_softmax'
  | 'mish'
  | 'relu'
  | 'relu6'
  | 'selu'
  | 'sigmoid'
  | 'silu'
  | 'softmax'
  | 'softplus'
  | 'softsign'
  | 'swish'
  | 'tanh';

/** What only Keras 3 has. */
export type Keras3Activation =
  | 'celu'
  | 'glu'
  | 'hard_shrink'
  | 'hard_silu'
  | 'hard_swish'
  | 'hard_tanh'
  | 'log_sigmoid'
  | 'soft_shrink'
  | 'sparse_plus'
  | 'sparse_sigmoid'
  | 'sparsemax'
  | 'squareplus'
  | 'tanh_shrink';

/** A name (default `linear`), or a reLU, leakyReLU, elu, thresholdedReLU or softmax layer. */
export type Activation =
  Keras2Activation | Keras3Activation | (string & {}) | Exclude<Identifier, string>;

export interface DenseOptions extends LayerOptions {
  /** Outputs per sample. */
  readonly units: number;
  readonly activation?: Activation | null;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default Glorot uniform. */
  readonly kernelInitializer?: Initializer;
  /** Default zeros. */
  readonly biasInitializer?: Initializer;
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

export interface NoiseOptions extends LayerOptions {
  /** The part of the inputs that is dropped while training, 0 to 1; what is left of noise else. */
  readonly rate: number;
  /** Fixes the noise; default: from the model's seed. */
  readonly seed?: number | null;
}

export interface DropoutOptions extends NoiseOptions {
  /** The shape of the noise, null for the input's extents: elements along axes of 1 share theirs. */
  readonly noiseShape?: readonly (number | null)[] | null;
}

export interface GaussianNoiseOptions extends LayerOptions {
  readonly stddev: number;
  readonly seed?: number | null;
}

export interface FlattenOptions extends LayerOptions {
  /** `channels_first` moves axis 1 to the end before; default `channels_last`. */
  readonly dataFormat?: 'channels_last' | 'channels_first';
}

export interface ReshapeOptions extends LayerOptions {
  /** The shape of one sample; one extent may be -1, what is left. */
  readonly targetShape: readonly number[];
}

export interface PermuteOptions extends LayerOptions {
  /** The axes behind the batch, counted from 1, in their new order: `[2, 1]` swaps two. */
  readonly dims: readonly number[];
}

export interface RepeatVectorOptions extends LayerOptions {
  readonly n: number;
}

/** A number, or lists of numbers that broadcast. */
export type Numbers = number | readonly Numbers[];

export interface RescalingOptions extends LayerOptions {
  readonly scale: Numbers;
  /** Default 0. */
  readonly offset?: Numbers;
}

export interface NormalizationOptions extends LayerOptions {
  /** The axes whose indices have a mean and a variance each; default -1; null: one for all. */
  readonly axis?: number | readonly number[] | null;
  /** With `variance`, instead of what `adapt` finds. */
  readonly mean?: Numbers | null;
  readonly variance?: Numbers | null;
  /** Turns normalized values back; default false. */
  readonly invert?: boolean;
}

export interface AxisOptions extends LayerOptions {
  /** The axis or axes that are worked over; default -1, the last. */
  readonly axis?: number | readonly number[];
}

export interface LayerNormalizationOptions extends AxisOptions {
  /** Default 0.001. */
  readonly epsilon?: number;
  readonly center?: boolean;
  readonly scale?: boolean;
  readonly betaInitializer?: Initializer;
  readonly gammaInitializer?: Initializer;
  readonly betaRegularizer?: Identifier | null;
  readonly gammaRegularizer?: Identifier | null;
  readonly betaConstraint?: Identifier | null;
  readonly gammaConstraint?: Identifier | null;
}

export interface ActivityRegularizationOptions extends LayerOptions {
  /** Default 0. */
  readonly l1?: number;
  /** Default 0. */
  readonly l2?: number;
}

export interface ReLUOptions extends LayerOptions {
  /** Default null: no limit. */
  readonly maxValue?: number | null;
  /** Default 0. */
  readonly negativeSlope?: number;
  /** Default 0. */
  readonly threshold?: number;
}

export interface LeakyReLUOptions extends LayerOptions {
  /** The slope below 0; default 0.3. */
  readonly alpha?: number;
  /** Keras 3's name of `alpha`. */
  readonly negativeSlope?: number;
}

export interface EluOptions extends LayerOptions {
  /** Minus the limit below 0; default 1. */
  readonly alpha?: number;
}

export interface ThresholdedReLUOptions extends LayerOptions {
  /** Default 1. */
  readonly theta?: number;
}

export interface PReluOptions extends LayerOptions {
  /** Default zeros. */
  readonly alphaInitializer?: Initializer;
  readonly alphaRegularizer?: Identifier | null;
  readonly alphaConstraint?: Identifier | null;
  /** Axes behind the batch, from 1 on, along which alpha is the same. */
  readonly sharedAxes?: number | readonly number[] | null;
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
  readonly betaInitializer?: Initializer;
  readonly gammaInitializer?: Initializer;
  readonly movingMeanInitializer?: Initializer;
  readonly movingVarianceInitializer?: Initializer;
  readonly betaRegularizer?: Identifier | null;
  readonly gammaRegularizer?: Identifier | null;
  readonly betaConstraint?: Identifier | null;
  readonly gammaConstraint?: Identifier | null;
}

export interface InputLayerOptions extends Omit<LayerOptions, 'trainable'> {
  /** Taken, as Keras's files have it, but not enforced: a model takes batches of any size. */
  readonly batchSize?: number | null;
}
