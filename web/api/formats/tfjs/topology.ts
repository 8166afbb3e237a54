import { TabtrainError } from '../../errors';
import type { KerasConfig } from '../../config/spec';

/*
 * Keras 2's JSON in the words that TensorFlow.js knows as well as Keras 2 does: it has fewer classes of
 * initializers and regularizers, one name for an activation, and passes over arguments that it lacks.
 */

type Config = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const varianceScaling = (distribution: string, config: Config): KerasConfig => ({
  class_name: 'VarianceScaling',
  config: { scale: 1, mode: 'fan_in', distribution, seed: config['seed'] ?? null },
});

const REWRITTEN: Readonly<Record<string, (config: Config) => KerasConfig>> = {
  L1: (config) => ({ class_name: 'L1L2', config: { l1: config['l1'], l2: 0 } }),
  L2: (config) => ({ class_name: 'L1L2', config: { l1: 0, l2: config['l2'] } }),
  LecunNormal: (config) => varianceScaling('truncated_normal', config),
  LecunUniform: (config) => varianceScaling('uniform', config),
};

/** Arguments that TensorFlow.js would pass over, so that the model would give something else there. */
const IGNORED: Readonly<Record<string, Config>> = {
  ReLU: { negative_slope: 0, threshold: 0 },
};

/** The topology of a model, or of anything in it. @throws TabtrainError `UNSUPPORTED`. */
export function forTfjs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forTfjs);
  if (!isRecord(value)) return value;
  const { class_name: className, config } = value;
  if (typeof className !== 'string' || !isRecord(config)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, forTfjs(item)]));
  }
  const rewritten = Object.hasOwn(REWRITTEN, className) ? REWRITTEN[className] : undefined;
  if (rewritten) return rewritten(config);
  for (const [key, harmless] of Object.entries(IGNORED[className] ?? {})) {
    if ((config[key] ?? harmless) === harmless) continue;
    throw new TabtrainError(
      'UNSUPPORTED',
      `model.save: TensorFlow.js's ${className} has no ${key}, and would compute something else`,
    );
  }
  const inner = forTfjs(config) as Record<string, unknown>;
  if (inner['activation'] === 'silu') inner['activation'] = 'swish';
  const { axis } = inner;
  // Keras takes a number as well.
  if (className === 'BatchNormalization' && Array.isArray(axis) && axis.length === 1) {
    inner['axis'] = axis[0] as unknown;
  }
  return { class_name: className, config: inner };
}
