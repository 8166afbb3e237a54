import { flag, integer, notYet, number, oneOf, text, toConfig, type OptionTable } from './options';
import { Spec } from './spec';

/** How the losses of a batch become one number; `'auto'` is the sum over the number of samples. */
export type Reduction = 'auto' | 'sum_over_batch_size' | 'sum';

export interface LossOptions {
  readonly name?: string;
  readonly reduction?: Reduction;
}

export interface CrossentropyOptions extends LossOptions {
  /** Whether predictions are logits rather than probabilities; default false. */
  readonly fromLogits?: boolean;
}

export interface SmoothedCrossentropyOptions extends CrossentropyOptions {
  /** 0 (default) to 1: how far targets are moved towards uniform. */
  readonly labelSmoothing?: number;
}

const BASE = {
  name: text,
  reduction: oneOf('auto', 'sum_over_batch_size', 'sum'),
} satisfies OptionTable;
const SPARSE = { ...BASE, fromLogits: flag, ignoreClass: notYet } satisfies OptionTable;
const SMOOTHED = {
  ...BASE,
  fromLogits: flag,
  labelSmoothing: number(0, 1),
  axis: integer(),
} satisfies OptionTable;

const make =
  <O extends object>(name: string, className: string, table: OptionTable) =>
  (options?: O): Spec =>
    new Spec(className, toConfig(`losses.${name}`, table, options));

/** Losses, with Keras 2's formulas; all take the mean over samples unless `reduction` says otherwise. */
export const losses = {
  /** Labels are class numbers `[n]` or `[n, 1]`, predictions `[n, classes]`. */
  sparseCategoricalCrossentropy: make<CrossentropyOptions>(
    'sparseCategoricalCrossentropy',
    'SparseCategoricalCrossentropy',
    SPARSE,
  ),
  /** Labels are one-hot or probabilities, `[n, classes]`. */
  categoricalCrossentropy: make<SmoothedCrossentropyOptions>(
    'categoricalCrossentropy',
    'CategoricalCrossentropy',
    SMOOTHED,
  ),
  /** Labels are 0 or 1, in the shape of the predictions. */
  binaryCrossentropy: make<SmoothedCrossentropyOptions>(
    'binaryCrossentropy',
    'BinaryCrossentropy',
    SMOOTHED,
  ),
  meanSquaredError: make<LossOptions>('meanSquaredError', 'MeanSquaredError', BASE),
} as const;
