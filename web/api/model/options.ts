import { TabtrainError, came, invalid } from '../errors';
import type { CallbacksOption } from '../callbacks/list';
import { checkRecord, flag, integer, number } from '../config/options';
import { isDataset, type Dataset } from '../data/dataset';
import type { Data } from '../data/tensor';

/** How much a call prints: nothing, a live bar, or a line per epoch. */
export type Verbose = 0 | 1 | 2 | 'auto';

/** Inputs and targets, or these and sample weights. */
export type ValidationData =
  readonly [x: Data, y: Data] | readonly [x: Data, y: Data, weights: Data];

export interface FitOptions {
  /** Samples per step; default 32. Not with a dataset, whose batches have their sizes. */
  readonly batchSize?: number | null;
  /** The epoch to stop before, counted from 0; default 1. */
  readonly epochs?: number;
  /** Default 1: Keras's progress bar. */
  readonly verbose?: Verbose;
  readonly callbacks?: CallbacksOption;
  /** Inputs and targets, or a dataset of batches of them. */
  readonly validationData?: ValidationData | Dataset | null;
  /** 0 to 1: the last part of the samples, before shuffling, is for validation. */
  readonly validationSplit?: number;
  /** Validate every so many epochs, or after the epochs (from 1) that are listed. */
  readonly validationFreq?: number | readonly number[];
  /** Default: batchSize. */
  readonly validationBatchSize?: number | null;
  /** Default: all batches. */
  readonly validationSteps?: number | null;
  /** Whether the order of samples is drawn anew each epoch; default true. */
  readonly shuffle?: boolean;
  /** A weight for each class number. */
  readonly classWeight?: Readonly<Record<number, number>> | null;
  /** One weight per sample. */
  readonly sampleWeight?: Data | null;
  /** Default 0. */
  readonly initialEpoch?: number;
  /**
   * Default: all batches. A dataset that is no function goes on where the last epoch stopped; without
   * this it is iterated anew.
   */
  readonly stepsPerEpoch?: number | null;
  /** Aborting it rejects with `ABORTED` at the next batch border. */
  readonly signal?: AbortSignal;
}

export interface EvaluateOptions {
  readonly batchSize?: number | null;
  readonly verbose?: Verbose;
  readonly sampleWeight?: Data | null;
  readonly steps?: number | null;
  readonly callbacks?: CallbacksOption;
  /** True for a record by name instead of a list. */
  readonly returnDict?: boolean;
  readonly signal?: AbortSignal;
}

export interface PredictOptions {
  readonly batchSize?: number | null;
  /** Default 0. */
  readonly verbose?: Verbose;
  readonly steps?: number | null;
  readonly callbacks?: CallbacksOption;
  readonly signal?: AbortSignal;
}

const COMMON = ['batchSize', 'verbose', 'callbacks', 'signal'] as const;
const FIT = [
  ...COMMON, 'epochs', 'validationData', 'validationSplit', 'validationFreq', 'validationBatchSize',
  'validationSteps', 'shuffle', 'classWeight', 'sampleWeight', 'initialEpoch', 'stepsPerEpoch',
] as const; // prettier-ignore
const EVALUATE = [...COMMON, 'sampleWeight', 'steps', 'returnDict'] as const;
const PREDICT = [...COMMON, 'steps'] as const;

const positive = integer(1);

/** Null and undefined give null. */
function optional(
  check: (value: unknown, where: string) => unknown,
  value: unknown,
  where: string,
) {
  return value === null || value === undefined ? null : (check(value, where) as number);
}

/** 0, 1 or 2; `'auto'` is 1. */
export function checkVerbose(
  value: Verbose | undefined,
  fallback: 0 | 1,
  where: string,
): 0 | 1 | 2 {
  if (value === undefined) return fallback;
  if (value === 'auto') return 1;
  if (value === 0 || value === 1 || value === 2) return value;
  return invalid(`${where}: verbose: expected 0, 1, 2 or 'auto', came ${came(value)}`);
}

export function checkSignal(signal: unknown, where: string): void {
  if (
    signal !== undefined &&
    typeof (signal as AbortSignal | null)?.addEventListener !== 'function'
  ) {
    invalid(`${where}: signal: expected an AbortSignal, came ${came(signal)}`);
  }
}

/** Throws where an option is given that says what the batches of a dataset say themselves. */
function refuseWithDataset(options: object, names: readonly string[], where: string): void {
  for (const name of names) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined || value === null || value === 0) continue;
    invalid(`${where}: ${name}: not with a dataset, came ${came(value)}`);
  }
}

