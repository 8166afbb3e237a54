import { came } from '../../errors';
import type { KerasConfig } from '../../config/spec';
import type { CompileConfig } from '../types';
import { corrupt, isRecord } from './manifest';
import { toKeras, toTfjs } from './optimizer';

/*
 * trainingConfig: {loss, metrics, optimizer_config} with losses and metrics by name
 * (tfjs-layers/src/engine/training.ts, getTrainingConfig and loadTrainingConfig).
 */

/** TensorFlow.js's names, each with Keras's class and other names of the same function. */
const LOSSES: Readonly<Record<string, readonly string[]>> = {
  mean_squared_error: ['MeanSquaredError', 'mse', 'MSE'],
  mean_absolute_error: ['MeanAbsoluteError', 'mae', 'MAE'],
  mean_absolute_percentage_error: ['MeanAbsolutePercentageError', 'mape', 'MAPE'],
  mean_squared_logarithmic_error: ['MeanSquaredLogarithmicError', 'msle', 'MSLE'],
  squared_hinge: ['SquaredHinge'],
  hinge: ['Hinge'],
  categorical_hinge: ['CategoricalHinge'],
  logcosh: ['LogCosh', 'log_cosh'],
  categorical_crossentropy: ['CategoricalCrossentropy'],
  sparse_categorical_crossentropy: ['SparseCategoricalCrossentropy'],
  binary_crossentropy: ['BinaryCrossentropy', 'bce', 'BCE'],
  kullback_leibler_divergence: ['KLDivergence', 'kl_divergence', 'kld', 'KLD'],
  poisson: ['Poisson'],
  cosine_proximity: ['CosineSimilarity', 'cosine_similarity'],
};

const METRICS: Readonly<Record<string, readonly string[]>> = {
  accuracy: ['acc', 'Accuracy'],
  binary_accuracy: ['BinaryAccuracy'],
  categorical_accuracy: ['CategoricalAccuracy'],
  categorical_crossentropy: ['CategoricalCrossentropy'],
  sparse_categorical_crossentropy: ['SparseCategoricalCrossentropy'],
  mse: ['MeanSquaredError', 'mean_squared_error', 'MSE'],
  mae: ['MeanAbsoluteError', 'mean_absolute_error', 'MAE'],
  mape: ['MeanAbsolutePercentageError', 'mean_absolute_percentage_error', 'MAPE'],
};

/** Arguments that change nothing at these values; those of TensorFlow.js's functions are fixed. */
const FIXED: Readonly<Record<string, readonly unknown[]>> = {
  reduction: ['auto', 'sum_over_batch_size'],
  ...{ from_logits: [false], label_smoothing: [0], axis: [-1], ignore_class: [null] },
  ...{ threshold: [0.5], dtype: ['float32', null] },
};

function nameIn(
  table: Readonly<Record<string, readonly string[]>>,
  given: KerasConfig | string,
): string | null {
  const name = typeof given === 'string' ? given : given.class_name;
  const config = typeof given === 'string' ? {} : given.config;
  const isFixed = Object.entries(config).every(
    ([key, value]) => key === 'name' || FIXED[key]?.includes(value),
  );
  if (!isFixed) return null;
  if (typeof given === 'string' && Object.hasOwn(table, name)) return name;
  return Object.keys(table).find((key) => table[key]!.includes(name)) ?? null;
}

/**
 * What TensorFlow.js compiles the model with; null where it has no such optimizer or loss. Metrics that it
 * does not have are left out.
 */
export function tfjsTraining(compile: CompileConfig): object | null {
  const optimizer = compile.own && toTfjs(compile.own);
  const loss = nameIn(LOSSES, compile.loss);
  if (!optimizer || loss === null || (compile.loss_weights ?? null) !== null) return null;
  const metrics = (compile.metrics ?? []).map((metric) => {
    // There, 'accuracy' is the one that fits the loss.
    const name = typeof metric === 'string' ? metric : metric.class_name;
    const fits = /^sparse_?categorical_?accuracy$/i.test(name) && loss.startsWith('sparse');
    return fits ? 'accuracy' : nameIn(METRICS, metric);
  });
  return { loss, metrics: metrics.filter((name) => name !== null), optimizer_config: optimizer };
}

/** Names that mean the same here. */
const METRICS_HERE: Readonly<Record<string, KerasConfig | string>> = {
  ...Object.fromEntries(
    [...Object.keys(METRICS), ...Object.keys(LOSSES), 'acc', 'sparse_categorical_accuracy']
      .filter((name) => name !== 'cosine_proximity')
      .map((name) => [name, name]),
  ),
};

/** What `trainingConfig` says, as `compile` takes it. */
export function compileOf(value: unknown, what: string, notes: string[]): CompileConfig | null {
  if (value === undefined || value === null) return null;
  const at = `${what}: trainingConfig`;
  if (!isRecord(value)) return corrupt(`${at}: expected a record, came ${came(value)}`);
  const optimizer = toKeras(value['optimizer_config'], what, notes);
  const loss = onlyOne(value['loss']);
  if (typeof loss !== 'string') return corrupt(`${at}.loss: expected a name, came ${came(loss)}`);
  const list = isRecord(value['metrics']) ? Object.values(value['metrics']) : value['metrics'];
  if (list !== undefined && list !== null && !Array.isArray(list)) {
    return corrupt(`${at}.metrics: expected a list, came ${came(list)}`);
  }
  const metrics: (KerasConfig | string)[] = [];
  for (const metric of (list ?? []) as unknown[]) {
    if (typeof metric !== 'string')
      return corrupt(`${at}.metrics: expected names, came ${came(metric)}`);
    const known = Object.hasOwn(METRICS_HERE, metric) ? METRICS_HERE[metric] : undefined;
    if (known === undefined)
      notes.push(`the metric '${metric}' is left out: Keras has none like it`);
    else metrics.push(known);
  }
  return {
    optimizer,
    loss: loss === 'cosine_proximity' ? 'cosine_similarity' : loss,
    metrics,
  };
}

/** Of the one output of a model. */
function onlyOne(value: unknown): unknown {
  const all = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [value];
  return all.length === 1 ? all[0] : value;
}
