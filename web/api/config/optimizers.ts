import { TabtrainError, came, invalid, unsupported } from '../errors';
import { flag, notYet, number, text, toConfig, type OptionTable } from './options';
import { Spec, toWire, type Identifier, type KerasConfig } from './spec';

export interface OptimizerOptions {
  /** Default 0.001 for Adam, 0.01 for SGD. Schedules are not in this version. */
  readonly learningRate?: number;
  /** True for the formulas and checkpoint layout of Keras 2.8; default: Keras 2.11's. */
  readonly legacy?: boolean;
  /** With `legacy` only: the rate of step t is learningRate / (1 + decay * t). */
  readonly decay?: number;
  readonly name?: string;
}

export interface SgdOptions extends OptimizerOptions {
  /** 0 (default) to 1. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

export interface AdamOptions extends OptimizerOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7; added to the root, outside the bias correction. */
  readonly epsilon?: number;
  readonly amsgrad?: boolean;
}

const learningRate = (value: unknown, where: string) =>
  value !== null && typeof value === 'object'
    ? unsupported(`${where}: learning rate schedules are not in this version`)
    : number(0)(value, where);

const BASE = {
  learningRate,
  legacy: flag,
  decay: number(0),
  name: text,
  clipnorm: notYet,
  clipvalue: notYet,
  globalClipnorm: notYet,
  weightDecay: notYet,
} satisfies OptionTable;
const SGD = { ...BASE, momentum: number(0, 1), nesterov: flag } satisfies OptionTable;
const ADAM = {
  ...BASE,
  beta1: number(0, 1),
  beta2: number(0, 1),
  epsilon: number(0),
  amsgrad: flag,
} satisfies OptionTable;

/** Keras's defaults, for reading the rate before the engine has been asked. */
const DEFAULT_RATES: Readonly<Record<string, number>> = { adam: 0.001, sgd: 0.01 };

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
   * The step size now. Setting it takes effect at the next batch border.
   * @throws TabtrainError `INVALID_ARGUMENT` for anything but a number >= 0.
   */
  get learningRate(): number {
    const live = this.#owner?.learningRate ?? null;
    if (live !== null) return live;
    const given = this.#given['learning_rate'];
    return typeof given === 'number' ? given : (DEFAULT_RATES[this.className.toLowerCase()] ?? NaN);
  }

  set learningRate(value: number) {
    number(0)(value, 'optimizer.learningRate');
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

function make(
  name: string,
  className: string,
  table: OptionTable,
  options: object = {},
): Optimizer {
  const { legacy, ...config } = toConfig(`optimizers.${name}`, table, options);
  if (!legacy && config['decay'] !== undefined) {
    invalid(`optimizers.${name}: decay: goes with legacy: true only`);
  }
  if (legacy !== undefined) config['is_legacy_optimizer'] = legacy;
  return new Optimizer({ class_name: className, config });
}

const missing = (name: string) => (): never =>
  unsupported(`optimizers.${name}: this optimizer is not in this version`);

/** Optimizers, with Keras's formulas of either generation. */
export const optimizers = {
  /** Gradient descent: velocity = momentum * velocity - rate * gradient. */
  sgd: (options?: SgdOptions): Optimizer => make('sgd', 'SGD', SGD, options),
  adam: (options?: AdamOptions): Optimizer => make('adam', 'Adam', ADAM, options),
  /** Not in this version: throws `UNSUPPORTED`. */
  rmsprop: missing('rmsprop'),
  /** Not in this version: throws `UNSUPPORTED`. */
  adagrad: missing('adagrad'),
  /** Not in this version: throws `UNSUPPORTED`. */
  adamw: missing('adamw'),
} as const;
