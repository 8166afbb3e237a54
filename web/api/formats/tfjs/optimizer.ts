import type { KerasConfig } from '../../config/spec';
import { isLegacy } from '../dialects/optimizer';
import type { OptimizerOrder, OptimizerVariables, StoredTensor } from '../types';
import { corrupt, isRecord, type ManifestTensor } from './manifest';

/*
 * TensorFlow.js's optimizers (tfjs-core/src/optimizers). State is `iter`, then one slot after the other
 * for all trained weights, which is also OptimizerV2's order, and that of Keras 2.11 where its rounds have one slot each.
 */

type Config = Readonly<Record<string, unknown>>;

interface Row {
  readonly keras: string;
  readonly tfjs: string;
  /** Keys of TensorFlow.js and of Keras. */
  readonly keys: Readonly<Record<string, string>>;
  /** What Keras's config must say besides, for both to mean the same. */
  readonly only?: Config;
}

const MOMENTS = {
  learningRate: 'learning_rate',
  beta1: 'beta_1',
  beta2: 'beta_2',
  epsilon: 'epsilon',
};

const ROWS: readonly Row[] = [
  { keras: 'Adam', tfjs: 'Adam', keys: MOMENTS, only: { amsgrad: false } },
  {
    keras: 'SGD',
    tfjs: 'SGD',
    keys: { learningRate: 'learning_rate' },
    only: { momentum: 0 },
  },
  {
    keras: 'SGD',
    tfjs: 'Momentum',
    keys: { learningRate: 'learning_rate', momentum: 'momentum', useNesterov: 'nesterov' },
  },
  {
    keras: 'RMSprop',
    tfjs: 'RMSProp',
    keys: {
      ...{ learningRate: 'learning_rate', decay: 'rho', momentum: 'momentum' },
      ...{ epsilon: 'epsilon', centered: 'centered' },
    },
  },
  {
    keras: 'Adagrad',
    tfjs: 'Adagrad',
    keys: { learningRate: 'learning_rate', initialAccumulatorValue: 'initial_accumulator_value' },
  },
  {
    keras: 'Adadelta',
    tfjs: 'Adadelta',
    keys: { learningRate: 'learning_rate', rho: 'rho', epsilon: 'epsilon' },
  },
];

/** What TensorFlow.js's optimizers do not do, where Keras's config has it at these values. */
const OFF: Config = {
  ...{ weight_decay: null, clipnorm: null, clipvalue: null, global_clipnorm: null },
  ...{ use_ema: false, decay: 0 },
};

/** Classes whose state means the same in both of Keras's generations. */
const UNIVERSAL = ['SGD', 'Adam', 'Adadelta'];

/** The engine's order in which the state is written and read. */
export function orderOf(optimizer: KerasConfig | string): OptimizerOrder {
  if (typeof optimizer === 'string') return 'legacy';
  return UNIVERSAL.includes(optimizer.class_name) || isLegacy(optimizer) ? 'legacy' : 'new';
}

/** A number in a config, which may be float32's nearest. */
const isNumber = (value: unknown): value is number => typeof value === 'number';

function rowOf({ class_name, config }: KerasConfig): Row | undefined {
  const isOff = Object.entries(OFF).every(([key, off]) => (config[key] ?? off) === off);
  // A schedule is no number.
  if (!isOff || !isNumber(config['learning_rate'])) return undefined;
  return ROWS.find(
    ({ keras, only = {} }) =>
      keras === class_name && Object.entries(only).every(([key, value]) => config[key] === value),
  );
}

/** What TensorFlow.js makes its own optimizer of; null where it has none that does the same. */
export function toTfjs(optimizer: KerasConfig): { class_name: string; config: Config } | null {
  const row = rowOf(optimizer);
  if (!row) return null;
  const config = Object.entries(row.keys).map(([ours, keras]) => [ours, optimizer.config[keras]]);
  return { class_name: row.tfjs, config: Object.fromEntries(config) as Config };
}

