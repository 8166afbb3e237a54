import { came, invalid } from '../errors';
import {
  flag,
  integer,
  nullable,
  number,
  required,
  text,
  toConfig,
  type OptionTable,
} from './options';
import { Spec, toWire, type KerasConfig } from './spec';

export interface ScheduleOptions {
  readonly name?: string | null;
}

interface DecayOptions extends ScheduleOptions {
  readonly initialLearningRate: number;
  /** In training steps. */
  readonly decaySteps: number;
}

export interface RateDecayOptions extends DecayOptions {
  readonly decayRate: number;
  /** Whether the rate changes only once every `decaySteps`; default false. */
  readonly staircase?: boolean;
}

export interface PolynomialDecayOptions extends DecayOptions {
  /** Default 0.0001. */
  readonly endLearningRate?: number;
  /** Default 1. */
  readonly power?: number;
  /** Whether it starts again after `decaySteps`, each time longer; default false. */
  readonly cycle?: boolean;
}

export interface PiecewiseConstantDecayOptions extends ScheduleOptions {
  /** Training steps, increasing; the rate changes after each. */
  readonly boundaries: readonly number[];
  /** The rates, one more than boundaries. */
  readonly values: readonly number[];
}

export interface CosineDecayOptions extends DecayOptions {
  /** The last rate as a part of the first; default 0. */
  readonly alpha?: number;
  /** With it the rate first rises from `initialLearningRate` to it, in `warmupSteps`. */
  readonly warmupTarget?: number | null;
  /** Default 0. */
  readonly warmupSteps?: number;
}

export interface CosineDecayRestartsOptions extends ScheduleOptions {
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  /** How much longer each period is than the one before; default 2. */
  readonly tMul?: number;
  /** How much higher each period starts; default 1. */
  readonly mMul?: number;
  /** The lowest rate as a part of the first; default 0. */
  readonly alpha?: number;
}

const rate = number(0);
const rates = (value: unknown, where: string): unknown =>
  Array.isArray(value) && value.length > 0
    ? value.map((each, i) => number()(each, `${where}[${i}]`))
    : invalid(`${where}: expected an array of numbers, came ${came(value)}`);

const NAME = { name: nullable(text) } satisfies OptionTable;
const DECAY = {
  ...NAME,
  initialLearningRate: required(rate),
  decaySteps: required(number(1)),
} satisfies OptionTable;
const RATE_DECAY = { ...DECAY, decayRate: required(rate), staircase: flag } satisfies OptionTable;
const POLYNOMIAL = {
  ...DECAY,
  endLearningRate: rate,
  power: number(),
  cycle: flag,
} satisfies OptionTable;
const PIECEWISE = {
  ...NAME,
  boundaries: required(rates),
  values: required(rates),
} satisfies OptionTable;
const COSINE = {
  ...DECAY,
  alpha: number(),
  warmupTarget: nullable(rate),
  warmupSteps: integer(0),
} satisfies OptionTable;
const RESTARTS = {
  ...NAME,
  initialLearningRate: required(rate),
  firstDecaySteps: required(number(1)),
  tMul: rate,
  mMul: rate,
  alpha: number(),
} satisfies OptionTable;

/** A learning rate that depends on the number of training steps. */
export class Schedule extends Spec {}

const make =
  <O extends object>(className: string, table: OptionTable) =>
  (options: O): Schedule => {
    const name = className[0]!.toLowerCase() + className.slice(1);
    return new Schedule(className, toConfig(`optimizers.schedules.${name}`, table, options));
  };

/** Learning rate schedules, with Keras's formulas. */
export const schedules = {
  /** initial * decayRate ^ (step / decaySteps). */
  exponentialDecay: make<RateDecayOptions>('ExponentialDecay', RATE_DECAY),
  /** initial / (1 + decayRate * step / decaySteps). */
  inverseTimeDecay: make<RateDecayOptions>('InverseTimeDecay', RATE_DECAY),
  /** (initial - end) * (1 - step / decaySteps) ^ power + end. */
  polynomialDecay: make<PolynomialDecayOptions>('PolynomialDecay', POLYNOMIAL),
  /** One rate up to and including each boundary. */
  piecewiseConstantDecay: make<PiecewiseConstantDecayOptions>('PiecewiseConstantDecay', PIECEWISE),
  /** Half a cosine from the initial rate to `alpha` times it. */
  cosineDecay: make<CosineDecayOptions>('CosineDecay', COSINE),
  /** Half cosines one after the other. */
  cosineDecayRestarts: make<CosineDecayRestartsOptions>('CosineDecayRestarts', RESTARTS),
} as const;

/** A rate, or a schedule as an instance or a Keras config. */
export const learningRate = (value: unknown, where: string): number | KerasConfig => {
  if (typeof value !== 'object' || value === null) return number(0)(value, where) as number;
  const schedule = toWire(value, where);
  return typeof schedule === 'string' ? { class_name: schedule, config: {} } : schedule;
};

/** The rate of the first step, as far as the config says it. */
export function firstRate({ config }: KerasConfig): number {
  const first = config['initial_learning_rate'] ?? (config['values'] as unknown[] | undefined)?.[0];
  return typeof first === 'number' ? first : NaN;
}
