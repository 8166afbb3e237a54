import { integer, nullable, number, oneOf, toConfig, type OptionTable } from './options';
import { Spec } from './spec';

export interface SeedOptions {
  /** Fixes the values; default: from the model's seed. */
  readonly seed?: number | null;
}

export interface GainOptions {
  readonly gain?: number;
}

export interface VarianceScalingOptions extends SeedOptions {
  /** Above 0; default 1. */
  readonly scale?: number;
  /** Default `fan_in`. */
  readonly mode?: 'fan_in' | 'fan_out' | 'fan_avg';
  /** `normal` is the default, `truncated_normal`. */
  readonly distribution?: 'uniform' | 'normal' | 'truncated_normal' | 'untruncated_normal';
}

const SEED = { seed: nullable(integer()) } satisfies OptionTable;
const UNIFORM = { minval: number(), maxval: number(), ...SEED } satisfies OptionTable;
const NORMAL = { mean: number(), stddev: number(0), ...SEED } satisfies OptionTable;

const SCALING = {
  scale: number(0),
  mode: oneOf('fan_in', 'fan_out', 'fan_avg'),
  distribution: oneOf('uniform', 'normal', 'truncated_normal', 'untruncated_normal'),
  ...SEED,
} satisfies OptionTable;

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
  /** Uniform in ±sqrt(3 / fanIn). */
  lecunUniform: make<SeedOptions>('lecunUniform', 'LecunUniform', SEED),
  /** Truncated normal, stddev sqrt(1 / fanIn). */
  lecunNormal: make<SeedOptions>('lecunNormal', 'LecunNormal', SEED),
  /** Variance `scale` / fan. */
  varianceScaling: make<VarianceScalingOptions>('varianceScaling', 'VarianceScaling', SCALING),
  /** Orthonormal columns, or rows where there are fewer, times `gain`, default 1. */
  orthogonal: make<SeedOptions & GainOptions>('orthogonal', 'Orthogonal', {
    gain: number(),
    ...SEED,
  }),
  /** `gain`, default 1, on the diagonal of a matrix, 0 elsewhere. */
  identity: make<GainOptions>('identity', 'Identity', { gain: number() }),
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
