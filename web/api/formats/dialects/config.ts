import { TabtrainError, came } from '../../errors';
import type { KerasConfig } from '../../config/spec';
import type { CompileConfig } from '../types';

type Config = Record<string, unknown>;

/** Keys that Keras adds to the record of an object besides class and config. */
const ABOUT_THE_OBJECT = [
  'module',
  'registered_name',
  'build_config',
  'compile_config',
  'shared_object_id',
];
/** Keys of newer Keras that say nothing as long as they have these values. */
const SAYS_NOTHING: Readonly<Record<string, readonly unknown[]>> = {
  quantization_config: [null],
  lora_rank: [null],
  synchronized: [false],
  optional: [false],
  sparse: [false],
  ragged: [false],
  input_axes: [null],
  output_axes: [null],
  renorm: [false],
  renorm_clipping: [null],
  renorm_momentum: [0.99, null],
  rms_scaling: [false],
  build_input_shape: [undefined],
  loss_scale_factor: [null],
  gradient_accumulation_steps: [null],
};

const isRecord = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Configs that anyone wrote must not reach what all objects share. */
const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];
/** Nested deeper than any model is. */
const DEEPEST = 100;

/** Types and policies of Keras whose numbers are floats of another width. */
const OTHER_FLOATS = ['float16', 'bfloat16', 'float64', 'mixed_float16', 'mixed_bfloat16'];

/** What a config is made of, more than any model has: each is gone through several times. */
const MOST_VALUES = 1_000_000;

/**
 * A config of any Keras from 2.0 to 3, or of a SavedModel's metadata, in the words of Keras 2.8: those
 * that the engine takes, with float32 for other floats.
 * @param floats gets the names of those
 */
export function toKeras2(value: unknown, what: string, floats = new Set<string>()): unknown {
  let left = MOST_VALUES;
  const visit = (item: unknown, depth: number): unknown => {
    if (depth > DEEPEST) throw new TabtrainError('CORRUPT_FILE', `${what}: nested too deep`);
    if (--left < 0) {
      throw new TabtrainError('CORRUPT_FILE', `${what}: more than ${MOST_VALUES} values`);
    }
    if (Array.isArray(item)) return item.map((each) => visit(each, depth + 1));
    if (!isRecord(item)) return item;
    const { class_name: className, config, items } = item;
    if (typeof className === 'string') {
      if (className === '__tuple__' || className === 'TensorShape') {
        return visit(items ?? [], depth + 1);
      }
      // Arrays of numpy and tensors, in lists.
      if (className === '__numpy__' || className === '__tensor__') {
        return visit((config as Config)?.['value'], depth + 1);
      }
      if (className === 'DTypePolicy' || className === 'Policy')
        return (config as Config)?.['name'];
      // A function, or a class given by name: Keras 2.12 and later.
      if (className === 'function' && typeof config === 'string') return config;
    }
    const result: Config = {};
    for (const [key, each] of Object.entries(item)) {
      if (FORBIDDEN.includes(key)) {
        throw new TabtrainError('CORRUPT_FILE', `${what}: a config has the key '${key}'`);
      }
      if (typeof className === 'string' && ABOUT_THE_OBJECT.includes(key)) continue;
      if (Object.hasOwn(SAYS_NOTHING, key) && SAYS_NOTHING[key]!.includes(each)) continue;
      const name = key === 'batch_shape' ? 'batch_input_shape' : key;
      const translated = visit(each, depth + 1);
      const isOther = name === 'dtype' && OTHER_FLOATS.includes(translated as string);
      if (isOther) floats.add(translated as string);
      result[name] = isOther ? 'float32' : translated;
    }
    delete result['build_input_shape'];
    return result;
  };
  return visit(value, 0);
}

