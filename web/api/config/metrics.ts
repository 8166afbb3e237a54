import {
  flag,
  integer,
  list,
  notYet,
  nullable,
  number,
  oneOf,
  oneOrMore,
  required,
  text,
  type OptionTable,
} from './options';
import { factoriesOf } from './spec';

export interface MetricOptions {
  /** The key in logs; default Keras's name, such as `sparse_categorical_accuracy`. */
  readonly name?: string;
}

export interface CrossentropyMetricOptions extends MetricOptions {
  readonly fromLogits?: boolean;
}

export interface SmoothedCrossentropyMetricOptions extends CrossentropyMetricOptions {
  /** 0 (default) to 1: how far targets are moved towards uniform. */
  readonly labelSmoothing?: number;
}

export interface ThresholdOptions extends MetricOptions {
  /** What a prediction must exceed to be positive, 0 to 1; default 0.5. A list may hold one. */
  readonly thresholds?: number | readonly number[] | null;
}

export interface PrecisionOptions extends ThresholdOptions {
  /** Only the k greatest predictions of a sample can be positive; then there is no default threshold. */
  readonly topK?: number | null;
  /** The one class that counts. */
  readonly classId?: number | null;
}

export interface RateOptions extends MetricOptions {
  /** How many thresholds from 0 to 1 are tried; default 200. */
  readonly numThresholds?: number;
  /** The one class that counts. */
  readonly classId?: number | null;
}

export interface AucOptions extends MetricOptions {
  /** How many thresholds from 0 to 1 are tried; default 200. */
  readonly numThresholds?: number;
  /** Default `'ROC'`. */
  readonly curve?: 'ROC' | 'PR' | 'PR_GAIN';
  /** Default `'interpolation'`. */
  readonly summationMethod?: 'interpolation' | 'majoring' | 'minoring';
  /** Instead of `numThresholds`; 0 and 1 are added. */
  readonly thresholds?: readonly number[] | null;
  /** Whether predictions are logits; default false. */
  readonly fromLogits?: boolean;
}

export interface F1Options extends MetricOptions {
  /** Over the classes; needed where there is more than one. */
  readonly average?: 'micro' | 'macro' | 'weighted' | null;
  /** What a prediction must exceed to be positive; default: the greatest of a sample is. */
  readonly threshold?: number | null;
}

export interface MeanIoUOptions extends MetricOptions {
  readonly numClasses: number;
  /** A label whose samples do not count. */
  readonly ignoreClass?: number | null;
  /** Whether predictions are class numbers; otherwise the greatest of a sample is taken. */
  readonly sparseYPred?: boolean;
}

export interface IoUOptions extends MeanIoUOptions {
  /** The classes whose mean is taken. */
  readonly targetClassIds: readonly number[];
}

export interface SparseOptions {
  /** Whether targets are class numbers, the default; otherwise they are one-hot. */
  readonly sparseYTrue?: boolean;
}

const BASE = { name: text, dtype: oneOf('float32') } satisfies OptionTable;
const AXIS = { ...BASE, axis: integer() } satisfies OptionTable;
const SMOOTHED = { ...AXIS, fromLogits: flag, labelSmoothing: number(0, 1) } satisfies OptionTable;
const TOP_K = { ...BASE, k: integer(1) } satisfies OptionTable;
const THRESHOLDS = { ...BASE, thresholds: nullable(oneOrMore(number(0, 1))) } satisfies OptionTable;
const CLASS_ID = { classId: nullable(integer(0)) } satisfies OptionTable;
const PRECISION = { ...THRESHOLDS, ...CLASS_ID, topK: nullable(integer(1)) } satisfies OptionTable;
const RATE = { ...BASE, ...CLASS_ID, numThresholds: integer(1) } satisfies OptionTable;
const SHARE = required(number(0, 1));
const AUC = {
  ...THRESHOLDS,
  numThresholds: integer(2),
  curve: oneOf('ROC', 'PR', 'PR_GAIN'),
  summationMethod: oneOf('interpolation', 'majoring', 'minoring'),
  fromLogits: flag,
  multiLabel: flag,
  numLabels: notYet,
  labelWeights: notYet,
} satisfies OptionTable;
const F1 = {
  ...BASE,
  average: nullable(oneOf('micro', 'macro', 'weighted')),
  threshold: nullable(number(0, 1)),
} satisfies OptionTable;
const MEAN_IOU = {
  ...AXIS,
  numClasses: required(integer(1)),
  ignoreClass: nullable(integer()),
  sparseYPred: flag,
} satisfies OptionTable;
const IDS = { targetClassIds: required(list(integer(0))) } satisfies OptionTable;
const SPARSE = { sparseYTrue: flag } satisfies OptionTable;

const make = factoriesOf('metrics');

/**
 * Metrics over the samples of an epoch, with Keras 2's formulas. The string `'accuracy'` picks the one that fits. The
 * functions of losses are metrics by their names as well: `'mae'`, `'kld'`, `'huber'`.
 */