/** The engine's optimizer for what TensorFlow.js wrote. */
export function toKeras(value: unknown, what: string, notes: string[]): KerasConfig {
  const at = `${what}: trainingConfig.optimizer_config`;
  if (!isRecord(value) || typeof value['class_name'] !== 'string' || !isRecord(value['config'])) {
    return corrupt(`${at}: expected class_name and config`);
  }
  const { class_name: className, config } = value as { class_name: string; config: Config };
  const row = ROWS.find(({ tfjs }) => tfjs === className);
  // The engine says that it does not have it.
  if (!row) return { class_name: className, config: {} };
  const given = Object.entries(row.keys).flatMap(([ours, keras]) => {
    // Others than TensorFlow.js write Keras's words, which it reads as well.
    const one = config[ours] ?? config[keras];
    return one === undefined || one === null ? [] : [[keras, one] as const];
  });
  const own: Record<string, unknown> = { is_legacy_optimizer: false, ...Object.fromEntries(given) };
  // There, epsilon is added after the bias is corrected.
  if (row.keras === 'Adam') own['adaptive_epsilon'] = true;
  if (row.keras === 'RMSprop' && own['centered'] === true) {
    notes.push('RMSprop: centered, TensorFlow.js subtracts epsilon where Keras adds it');
  }
  if (row.keras === 'Adadelta') {
    notes.push(
      "Adadelta: TensorFlow.js divides by the accumulator before it adds the gradient's square",
    );
  }
  return { class_name: row.keras, config: own };
}

const zerosLike = (
  name: string,
  { shape }: { readonly shape: readonly number[] },
): StoredTensor => ({
  ...{ name, shape, dtype: 'float32' },
  bytes: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)),
});

/** Keras's velocity is minus the rate times what TensorFlow.js accumulates. */
function scaled(tensor: StoredTensor, factor: number): StoredTensor {
  const values = new Float32Array(tensor.bytes.slice().buffer).map((value) => value * factor);
  return { ...tensor, bytes: new Uint8Array(values.buffer) };
}

/** The state as TensorFlow.js takes it, of an optimizer that {@link toTfjs} has. */
export function toTfjsState(
  { class_name, config }: KerasConfig,
  variables: readonly StoredTensor[],
): StoredTensor[] {
  const [count, ...slots] = variables;
  if (!count) return [];
  const rate = config['learning_rate'] as number;
  if (class_name === 'SGD') {
    if (config['momentum'] === 0) return [count];
    return [count, ...slots.map((slot) => scaled(slot, rate === 0 ? 0 : -1 / rate))];
  }
  if (class_name !== 'RMSprop' || config['momentum'] !== 0) return [...variables];
  // There every RMSProp has a momentum, which nothing is taken from where the factor is 0.
  const weights = config['centered'] === true ? slots.length / 2 : slots.length;
  const momentum = slots.slice(0, weights).map((slot) => zerosLike(`${slot.name}/momentum`, slot));
  return [count, ...slots.slice(0, weights), ...momentum, ...slots.slice(weights)];
}

/** The engine's state for what is in the file. */
export function stateOf(
  optimizer: KerasConfig,
  tensors: readonly ManifestTensor[],
  isTfjs: boolean,
  what: string,
): OptimizerVariables | null {
  const [count, ...slots] = tensors;
  if (!count) return null;
  if (count.dtype !== 'int32' || count.shape.length !== 0) {
    return corrupt(`${what}: the optimizer's first weight: expected the count of steps, an int32`);
  }
  const order = orderOf(optimizer);
  const steps = new DataView(count.bytes.buffer, count.bytes.byteOffset).getInt32(0, true);
  if (steps < 0) corrupt(`${what}: the optimizer has made ${steps} steps`);
  // Slots are made by the first step.
  if (steps === 0 && slots.length === 0) return null;
  if (!isTfjs) return { order, variables: tensors };
  const { class_name, config } = optimizer;
  const momentum = config['momentum'] ?? 0;
  if (class_name === 'SGD') {
    const rate = config['learning_rate'] as number;
    if (momentum !== 0) return { order, variables: [count, ...slots.map((s) => scaled(s, -rate))] };
    return { order, variables: [count] };
  }
  if (class_name !== 'RMSprop' || momentum !== 0) return { order, variables: tensors };
  const weights = slots.length / (config['centered'] === true ? 3 : 2);
  return { order, variables: [count, ...slots.slice(0, weights), ...slots.slice(2 * weights)] };
}