/** The dataset of a call, null where it is on data, and the options, which come after y or in its place. */
export function toArguments<O extends object>(
  x: unknown,
  y: unknown,
  options: O | undefined,
  where: string,
): { dataset: Dataset<never> | null; options: O } {
  if (!isDataset(x)) return { dataset: null, options: options ?? ({} as O) };
  if (options !== undefined || Array.isArray(y) || ArrayBuffer.isView(y)) {
    invalid(`${where}: y: not with a dataset, whose batches hold it`);
  }
  return { dataset: x, options: (y ?? {}) as O };
}

/** The engine's options record for fit; throws for anything wrong that needs no data. */
export function toEngineFit(
  options: FitOptions,
  where: string,
  fed: boolean,
): Record<string, unknown> {
  checkRecord(where, options, FIT);
  if (fed) refuseWithDataset(options, ['batchSize', 'sampleWeight', 'validationSplit'], where);
  checkSignal(options.signal, where);
  const { validationData, validationSplit = 0, classWeight = null, shuffle = true } = options;
  const { validationFreq = 1 } = options;
  const at = (name: string) => `${where}: ${name}`;
  const validationFed = isDataset(validationData);
  if (validationFed) refuseWithDataset(options, ['validationBatchSize'], where);
  else if (validationData !== undefined && validationData !== null)
    checkValidationData(validationData, where);
  number(0, 1)(validationSplit, at('validationSplit'));
  if (validationSplit === 1)
    invalid(`${where}: validationSplit: expected a number below 1, came 1`);
  if (Array.isArray(validationFreq)) {
    validationFreq.forEach((epoch) => positive(epoch, at('validationFreq')));
  } else {
    positive(validationFreq, at('validationFreq'));
  }
  const split = validationData ? 0 : validationSplit;
  return {
    batch_size: optional(positive, options.batchSize, at('batchSize')) ?? 32,
    epochs: positive(options.epochs ?? 1, at('epochs')),
    initial_epoch: integer(0)(options.initialEpoch ?? 0, at('initialEpoch')),
    shuffle: flag(shuffle, at('shuffle')),
    steps_per_epoch: optional(positive, options.stepsPerEpoch, at('stepsPerEpoch')),
    validation_split: split,
    validation_batch_size: optional(
      positive,
      options.validationBatchSize,
      at('validationBatchSize'),
    ),
    validation_steps: optional(positive, options.validationSteps, at('validationSteps')),
    validation_freq: validationFreq,
    class_weight: classWeight === null ? null : checkClassWeight(classWeight, at('classWeight')),
    fed,
    validation_fed: validationFed,
  };
}

function checkValidationData(data: unknown, where: string): void {
  if (!Array.isArray(data) || (data.length !== 2 && data.length !== 3)) {
    invalid(
      `${where}: validationData: expected [x, y], [x, y, sampleWeight] or a dataset, came ${came(data)}`,
    );
  }
}

export function checkClassWeight(weights: unknown, where: string): Record<string, number> {
  if (typeof weights !== 'object' || Array.isArray(weights)) {
    invalid(`${where}: expected a record from class numbers to weights, came ${came(weights)}`);
  }
  for (const [label, weight] of Object.entries(weights as Record<string, unknown>)) {
    if (!/^\d+$/.test(label)) {
      invalid(`${where}: expected class numbers as keys, came ${came(label)}`);
    }
    number()(weight, `${where}[${label}]`);
  }
  return weights as Record<string, number>;
}

/** The engine's options record for evaluate and predict. */
export function toEngineInference(
  options: EvaluateOptions | PredictOptions,
  where: string,
  fed: boolean,
  predicts: boolean,
): Record<string, unknown> {
  checkRecord(where, options, predicts ? PREDICT : EVALUATE);
  checkSignal(options.signal, where);
  if (fed) refuseWithDataset(options, ['batchSize', 'sampleWeight'], where);
  return {
    batch_size: optional(positive, options.batchSize, `${where}: batchSize`) ?? 32,
    steps: optional(positive, options.steps, `${where}: steps`),
    fed,
  };
}

/** Throws `SHAPE_MISMATCH` unless all have as many samples as the first. */
export function checkSamples(
  where: string,
  sources: readonly (readonly [
    name: string,
    source: { readonly shape: readonly number[] } | null,
  ])[],
): void {
  const [first, ...others] = sources;
  const expected = first?.[1]?.shape[0];
  for (const [name, source] of others) {
    if (source && source.shape[0] !== expected) {
      throw new TabtrainError(
        'SHAPE_MISMATCH',
        `${where}: ${name} has ${source.shape[0]} samples, ${first![0]} has ${expected}`,
      );
    }
  }
}

/** Data that must be given. */
export function required<T>(value: T, where: string): T {
  if (value === undefined || value === null)
    invalid(`${where}: expected data, came ${came(value)}`);
  return value;
}