export const metrics = {
  /** How often prediction and label are equal. */
  accuracy: make<MetricOptions>('Accuracy', BASE),
  /** How often the largest prediction is the label (class numbers). */
  sparseCategoricalAccuracy: make<MetricOptions>('SparseCategoricalAccuracy', BASE),
  /** How often the largest prediction is the largest target (one-hot). */
  categoricalAccuracy: make<MetricOptions>('CategoricalAccuracy', BASE),
  /** How often prediction > threshold (0.5) equals the label. */
  binaryAccuracy: make<MetricOptions & { readonly threshold?: number }>('BinaryAccuracy', {
    ...BASE,
    threshold: number(0, 1),
  }),
  /** How often the label (one-hot) is among the k (default 5) largest predictions. */
  topKCategoricalAccuracy: make<MetricOptions & { readonly k?: number }>(
    'TopKCategoricalAccuracy',
    TOP_K,
  ),
  /** How often the label (class numbers) is among the k (default 5) largest predictions. */
  sparseTopKCategoricalAccuracy: make<MetricOptions & { readonly k?: number }>(
    'SparseTopKCategoricalAccuracy',
    TOP_K,
  ),
  meanSquaredError: make<MetricOptions>('MeanSquaredError', BASE),
  meanAbsoluteError: make<MetricOptions>('MeanAbsoluteError', BASE),
  meanAbsolutePercentageError: make<MetricOptions>('MeanAbsolutePercentageError', BASE),
  meanSquaredLogarithmicError: make<MetricOptions>('MeanSquaredLogarithmicError', BASE),
  rootMeanSquaredError: make<MetricOptions>('RootMeanSquaredError', BASE),
  /** |label - prediction| / normalizer, a number or one for each output. */
  meanRelativeError: make<
    MetricOptions & { readonly normalizer: number | readonly number[] },
    true
  >('MeanRelativeError', { ...BASE, normalizer: required(oneOrMore(number())) }),
  /** `classAggregation` is `'uniform_average'` by default; `numRegressors` (0) above 0 adjusts the score. */
  r2Score: make<
    MetricOptions & {
      readonly classAggregation?: 'uniform_average' | 'variance_weighted_average' | null;
      readonly numRegressors?: number;
    }
  >('R2Score', {
    ...BASE,
    classAggregation: nullable(oneOf('uniform_average', 'variance_weighted_average')),
    numRegressors: integer(0),
  }),
  cosineSimilarity: make<MetricOptions>('CosineSimilarity', AXIS),
  logCoshError: make<MetricOptions>('LogCoshError', BASE),
  poisson: make<MetricOptions>('Poisson', BASE),
  klDivergence: make<MetricOptions>('KLDivergence', BASE),
  hinge: make<MetricOptions>('Hinge', BASE),
  squaredHinge: make<MetricOptions>('SquaredHinge', BASE),
  categoricalHinge: make<MetricOptions>('CategoricalHinge', BASE),
  sparseCategoricalCrossentropy: make<
    CrossentropyMetricOptions & { readonly ignoreClass?: number | null }
  >('SparseCategoricalCrossentropy', {
    ...AXIS,
    fromLogits: flag,
    ignoreClass: nullable(integer()),
  }),
  categoricalCrossentropy: make<SmoothedCrossentropyMetricOptions>(
    'CategoricalCrossentropy',
    SMOOTHED,
  ),
  binaryCrossentropy: make<SmoothedCrossentropyMetricOptions>('BinaryCrossentropy', SMOOTHED),
  truePositives: make<ThresholdOptions>('TruePositives', THRESHOLDS),
  falsePositives: make<ThresholdOptions>('FalsePositives', THRESHOLDS),
  trueNegatives: make<ThresholdOptions>('TrueNegatives', THRESHOLDS),
  falseNegatives: make<ThresholdOptions>('FalseNegatives', THRESHOLDS),
  /** True positives over all predicted positives. */
  precision: make<PrecisionOptions>('Precision', PRECISION),
  /** True positives over all positive labels. */
  recall: make<PrecisionOptions>('Recall', PRECISION),
  sensitivityAtSpecificity: make<RateOptions & { readonly specificity: number }, true>(
    'SensitivityAtSpecificity',
    { ...RATE, specificity: SHARE },
  ),
  specificityAtSensitivity: make<RateOptions & { readonly sensitivity: number }, true>(
    'SpecificityAtSensitivity',
    { ...RATE, sensitivity: SHARE },
  ),
  precisionAtRecall: make<RateOptions & { readonly recall: number }, true>('PrecisionAtRecall', {
    ...RATE,
    recall: SHARE,
  }),
  recallAtPrecision: make<RateOptions & { readonly precision: number }, true>('RecallAtPrecision', {
    ...RATE,
    precision: SHARE,
  }),
  /** The area under the ROC or precision-recall curve. */
  auc: make<AucOptions>('AUC', AUC),
  f1Score: make<F1Options>('F1Score', F1),
  /** `beta` (default 1) weighs recall against precision. */
  fBetaScore: make<F1Options & { readonly beta?: number }>('FBetaScore', {
    ...F1,
    beta: number(0),
  }),
  /** Intersection over union of targets and predictions that are class numbers. */
  ioU: make<IoUOptions & SparseOptions, true>('IoU', { ...MEAN_IOU, ...IDS, ...SPARSE }),
  meanIoU: make<MeanIoUOptions & SparseOptions, true>('MeanIoU', { ...MEAN_IOU, ...SPARSE }),
  /** Of predictions that are positive from `threshold` (default 0.5) on. */
  binaryIoU: make<
    MetricOptions & { readonly targetClassIds?: readonly number[]; readonly threshold?: number }
  >('BinaryIoU', { ...BASE, targetClassIds: list(integer(0)), threshold: number() }),
  /** Targets are one-hot, and of a sample the greatest prediction is taken. */
  oneHotIoU: make<IoUOptions, true>('OneHotIoU', { ...MEAN_IOU, ...IDS }),
  oneHotMeanIoU: make<MeanIoUOptions, true>('OneHotMeanIoU', MEAN_IOU),
} as const;