/** The config of a whole model, which must be a Sequential. @param notes of what is computed otherwise here */
export function modelConfig(value: unknown, what: string, notes: string[] = []): KerasConfig {
  const floats = new Set<string>();
  const config = toKeras2(value, what, floats) as KerasConfig | null;
  if (
    !isRecord(config) ||
    typeof config['class_name'] !== 'string' ||
    !isRecord(config['config'])
  ) {
    throw new TabtrainError(
      'CORRUPT_FILE',
      `${what}: expected a model's config, came ${came(value)}`,
    );
  }
  if (config['class_name'] !== 'Sequential') {
    throw new TabtrainError(
      'UNSUPPORTED',
      `${what}: '${String(config['class_name'])}' models are not in this version; Sequential ones are`,
    );
  }
  checkLayers(config, what);
  if (floats.size > 0) {
    notes.push(`layers of ${[...floats].join(' and ')} are computed in float32`);
  }
  return config;
}

/** What all who go through the layers take for granted; what a class asks of its config, the engine checks. */
function checkLayers({ config }: KerasConfig, what: string): void {
  const { layers } = config;
  if (!Array.isArray(layers)) {
    throw new TabtrainError(
      'CORRUPT_FILE',
      `${what}: expected a list of layers, came ${came(layers)}`,
    );
  }
  for (const [i, layer] of (layers as unknown[]).entries()) {
    const at = `${what}: layers[${i}]`;
    if (!isRecord(layer) || typeof layer['class_name'] !== 'string' || !isRecord(layer['config'])) {
      throw new TabtrainError(
        'CORRUPT_FILE',
        `${at}: expected a record with class_name and config, came ${came(layer)}`,
      );
    }
    if (layer['class_name'] === 'Sequential') checkLayers(layer as unknown as KerasConfig, at);
  }
}

/** Says what Keras 3 means by other formulas than we do. */
export function noteKeras3(model: KerasConfig, notes: string[]): void {
  if (!JSON.stringify(model).includes('"hard_sigmoid"')) return;
  notes.push(
    "hard_sigmoid is computed by Keras 2's formula, clip(0.2 x + 0.5, 0, 1); Keras 3's is relu6(x + 3) / 6",
  );
}

/** `MeanMetricWrapper` and its like are a function by name. */
function toMetric(metric: unknown): KerasConfig | string {
  if (!isRecord(metric)) return metric as string;
  const { class_name, config } = metric as unknown as KerasConfig;
  const { fn, ...rest } = isRecord(config) ? config : {};
  if (typeof fn !== 'string') return { class_name, config: rest };
  // Keras's general names mean what fits the model, as they did when it was saved.
  if (rest['name'] === 'accuracy' || rest['name'] === 'acc') return rest['name'];
  return class_name === 'MeanMetricWrapper'
    ? { class_name: fn, config: rest }
    : { class_name, config: rest };
}

const only = (value: unknown): unknown =>
  Array.isArray(value) && value.length === 1 ? value[0] : value;

function toMetrics(list: unknown): (KerasConfig | string)[] | null {
  if (list === null || list === undefined) return null;
  // One list for each output, or the list itself.
  const inner = Array.isArray(list) && list.length === 1 && Array.isArray(list[0]) ? list[0] : list;
  return (Array.isArray(inner) ? inner : [inner]).map(toMetric);
}

/** What we add to a `training_config`. */
interface OwnConfig {
  readonly optimizer_config?: KerasConfig;
  readonly recorded?: Readonly<Record<string, unknown>>;
}

/**
 * A `training_config` of Keras 2, or what Keras 3's `compile_config` says, as `compile` takes it.
 * @param model that it is of, whose one output may be named
 * @param legacyUnlessSaid whether an optimizer whose config says nothing of its generation is OptimizerV2's
 * @param notes of what is left out
 */
