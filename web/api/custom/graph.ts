import { came, invalid } from '../errors';

/** A weight of a layer of your own, as `addWeight` gives it. */
export class Weight {
  readonly name: string;
  readonly shape: readonly number[];

  /** @internal Checks what `addWeight` was given. */
  constructor(name: unknown, shape: unknown, where: string) {
    if (typeof name !== 'string' || !/^[^/]+$/.test(name)) {
      invalid(`${where}: name: expected a name without '/', came ${came(name)}`);
    }
    const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) > 0;
    if (!Array.isArray(shape) || !shape.every(isSize)) {
      invalid(`${where}: ${name}: expected extents of at least 1, came ${came(shape)}`);
    }
    this.name = name;
    this.shape = shape;
  }
}

/** A tensor of a computation that is being recorded; it has no numbers. */
export class Value {
  /** @internal */
  readonly id: number;
  readonly #shape: readonly (number | null)[] | null;

  /** @internal */
  constructor(id: number, shape: readonly (number | null)[] | null = null) {
    this.id = id;
    this.#shape = shape;
  }

  /** Of a layer's input, with null for the batch. @throws TabtrainError `INVALID_ARGUMENT` for others. */
  get shape(): readonly (number | null)[] {
    return this.#shape ?? invalid("shape: known of a layer's input only");
  }
}

/** What ops take: a value, a weight, or a number. */
export type Operand = Value | Weight | number;

interface Node {
  readonly op: string;
  readonly in?: readonly number[];
  readonly attrs?: Readonly<Record<string, unknown>>;
}

/** A recorded computation as the engine replays it (src/graph/replay.h). */
export interface Recording {
  readonly nodes: readonly Node[];
  readonly outputs: readonly number[];
}

/** With null for the batch. */
type Extents = readonly (number | null)[];

interface RandomOptions {
  readonly seed?: number | null;
}

interface Axes {
  /** One axis or several; those below 0 count from the last. Default: all. */
  readonly axis?: number | readonly number[];
  /** Whether the axes stay, with an extent of 1. */
  readonly keepDims?: boolean;
}

/**
 * Records a computation, op by op; nothing is computed. What a layer, loss, metric or activation of your
 * own does with it becomes part of the model's graph: it runs in the engine, its gradient comes from the
 * engine's, and it can be saved. Operands broadcast as numpy's; comparisons give 1 and 0.
 */
export class GraphBuilder {
  readonly #nodes: Node[] = [];
  readonly #inputs: number;

  /** @internal */
  constructor(inputs: number) {
    this.#inputs = inputs;
  }

  #add(op: string, operands: readonly Operand[], attrs?: Node['attrs']): Value {
    const ids = operands.map((each) => this.#id(each, op));
    const node = { op, ...(ids.length > 0 && { in: ids }), ...(attrs && { attrs }) };
    return new Value(this.#inputs + this.#nodes.push(node) - 1);
  }

  #id(operand: Operand, op: string): number {
    if (operand instanceof Value) return operand.id;
    if (typeof operand === 'number') return this.constant(operand).id;
    if (operand instanceof Weight) return this.#add('Weight', [], { name: operand.name }).id;
    return invalid(`${op}: expected a value, a weight or a number, came ${came(operand)}`);
  }

