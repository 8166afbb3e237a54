import { TabtrainError, came, invalid } from '../errors';
import { flag, integer, nullable, number, text, toConfig, type OptionTable } from './options';
import { firstRate, learningRate, schedules, type Schedule } from './schedules';
import { Spec, toWire, type Identifier, type KerasConfig } from './spec';

export interface OptimizerOptions {
  /** Default 0.001; 0.01 for SGD, 0.0001 for Lion. */
  readonly learningRate?: number | Schedule | KerasConfig;
  /** True for the formulas and checkpoint layout of Keras 2.8; default: Keras 2.11's. */
  readonly legacy?: boolean;
  /** With `legacy` only: the rate of step t is learningRate / (1 + decay * t). */
  readonly decay?: number;
  /** The largest norm of each weight's gradient. */
  readonly clipnorm?: number | null;
  /** The largest absolute value in a gradient. */
  readonly clipvalue?: number | null;
  /** The largest norm of all gradients together; not with `clipnorm`. */
  readonly globalClipnorm?: number | null;
  /** Not with `legacy`: before each update a weight loses weightDecay * rate of itself. */
  readonly weightDecay?: number | null;
  /** Not with `legacy`: whether moving averages of the weights are kept, which `fit` ends with. */
  readonly useEma?: boolean;
  /** Of these averages; default 0.99. */
  readonly emaMomentum?: number;
  /** The steps after which the weights become their averages; default never, RMSprop 100. */
  readonly emaOverwriteFrequency?: number | null;
  readonly name?: string;
}

export interface SgdOptions extends OptimizerOptions {
  /** 0 (default) to 1. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

interface EpsilonOptions extends OptimizerOptions {
  /** Keeps a division from 0; default 1e-7. */
  readonly epsilon?: number;
}

export interface BetaOptions extends EpsilonOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
}

export interface AdamOptions extends BetaOptions {
  readonly amsgrad?: boolean;
  /** Not with `legacy`: whether epsilon is corrected as the second moment is. */
  readonly adaptiveEpsilon?: boolean;
}

export interface AdamWOptions extends BetaOptions {
  /** Default 0.004. */
  readonly weightDecay?: number;
  readonly amsgrad?: boolean;
}

export interface NadamOptions extends Omit<BetaOptions, 'decay'> {
  /** With `legacy` only: how fast its momentum grows; default 0.004. */
  readonly scheduleDecay?: number;
}

export interface AdagradOptions extends EpsilonOptions {
  /** Default 0.1. */
  readonly initialAccumulatorValue?: number;
}

export interface AdadeltaOptions extends EpsilonOptions {
  /** Of the running means; default 0.95. */
  readonly rho?: number;
}

export interface RmspropOptions extends EpsilonOptions {
  /** Of the running means; default 0.9. */
  readonly rho?: number;
  /** 0 (default) to 1. */
  readonly momentum?: number;
  /** Whether the variance divides rather than the mean of squares. */
  readonly centered?: boolean;
}

export interface FtrlOptions extends OptimizerOptions {
  /** At most 0; default -0.5. */
  readonly learningRatePower?: number;
  /** Default 0.1. */
  readonly initialAccumulatorValue?: number;
  readonly l1RegularizationStrength?: number;
  readonly l2RegularizationStrength?: number;
  readonly l2ShrinkageRegularizationStrength?: number;
  readonly beta?: number;
}

export interface LionOptions extends OptimizerOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.99. */
  readonly beta2?: number;
}

const positive = number(0);
const unit = number(0, 1);
/** Options of one generation only. */
const LEGACY_ONLY = ['decay', 'schedule_decay'];
const NEWER_ONLY = [
  'weight_decay',
  'use_ema',
  'ema_momentum',
  'ema_overwrite_frequency',
  'adaptive_epsilon',
];
const COMMON = {
  learningRate,
  legacy: flag,
  clipnorm: nullable(positive),
  clipvalue: nullable(positive),
  globalClipnorm: nullable(positive),
  weightDecay: nullable(positive),
  useEma: flag,
  emaMomentum: unit,
  emaOverwriteFrequency: nullable(integer(1)),
  jitCompile: flag,
  name: text,
} satisfies OptionTable;
const BASE = { ...COMMON, decay: positive } satisfies OptionTable;
const BETAS = { ...BASE, beta1: unit, beta2: unit } satisfies OptionTable;
const MOMENTS = { ...BETAS, epsilon: positive } satisfies OptionTable;
const NADAM = {
  ...COMMON,
  beta1: unit,
  beta2: unit,
  epsilon: positive,
  scheduleDecay: positive,
} satisfies OptionTable;

/** Keras's default rates other than 0.001, for reading one before the engine has been asked. */
const RATES: Readonly<Record<string, number>> = { sgd: 0.01, lion: 0.0001 };

/** What an optimizer asks of the model that it was compiled into. */
export interface OptimizerOwner {
  readonly learningRate: number | null;
  readonly optimizerConfig: Record<string, unknown> | null;
  setLearningRate(value: number): void;
}

/** An optimizer; after `compile`, `model.optimizer`. */
export class Optimizer extends Spec {
  #identifier: string | KerasConfig;
  #owner: OptimizerOwner | null = null;

