import type { KerasConfig } from '../../config/spec';
import type { CompileConfig } from '../types';

/** Arguments that came after Keras 2.8, where they say nothing. */
const AT_DEFAULT: Readonly<Record<string, unknown>> = { ignore_class: null, axis: -1 };

/** A loss or a metric as every Keras from 2.8 to 3 takes it. */
function portable(given: KerasConfig | string): KerasConfig | string {
  if (typeof given === 'string') return given;
  const config = Object.entries(given.config).filter(
    ([key, value]) => !(key in AT_DEFAULT && AT_DEFAULT[key] === value),
  );
  return {
    class_name: given.class_name,
    config: Object.fromEntries(
      // Keras 3 has no "auto", which means the same.
      config.map(([key, value]) => [
        key,
        key === 'reduction' && value === 'auto' ? 'sum_over_batch_size' : value,
      ]),
    ),
  };
}

/** Keras's general names, by what they are short for. */
const GENERAL: Readonly<Record<string, string>> = {
  ...{ accuracy: 'Accuracy', acc: 'Accuracy' },
  ...{ crossentropy: 'Crossentropy', ce: 'Crossentropy' },
};

/**
 * A metric by its class, where it has a general name: Keras 2 takes the outputs for targets when it builds
 * the metrics of a loaded model, so it would choose that of one-hot targets.
 */
function resolved(
  metric: KerasConfig | string,
  loss: KerasConfig | string,
  classes: number | null,
): KerasConfig | string {
  const kind = typeof metric === 'string' ? GENERAL[metric.toLowerCase()] : undefined;
  if (kind === undefined) return metric;
  const isSparse = /^sparse/i.test(typeof loss === 'string' ? loss : loss.class_name);
  const targets = isSparse ? 'SparseCategorical' : classes === 1 ? 'Binary' : 'Categorical';
  return { class_name: targets + kind, config: { name: metric, dtype: 'float32' } };
}

/**
 * Keras 2's `training_config`. `compile.optimizer` is written as it is, so it is in the dialect that the
 * file's optimizer state needs; `own` and `recorded` are what we read instead, the very
 * optimizer that was saved, and what functions do that no Keras has.
 * @param output the shape of what the model gives
 */
export function trainingConfig(
  compile: CompileConfig,
  output: readonly (number | null)[],
): Record<string, unknown> {
  const classes = output.at(-1) ?? null;
  const list = (metrics: CompileConfig['metrics'] | undefined) =>
    metrics && metrics.length > 0
      ? [metrics.map((metric) => portable(resolved(metric, compile.loss, classes)))]
      : null;
  return {
    loss: portable(compile.loss),
    metrics: list(compile.metrics),
    weighted_metrics: list(compile.weighted_metrics),
    loss_weights: compile.loss_weights ?? null,
    optimizer_config: compile.optimizer,
    ...(compile.own && {
      tabtrain: {
        optimizer_config: compile.own,
        ...(compile.recorded && { recorded: compile.recorded }),
      },
    }),
  };
}
