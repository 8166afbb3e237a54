import { flag, integer, nullable, number, oneOf, text, type OptionTable } from './options';
import { factoriesOf } from './spec';

/**
 * How the losses of a batch become one number; `'auto'` is the sum over the number of samples. With `'none'` the sum
 * is minimised and the mean shown.
 */
export type Reduction = 'auto' | 'sum_over_batch_size' | 'sum' | 'none';

export interface LossOptions {
  readonly name?: string;
  readonly reduction?: Reduction;
}

export interface CrossentropyOptions extends LossOptions {
  /** Whether predictions are logits rather than probabilities; default false. */
  readonly fromLogits?: boolean;
}

export interface SparseCrossentropyOptions extends CrossentropyOptions {
  /** A label whose samples do not count. */
  readonly ignoreClass?: number | null;
}

export interface SmoothedCrossentropyOptions extends CrossentropyOptions {
  /** 0 (default) to 1: how far targets are moved towards uniform. */
  readonly labelSmoothing?: number;
}

export interface FocalCrossentropyOptions extends SmoothedCrossentropyOptions {
  /** The weight of what is predicted badly; default 2. */
  readonly gamma?: number;
  /** The weight of the classes; default 0.25. */
  readonly alpha?: number;
}

const BASE = {
  name: text,
  reduction: oneOf('auto', 'sum_over_batch_size', 'sum', 'none'),
} satisfies OptionTable;
const AXIS = { ...BASE, axis: integer() } satisfies OptionTable;
const SMOOTHED = { ...AXIS, fromLogits: flag, labelSmoothing: number(0, 1) } satisfies OptionTable;
const FOCAL = { ...SMOOTHED, gamma: number(), alpha: number() } satisfies OptionTable;

const make = factoriesOf('losses');

/** Losses, with Keras 2's formulas; all take the mean over samples unless `reduction` says otherwise. */
export const losses = {
  /** Labels are class numbers `[n]` or `[n, 1]`, predictions `[n, classes]`. */
  sparseCategoricalCrossentropy: make<SparseCrossentropyOptions>('SparseCategoricalCrossentropy', {
    ...BASE,
    fromLogits: flag,
    ignoreClass: nullable(integer()),
  }),
  /** Labels are one-hot or probabilities, `[n, classes]`. */
  categoricalCrossentropy: make<SmoothedCrossentropyOptions>('CategoricalCrossentropy', SMOOTHED),
  /** Labels are 0 or 1, in the shape of the predictions. */
  binaryCrossentropy: make<SmoothedCrossentropyOptions>('BinaryCrossentropy', SMOOTHED),
  /** Times alpha (1 - p)^gamma, p the prediction of the right class. */
  categoricalFocalCrossentropy: make<FocalCrossentropyOptions>(
    'CategoricalFocalCrossentropy',
    FOCAL,
  ),
  /** Times (1 - p)^gamma, and alpha or 1 - alpha with `applyClassBalancing` (default false). */
  binaryFocalCrossentropy: make<
    FocalCrossentropyOptions & { readonly applyClassBalancing?: boolean }
  >('BinaryFocalCrossentropy', { ...FOCAL, applyClassBalancing: flag }),
  meanSquaredError: make<LossOptions>('MeanSquaredError', BASE),
  meanAbsoluteError: make<LossOptions>('MeanAbsoluteError', BASE),
  meanAbsolutePercentageError: make<LossOptions>('MeanAbsolutePercentageError', BASE),
  meanSquaredLogarithmicError: make<LossOptions>('MeanSquaredLogarithmicError', BASE),
  /** Minus the cosine of the angle between labels and predictions. */
  cosineSimilarity: make<LossOptions>('CosineSimilarity', AXIS),
  /** Quadratic up to an error of `delta` (default 1), linear beyond. */
  huber: make<LossOptions & { readonly delta?: number }>('Huber', { ...BASE, delta: number() }),
  logCosh: make<LossOptions>('LogCosh', BASE),
  poisson: make<LossOptions>('Poisson', BASE),
  klDivergence: make<LossOptions>('KLDivergence', BASE),
  /** Labels are -1 and 1, or 0 and 1. */
  hinge: make<LossOptions>('Hinge', BASE),
  squaredHinge: make<LossOptions>('SquaredHinge', BASE),
  /** Labels are one-hot. */
  categoricalHinge: make<LossOptions>('CategoricalHinge', BASE),
} as const;