  #reduce(op: string, x: Operand, { axis, keepDims = false }: Axes): Value {
    const axes = axis === undefined ? null : [axis].flat();
    return this.#add(op, [x], { axes, keep_dims: keepDims });
  }

  #random(op: string, x: Operand | Extents, { seed = null }: RandomOptions): Value {
    if (seed !== null && this.#inputs > 0) invalid(`${op}: seed: for initializers only`);
    return Array.isArray(x)
      ? this.#add(op, [], { shape: x, seed })
      : this.#add(op, [x as Operand], { seed });
  }

  constant(value: number): Value {
    return this.#add('Const', [], { value });
  }

  // prettier-ignore

  add = (a: Operand, b: Operand) => this.#add('AddV2', [a, b]);
  sub = (a: Operand, b: Operand) => this.#add('Sub', [a, b]);
  mul = (a: Operand, b: Operand) => this.#add('Mul', [a, b]);
  div = (a: Operand, b: Operand) => this.#add('RealDiv', [a, b]);
  /** a / b, and 0 where b is 0. */
  divNoNan = (a: Operand, b: Operand) => this.#add('DivNoNan', [a, b]);
  maximum = (a: Operand, b: Operand) => this.#add('Maximum', [a, b]);
  minimum = (a: Operand, b: Operand) => this.#add('Minimum', [a, b]);
  pow = (a: Operand, b: Operand) => this.#add('Pow', [a, b]);
  equal = (a: Operand, b: Operand) => this.#add('Equal', [a, b]);
  greater = (a: Operand, b: Operand) => this.#add('Greater', [a, b]);
  greaterEqual = (a: Operand, b: Operand) => this.#add('GreaterEqual', [a, b]);
  less = (a: Operand, b: Operand) => this.greater(b, a);
  lessEqual = (a: Operand, b: Operand) => this.greaterEqual(b, a);
  /** a where the condition is not 0, else b. */
  where = (condition: Operand, a: Operand, b: Operand) => this.#add('SelectV2', [condition, a, b]);
  neg = (x: Operand) => this.#add('Neg', [x]);
  abs = (x: Operand) => this.#add('Abs', [x]);
  sign = (x: Operand) => this.#add('Sign', [x]);
  square = (x: Operand) => this.#add('Square', [x]);
  sqrt = (x: Operand) => this.#add('Sqrt', [x]);
  rsqrt = (x: Operand) => this.#add('Rsqrt', [x]);
  exp = (x: Operand) => this.#add('Exp', [x]);
  log = (x: Operand) => this.#add('Log', [x]);
  log1p = (x: Operand) => this.#add('Log1p', [x]);
  floor = (x: Operand) => this.#add('Floor', [x]);
  erf = (x: Operand) => this.#add('Erf', [x]);
  relu = (x: Operand) => this.#add('Relu', [x]);
  elu = (x: Operand) => this.#add('Elu', [x]);
  softplus = (x: Operand) => this.#add('Softplus', [x]);
  sigmoid = (x: Operand) => this.#add('Sigmoid', [x]);
  tanh = (x: Operand) => this.#add('Tanh', [x]);
  /** Over the last axis. */
  softmax = (x: Operand) => this.#add('Softmax', [x]);
  logSoftmax = (x: Operand) => this.#add('LogSoftmax', [x]);
  /** The same value, through which no gradient flows. */
  stopGradient = (x: Operand) => this.#add('StopGradient', [x]);
  sum = (x: Operand, axes: Axes = {}) => this.#reduce('Sum', x, axes);
  mean = (x: Operand, axes: Axes = {}) => this.#reduce('Mean', x, axes);
  max = (x: Operand, axes: Axes = {}) => this.#reduce('Max', x, axes);
  /** The index of the first maximum along the last axis. */
  argMax = (x: Operand) => this.#add('ArgMax', [x]);
  /** `[...]` of class indices -> `[..., depth]` of ones and zeros. */
  oneHot = (x: Operand, depth: number) => this.#add('OneHot', [x], { depth });
  /** `[..., k]` x `[k, n]` -> `[..., n]`. */
  matMul = (a: Operand, b: Operand, { transposeA = false, transposeB = false } = {}) =>
    this.#add('MatMul', [a, b], { transpose_a: transposeA, transpose_b: transposeB });
  /** Extents with null for the batch; one may be -1, what is left. */
  reshape = (x: Operand, shape: readonly (number | null)[]) => this.#add('Reshape', [x], { shape });
  /** Axis i of the result is axis perm[i] of x. */
  transpose = (x: Operand, perm: readonly number[]) => this.#add('Transpose', [x], { perm });
  /**
   * Numbers from 0 to 1 in the shape of x, or in a shape; in layers, others in each step, and initializers.
   * `seed` fixes those of an initializer as Keras's do.
   */
  randomUniform = (x: Operand | Extents, options: RandomOptions = {}) =>
    this.#random('RandomUniform', x, options);
  /** Normal numbers of mean 0 and deviation 1, likewise. */
  randomNormal = (x: Operand | Extents, options: RandomOptions = {}) =>
    this.#random('RandomStandardNormal', x, options);
  /** Gives a weight that does not train a new value after the step; in layers only. */
  assign = (weight: Weight, value: Operand) => this.#add('Assign', [value], { name: weight.name });

  /** @internal The recording whose result is `result`. */
  finish(result: unknown, where: string): Recording {
    if (!(result instanceof Value) && !(result instanceof Weight) && typeof result !== 'number') {
      invalid(`${where}: expected a value made by the graph builder, came ${came(result)}`);
    }
    const outputs = [this.#id(result, where)];
    return { nodes: this.#nodes, outputs };
  }
}

/** Records the values of a weight. */
export function recordInitializer(call: (g: GraphBuilder) => unknown, where: string): Recording {
  const g = new GraphBuilder(0);
  return g.finish(call(g), where);
}

/** Records a function of `inputs` values. */
export function recordFunction(
  call: (g: GraphBuilder, ...inputs: Value[]) => unknown,
  inputs: number,
  where: string,
): Recording {
  const g = new GraphBuilder(inputs);
  const values = Array.from({ length: inputs }, (_, i) => new Value(i));
  return g.finish(call(g, ...values), where);
}