export function compileConfig(
  value: unknown,
  what: string,
  model: KerasConfig,
  legacyUnlessSaid: boolean,
  notes: string[],
): CompileConfig | null {
  const config = toKeras2(value, what);
  if (config === null || config === undefined) return null;
  if (!isRecord(config)) {
    throw new TabtrainError('CORRUPT_FILE', `${what}: expected a record, came ${came(value)}`);
  }
  // Not through the dialect: it is our own.
  const ours = (isRecord(value) ? value['tabtrain'] : undefined) as OwnConfig | undefined;
  const own = ours?.optimizer_config ?? null;
  const known = (name: KerasConfig | string) => {
    const all = ours?.recorded ?? {};
    const recorded = typeof name === 'string' && Object.hasOwn(all, name) ? all[name] : undefined;
    return recorded ? { class_name: name as string, config: { recorded } } : name;
  };
  const said = own ?? ((config['optimizer_config'] ?? config['optimizer']) as KerasConfig | string);
  if (said === null || said === undefined) return null;
  const inner = scaledOptimizer(said);
  if (inner) notes.push('the scaling of losses, which float32 does not need, is left out');
  const given = inner ?? said;
  const ofOutput = (argument: string) =>
    ofTheOutput(config[argument], model, `${what}: ${argument}`);
  return {
    optimizer:
      typeof given === 'string' ? given : toOptimizer(given, own ? null : legacyUnlessSaid, what),
    loss: known(toLoss(only(ofOutput('loss')))),
    metrics: toMetrics(ofOutput('metrics'))?.map(known) ?? null,
    weighted_metrics: toMetrics(ofOutput('weighted_metrics'))?.map(known) ?? null,
    loss_weights: ofOutput('loss_weights') ?? null,
  };
}

/** Keras takes a record by the names of outputs as well; of a Sequential there is one, named as its last layer. */
function ofTheOutput(value: unknown, model: KerasConfig, what: string): unknown {
  // An object, whole or not.
  if (!isRecord(value) || 'class_name' in value || 'config' in value) return value;
  const [name, ...others] = Object.keys(value);
  if (name === undefined) return null;
  const output = (model.config['layers'] as KerasConfig[]).at(-1)?.config['name'];
  if (name === output && others.length === 0) return value[name];
  const names = [name, ...others].map((each) => `'${each}'`).join(', ');
  throw new TabtrainError(
    'UNSUPPORTED',
    `${what}: expected that of the model's one output '${String(output)}', came those of ${names}`,
  );
}

function toLoss(loss: unknown): KerasConfig | string {
  if (!isRecord(loss)) return loss as string;
  const { class_name, config } = loss as unknown as KerasConfig;
  const { fn, dtype, ...rest } = isRecord(config) ? config : {};
  void [fn, dtype];
  return { class_name, config: rest };
}

/** The optimizer within one that scales losses, with which Keras trains in float16; null of any other. */
export function scaledOptimizer(given: unknown): KerasConfig | null {
  const { class_name, config } = (isRecord(given) ? given : {}) as Partial<KerasConfig>;
  const inner = isRecord(config) ? config['inner_optimizer'] : null;
  const isScaling = class_name === 'LossScaleOptimizer' || class_name === 'LossScaleOptimizerV3';
  return isScaling && isRecord(inner) ? (inner as unknown as KerasConfig) : null;
}

/** Arguments of Keras 3's optimizers. */
const LACKING = ['loss_scale_factor', 'gradient_accumulation_steps'];

/** @param legacy null for a config of ours, which says all */
function toOptimizer(given: KerasConfig, legacy: boolean | null, what: string): KerasConfig {
  const { class_name, config } = given;
  if (typeof class_name !== 'string' || !isRecord(config)) {
    throw new TabtrainError('CORRUPT_FILE', `${what}: expected an optimizer, came ${came(given)}`);
  }
  if (legacy === null) return given;
  // At their defaults they are gone by now.
  const lacking = LACKING.find((key) => key in config);
  if (lacking !== undefined) {
    throw new TabtrainError(
      'UNSUPPORTED',
      `${what}: ${class_name}: ${lacking} is not in this version, came ${came(config[lacking])}`,
    );
  }
  const isEmpty = Object.keys(config).length === 0;
  const said = 'is_legacy_optimizer' in config;
  return {
    class_name: class_name.replace(/^Custom>/, ''),
    config: said || isEmpty ? config : { ...config, is_legacy_optimizer: legacy },
  };
}
