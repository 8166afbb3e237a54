import { TabtrainError } from '../../errors';
import type { KerasConfig } from '../../config/spec';
import { isObject, serialised } from './serialised';

type Config = Record<string, unknown>;

/** Arguments that Python has as floats, which Keras 3 insists on of some. */
const FLOATS = /"(learning_rate|momentum|decay|rho|beta_1|beta_2|epsilon|rate)":(-?\d+)(?=[,}])/g;

/** JSON in ASCII, as every Keras writes and reads it. */
export function json(value: unknown): string {
  return JSON.stringify(value)
    .replace(FLOATS, '"$1":$2.0')
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @throws TabtrainError `CORRUPT_FILE`. */
export function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new TabtrainError('CORRUPT_FILE', `${what}: expected JSON (${String(error)})`);
  }
}

/** A model's config with the layers' arguments as Keras 2 and 3 both take them. */
export function portableLayers({ class_name, config }: KerasConfig): KerasConfig {
  const { layers, axis, activation } = config;
  const result: Config = { ...config };
  if (Array.isArray(layers)) result['layers'] = (layers as KerasConfig[]).map(portableLayers);
  // A layer as an activation, which Keras 3 finds by its module.
  if (isObject(activation)) result['activation'] = serialised('keras.layers', activation);
  // Keras 2 writes a list of one, which Keras 3 refuses.
  if (class_name === 'BatchNormalization' && Array.isArray(axis)) {
    result['axis'] = axis.length === 1 ? axis[0] : axis;
  }
  if (class_name.startsWith('SpatialDropout')) {
    // Keras 2 takes it from Dropout's arguments and makes one of its own.
    delete result['noise_shape'];
    // Keras 3 has no such argument here.
    delete result['trainable'];
  }
  return { class_name, config: result };
}
