import { axes, number, oneOf, toConfig, type OptionTable } from './options';
import { factoriesOf, Spec } from './spec';

const make = factoriesOf('regularizers');
const FACTORS = { l1: number(), l2: number() } satisfies OptionTable;

/** Penalties that are added to the loss; keras/regularizers.py. */
export const regularizers = {
  /** l1 · sum |w|; default 0.01. */
  l1: make<{ readonly l1?: number }>('L1', { l1: number() }),
  /** l2 · sum w²; default 0.01. */
  l2: make<{ readonly l2?: number }>('L2', { l2: number() }),
  /** Both; default 0.01 each, as Keras's function of that name. */
  l1l2: (options: { readonly l1?: number; readonly l2?: number } = {}): Spec => {
    const given = toConfig('regularizers.l1l2', FACTORS, options);
    return new Spec('L1L2', { l1: 0.01, l2: 0.01, ...given });
  },
  /** factor (default 0.01) times the mean |cosine| between the rows, or columns, of a matrix. */
  orthogonalRegularizer: make<{
    readonly factor?: number;
    readonly mode?: 'rows' | 'columns';
  }>('OrthogonalRegularizer', {
    factor: number(),
    mode: oneOf('rows', 'columns'),
  }),
} as const;

/** Along which axes a norm is taken; default 0: of a Dense kernel, the weights into one unit. */
export interface NormOptions {
  readonly axis?: number | readonly number[];
}

const AXES = { axis: axes };

const constrain = factoriesOf('constraints');

/** What weights are made to satisfy after each step; keras/constraints.py. */
export const constraints = {
  /** Norms above maxValue (default 2) are scaled down to it. */
  maxNorm: constrain<NormOptions & { readonly maxValue?: number }>('MaxNorm', {
    maxValue: number(0),
    ...AXES,
  }),
  /** Norms are moved by rate (default 1) of the way into minValue (0) to maxValue (1). */
  minMaxNorm: constrain<
    NormOptions & {
      readonly minValue?: number;
      readonly maxValue?: number;
      readonly rate?: number;
    }
  >('MinMaxNorm', {
    minValue: number(0),
    maxValue: number(0),
    rate: number(0, 1),
    ...AXES,
  }),
  /** Negative weights become 0. */
  nonNeg: constrain<Record<never, never>>('NonNeg', {}),
  /** Norms become 1. */
  unitNorm: constrain<NormOptions>('UnitNorm', AXES),
} as const;
