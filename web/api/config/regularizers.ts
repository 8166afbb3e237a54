import { axes, number, oneOf, toConfig, type OptionTable } from './options';
import { Spec } from './spec';

const make =
  <O extends object>(name: string, className: string, table: OptionTable) =>
  (options?: O): Spec =>
    new Spec(className, toConfig(`regularizers.${name}`, table, options));

/** Penalties that are added to the loss; keras/regularizers.py. */
export const regularizers = {
  /** l1 · sum |w|; default 0.01. */
  l1: make<{ readonly l1?: number }>('l1', 'L1', { l1: number() }),
  /** l2 · sum w²; default 0.01. */
  l2: make<{ readonly l2?: number }>('l2', 'L2', { l2: number() }),
  /** Both; default 0.01 each, as Keras's function of that name. */
  l1l2: (options: { readonly l1?: number; readonly l2?: number } = {}): Spec =>
    make<typeof options>('l1l2', 'L1L2', { l1: number(), l2: number() })({
      l1: 0.01,
      l2: 0.01,
      ...options,
    }),
  /** factor (default 0.01) times the mean |cosine| between the rows, or columns, of a matrix. */
  orthogonalRegularizer: make<{
    readonly factor?: number;
    readonly mode?: 'rows' | 'columns';
  }>('orthogonalRegularizer', 'OrthogonalRegularizer', {
    factor: number(),
    mode: oneOf('rows', 'columns'),
  }),
} as const;

/** Along which axes a norm is taken; default 0: of a Dense kernel, the weights into one unit. */
export interface NormOptions {
  readonly axis?: number | readonly number[];
}

const AXES = { axis: axes };

const constrain =
  <O extends object>(name: string, className: string, table: OptionTable) =>
  (options?: O): Spec =>
    new Spec(className, toConfig(`constraints.${name}`, table, options));

/** What weights are made to satisfy after each step; keras/constraints.py. */
export const constraints = {
  /** Norms above maxValue (default 2) are scaled down to it. */
  maxNorm: constrain<NormOptions & { readonly maxValue?: number }>('maxNorm', 'MaxNorm', {
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
  >('minMaxNorm', 'MinMaxNorm', {
    minValue: number(0),
    maxValue: number(0),
    rate: number(0, 1),
    ...AXES,
  }),
  /** Negative weights become 0. */
  nonNeg: constrain<Record<never, never>>('nonNeg', 'NonNeg', {}),
  /** Norms become 1. */
  unitNorm: constrain<NormOptions>('unitNorm', 'UnitNorm', AXES),
} as const;
