import { CustomInitializer } from '../custom/initializer';
import { integer, nullable, number, oneOf, type OptionTable } from './options';
import { factoriesOf } from './spec';

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

const make = factoriesOf('initializers');

/** Initial values of weights, with Keras 2's formulas. */
export const initializers = {
  /** The base of initializers of your own that have options. */
  Initializer: CustomInitializer,
  /** Uniform in ±sqrt(6 / (fanIn + fanOut)). */
  glorotUniform: make<SeedOptions>('GlorotUniform', SEED),
  /** Truncated normal, stddev sqrt(2 / (fanIn + fanOut)). */
  glorotNormal: make<SeedOptions>('GlorotNormal', SEED),
  /** Uniform in ±sqrt(6 / fanIn). */
  heUniform: make<SeedOptions>('HeUniform', SEED),
  /** Truncated normal, stddev sqrt(2 / fanIn). */
  heNormal: make<SeedOptions>('HeNormal', SEED),
  /** Uniform in ±sqrt(3 / fanIn). */
  lecunUniform: make<SeedOptions>('LecunUniform', SEED),
  /** Truncated normal, stddev sqrt(1 / fanIn). */
  lecunNormal: make<SeedOptions>('LecunNormal', SEED),
  /** Variance `scale` / fan. */
  varianceScaling: make<VarianceScalingOptions>('VarianceScaling', SCALING),
  /** Orthonormal columns, or rows where there are fewer, times `gain`, default 1. */
  orthogonal: make<SeedOptions & GainOptions>('Orthogonal', {
    gain: number(),
    ...SEED,
  }),
  /** `gain`, default 1, on the diagonal of a matrix, 0 elsewhere. */
  identity: make<GainOptions>('Identity', { gain: number() }),
  /** Every element `value`, default 0. */
  constant: make<{ readonly value?: number }>('Constant', { value: number() }),
  zeros: make<Record<never, never>>('Zeros', {}),
  ones: make<Record<never, never>>('Ones', {}),
  /** Default mean 0, stddev 0.05. */
  randomNormal: make<SeedOptions & { readonly mean?: number; readonly stddev?: number }>(
    'RandomNormal',
    NORMAL,
  ),
  /** Normal, drawn again beyond two standard deviations; default mean 0, stddev 0.05. */
  truncatedNormal: make<SeedOptions & { readonly mean?: number; readonly stddev?: number }>(
    'TruncatedNormal',
    NORMAL,
  ),
  /** Default -0.05 to 0.05. */
  randomUniform: make<SeedOptions & { readonly minval?: number; readonly maxval?: number }>(
    'RandomUniform',
    UNIFORM,
  ),
} as const;
