import { flag, number, oneOf, text, toConfig, type OptionTable } from './options';
import { Spec } from './spec';

export interface MetricOptions {
  /** The key in logs; default Keras's name, such as `sparse_categorical_accuracy`. */
  readonly name?: string;
}

export interface CrossentropyMetricOptions extends MetricOptions {
  readonly fromLogits?: boolean;
}

const BASE = { name: text, dtype: oneOf('float32') } satisfies OptionTable;
const CROSSENTROPY = { ...BASE, fromLogits: flag } satisfies OptionTable;
const SMOOTHED = { ...CROSSENTROPY, labelSmoothing: number(0, 1) } satisfies OptionTable;

const make =
  <O extends object>(name: string, className: string, table: OptionTable) =>
  (options?: O): Spec =>
    new Spec(className, toConfig(`metrics.${name}`, table, options));

/** Metrics: means over the samples of an epoch. The string `'accuracy'` picks the one that fits. */
export const metrics = {
  /** How often the largest prediction is the label (class numbers). */
  sparseCategoricalAccuracy: make<MetricOptions>(
    'sparseCategoricalAccuracy',
    'SparseCategoricalAccuracy',
    BASE,
  ),
  /** How often the largest prediction is the largest target (one-hot). */
  categoricalAccuracy: make<MetricOptions>('categoricalAccuracy', 'CategoricalAccuracy', BASE),
  /** How often prediction > threshold (0.5) equals the label. */
  binaryAccuracy: make<MetricOptions & { readonly threshold?: number }>(
    'binaryAccuracy',
    'BinaryAccuracy',
    { ...BASE, threshold: number(0, 1) },
  ),
  meanSquaredError: make<MetricOptions>('meanSquaredError', 'MeanSquaredError', BASE),
  sparseCategoricalCrossentropy: make<CrossentropyMetricOptions>(
    'sparseCategoricalCrossentropy',
    'SparseCategoricalCrossentropy',
    CROSSENTROPY,
  ),
  categoricalCrossentropy: make<CrossentropyMetricOptions & { readonly labelSmoothing?: number }>(
    'categoricalCrossentropy',
    'CategoricalCrossentropy',
    SMOOTHED,
  ),
  binaryCrossentropy: make<CrossentropyMetricOptions & { readonly labelSmoothing?: number }>(
    'binaryCrossentropy',
    'BinaryCrossentropy',
    SMOOTHED,
  ),
} as const;
