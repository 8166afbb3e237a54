import { integer, nullable, number, toConfig, type OptionTable } from './options';
import { Spec } from './spec';

export interface SeedOptions {
  /** Fixes the values; default: from the model's seed. */
  readonly seed?: number | null;
}

const SEED = { seed: nullable(integer()) } satisfies OptionTable;
const UNIFORM = { minval: number(), maxval: number(), ...SEED } satisfies OptionTable;
const NORMAL = { mean: number(), stddev: number(0), ...SEED } satisfies OptionTable;

const make =
  <O extends object>(name: string, className: string, table: OptionTable) =>
  (options?: O): Spec =>
    new Spec(className, toConfig(`initializers.${name}`, table, options));

/** Initial values of weights, with Keras 2's formulas. */
export const initializers = {
  /** Uniform in ±sqrt(6 / (fanIn + fanOut)). */
  glorotUniform: make<SeedOptions>('glorotUniform', 'GlorotUniform', SEED),
  /** Truncated normal, stddev sqrt(2 / (fanIn + fanOut)). */
  glorotNormal: make<SeedOptions>('glorotNormal', 'GlorotNormal', SEED),
  /** Uniform in ±sqrt(6 / fanIn). */
  heUniform: make<SeedOptions>('heUniform', 'HeUniform', SEED),
  /** Truncated normal, stddev sqrt(2 / fanIn). */
  heNormal: make<SeedOptions>('heNormal', 'HeNormal', SEED),
  /** Every element `value`, default 0. */
  constant: make<{ readonly value?: number }>('constant', 'Constant', { value: number() }),
  zeros: make<Record<never, never>>('zeros', 'Zeros', {}),
  ones: make<Record<never, never>>('ones', 'Ones', {}),
  /** Default mean 0, stddev 0.05. */
  randomNormal: make<SeedOptions & { readonly mean?: number; readonly stddev?: number }>(
    'randomNormal',
    'RandomNormal',
    NORMAL,
  ),
  /** Normal, drawn again beyond two standard deviations; default mean 0, stddev 0.05. */
  truncatedNormal: make<SeedOptions & { readonly mean?: number; readonly stddev?: number }>(
    'truncatedNormal',
    'TruncatedNormal',
    NORMAL,
  ),
  /** Default -0.05 to 0.05. */
  randomUniform: make<SeedOptions & { readonly minval?: number; readonly maxval?: number }>(
    'randomUniform',
    'RandomUniform',
    UNIFORM,
  ),
} as const;