  constructor(identifier: string | KerasConfig) {
    const isName = typeof identifier === 'string';
    super(isName ? identifier : identifier.class_name, isName ? {} : identifier.config);
    this.#identifier = identifier;
  }

  /**
   * The step size now; with a schedule that of the next step. Setting it takes effect at the next
   * batch border.
   * @throws TabtrainError `INVALID_ARGUMENT` for anything but a number >= 0, and with a schedule.
   */
  get learningRate(): number {
    const live = this.#owner?.learningRate ?? null;
    if (live !== null) return live;
    const given = this.#given['learning_rate'];
    if (typeof given === 'number') return given;
    return given ? firstRate(given as KerasConfig) : (RATES[this.className.toLowerCase()] ?? 0.001);
  }

  set learningRate(value: number) {
    positive(value, 'optimizer.learningRate');
    if (typeof this.#given['learning_rate'] === 'object') {
      invalid('optimizer.learningRate: it cannot be set, since there is a schedule');
    }
    if (this.#owner) {
      this.#owner.setLearningRate(value);
    } else {
      const config = { ...this.#given, learning_rate: value };
      this.#identifier = { class_name: this.className, config };
    }
  }

  /** Keras's config; once the engine has been asked, with all defaults. */
  override getConfig(): Record<string, unknown> {
    return this.#owner?.optimizerConfig ?? { ...this.#given };
  }

  override toJSON(): KerasConfig {
    return { class_name: this.className, config: this.#given };
  }

  get #given(): KerasConfig['config'] {
    return typeof this.#identifier === 'string' ? {} : this.#identifier.config;
  }

  /** @internal What compile sends. */
  identifier(): string | KerasConfig {
    return this.#identifier;
  }

  /** @internal Called by compile; an optimizer is in one model only, since its rate and slots are. */
  attach(owner: OptimizerOwner): void {
    if (this.#owner && this.#owner !== owner) {
      throw new TabtrainError(
        'UNSUPPORTED',
        `a ${this.className} optimizer is already compiled into another model; make a second one`,
      );
    }
    this.#owner = owner;
  }
}

/** The optimizer of compile's option. */
export function toOptimizer(value: Identifier | undefined, where: string): Optimizer {
  if (value instanceof Optimizer) return value;
  if (value === null || value === undefined) {
    invalid(`${where}: expected an optimizer, came ${came(value)}`);
  }
  return new Optimizer(toWire(value, where));
}

const make =
  <O extends object>(name: string, className: string, table: OptionTable) =>
  (options?: O): Optimizer => {
    const where = `optimizers.${name}`;
    const { legacy, ...config } = toConfig(where, table, options ?? {});
    const wrong = (legacy ? NEWER_ONLY : LEGACY_ONLY).find((key) => key in config);
    if (wrong !== undefined) {
      invalid(`${where}: ${wrong}: goes with legacy: ${legacy ? 'false' : 'true'} only`);
    }
    if (legacy !== undefined) config['is_legacy_optimizer'] = legacy;
    return new Optimizer({ class_name: className, config });
  };

/** Optimizers, with Keras's formulas of either generation. */
export const optimizers = {
  /** Gradient descent: velocity = momentum * velocity - rate * gradient. */
  sgd: make<SgdOptions>('sgd', 'SGD', { ...BASE, momentum: unit, nesterov: flag }),
  adam: make<AdamOptions>('adam', 'Adam', { ...MOMENTS, amsgrad: flag, adaptiveEpsilon: flag }),
  /** Adam with weight decay. Not with `legacy`. */
  adamw: make<AdamWOptions>('adamw', 'AdamW', {
    ...MOMENTS,
    weightDecay: positive,
    amsgrad: flag,
  }),
  /** Adam with the infinity norm. */
  adamax: make<BetaOptions>('adamax', 'Adamax', MOMENTS),
  /** Adam with Nesterov's momentum. */
  nadam: make<NadamOptions>('nadam', 'Nadam', NADAM),
  rmsprop: make<RmspropOptions>('rmsprop', 'RMSprop', {
    ...BASE,
    rho: unit,
    momentum: unit,
    epsilon: positive,
    centered: flag,
  }),
  adagrad: make<AdagradOptions>('adagrad', 'Adagrad', {
    ...BASE,
    initialAccumulatorValue: positive,
    epsilon: positive,
  }),
  adadelta: make<AdadeltaOptions>('adadelta', 'Adadelta', {
    ...BASE,
    rho: unit,
    epsilon: positive,
  }),
  ftrl: make<FtrlOptions>('ftrl', 'Ftrl', {
    ...BASE,
    learningRatePower: number(-Infinity, 0),
    initialAccumulatorValue: positive,
    l1RegularizationStrength: positive,
    l2RegularizationStrength: positive,
    l2ShrinkageRegularizationStrength: positive,
    beta: positive,
  }),
  /** Steps of one size by the sign of the momentum. Not with `legacy`. */
  lion: make<LionOptions>('lion', 'Lion', BETAS),
  /** Learning rates that change with the number of steps, for `learningRate`. */
  schedules,
} as const;
