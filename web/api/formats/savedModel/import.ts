import { TabtrainError } from '../../errors';
import type { Recording } from '../../custom/graph';
import { parseFunction, type FunctionNode, type ParsedFunction } from './functionDef';
import { ObjectGraph, type SavedObjectInfo } from './objectGraph';

/** What the engine takes for a layer whose class is elsewhere (src/layers/recorded.h). */
export interface RecordedLayer {
  readonly weights: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly trainable: boolean;
    readonly initializer: string;
  }[];
  readonly inference: Recording;
  readonly training: Recording | null;
}

const FLOAT = 1;
const BOOL = 10;
/** Functions that call functions, so deep. */
const DEEPEST = 16;
const MOST_NODES = 20_000;
/** Nodes that need nodes, so deep. */
const DEEPEST_NODE = 500;
/** Of a row of random numbers. */
const MOST_ELEMENTS = 1 << 24;

/** Where Keras keeps what a layer does, the most telling first. */
const CALLS = [
  ['keras_api', 'call_and_return_conditional_losses'],
  ['call_and_return_conditional_losses'],
  ['call_and_return_all_conditional_losses'],
  ['__call__'],
];

/** A layer of a class that we do not have, from its functions; null where the file has none. */
export function importLayer(
  graph: ObjectGraph,
  path: readonly string[],
  what: string,
): RecordedLayer | null {
  const layer = graph.at(...path);
  const call = CALLS.map((names) => graph.at(...path, ...names)).find(
    (object) => (object?.traces.length ?? 0) > 0,
  );
  if (!layer || !call) return null;
  const weights = new Map<number, RecordedLayer['weights'][number]>();
  for (const [name, id] of layer.children) {
    const variable = (graph.objects[id] as SavedObjectInfo | undefined)?.variable;
    if (!variable || weights.has(id)) continue;
    if (variable.dtype !== FLOAT) {
      throw new TabtrainError('UNSUPPORTED', `${what}: the weight '${name}' is not float32`);
    }
    const { shape, trainable } = variable;
    weights.set(id, { name, shape, trainable, initializer: 'zeros' });
  }
  const record = (training: boolean): Recording | null => {
    const name = call.traces.find((trace) => {
      const said = graph.concrete.get(trace)?.training ?? null;
      return said === training || (said === null && !training);
    });
    if (name === undefined) return null;
    return new Importer(graph, what).run(name, (id) => weights.get(id)?.name, training);
  };
  const inference = record(false) ?? record(true);
  if (!inference) return null;
  return { weights: [...weights.values()], inference, training: record(true) };
}

/** A value of the recording, a constant, a variable's handle, or a shape that is known in part. */
type Known =
  | { readonly kind: 'value'; readonly id: number }
  | {
      readonly kind: 'constant';
      readonly shape: readonly number[];
      readonly numbers: readonly number[];
    }
  | { readonly kind: 'weight'; readonly name: string }
  /** Extents, null where they are the batch; of the value `of`, where they are all of its. */
  | {
      readonly kind: 'shape';
      readonly of: number;
      readonly dims: readonly (number | null)[] | null;
    };

interface Frame {
  readonly fn: ParsedFunction;
  readonly args: ReadonlyMap<string, Known>;
  readonly known: Map<string, Known>;
  /** Of functions that it calls, by node. */
  readonly calls: Map<string, Frame>;
  readonly depth: number;
}

/** Ops that the engine has under the same name. */
const SAME = new Set(
  (
    'Abs Sign Square Sqrt Rsqrt Exp Log Log1p Tanh Sigmoid Relu Elu Softplus Floor Erf Neg Softmax ' +
    'LogSoftmax StopGradient AddV2 Sub Mul RealDiv DivNoNan Maximum Minimum Pow Equal Greater ' +
    'GreaterEqual SelectV2'
  ).split(' '),
);
/** Ops that are another of the engine's, or give what they are given. */
const ALIAS: ReadonlyMap<string, string> = new Map([
  ['Add', 'AddV2'],
  ['BiasAdd', 'AddV2'],
  ['Div', 'RealDiv'],
  ['Select', 'SelectV2'],
  ['LogicalAnd', 'Mul'],
  ['LogicalOr', 'Maximum'],
]);
const THROUGH = new Set(['Identity', 'IdentityN', 'PreventGradient', 'Snapshot', 'EnsureShape']);
/** Ops that assign a variable, and what they do with the value that it has; null for nothing. */
const ASSIGNS: ReadonlyMap<string, string | null> = new Map([
  ['AssignVariableOp', null],
  ['AssignAddVariableOp', 'AddV2'],
  ['AssignSubVariableOp', 'Sub'],
]);
const CALL = new Set(['StatefulPartitionedCall', 'PartitionedCall']);

/** Writes a TensorFlow function as a recording. */
class Importer {
  readonly #graph: ObjectGraph;
  readonly #what: string;
  readonly #nodes: { op: string; in?: number[]; attrs?: Record<string, unknown> }[] = [];
  readonly #parsed = new Map<string, ParsedFunction>();
  #visited = 0;
  #nesting = 0;

  constructor(graph: ObjectGraph, what: string) {
    this.#graph = graph;
    this.#what = what;
  }

  /** @param assigns whether to keep what the function does to variables */
  run(
    name: string,
    weightOf: (id: number) => string | undefined,
    assigns: boolean,
  ): Recording {
    const fn = this.#function(name);
    const captured = this.#graph.concrete.get(name)?.captured ?? [];
    const args = new Map<string, Known>();
    const first = fn.arguments.length - captured.length;
    for (const [i, argument] of fn.arguments.entries()) {
      if (i === 0) args.set(argument, { kind: 'value', id: 0 });
      if (i < first) continue;
      const weight = weightOf(captured[i - first]!);
      if (weight !== undefined) args.set(argument, { kind: 'weight', name: weight });
    }
    const frame: Frame = { fn, args, known: new Map(), calls: new Map(), depth: 0 };
    const output = this.#id(
      this.#value(fn.results[0] ?? this.#fail('a function without result'), frame),
    );
    if (assigns) this.#assign(frame);
    return { nodes: this.#nodes, outputs: [output] };
  }

  /** What a function does to variables besides giving a result. */
  #assign(frame: Frame): void {
    for (const node of frame.fn.nodes.values()) {
      if (CALL.has(node.op)) this.#assign(this.#called(node, frame));
      const sign = ASSIGNS.get(node.op);
      if (sign === undefined) continue;
      const [handle, value] = [0, 1].map((i) => this.#input(node, i, frame));
      if (handle!.kind !== 'weight') this.#fail('assigns what is no weight of its own');
      const result = sign === null ? value! : this.#add(sign, [handle!, value!]);
      this.#add('Assign', [result], { name: handle!.name });
    }
  }

  #input(node: FunctionNode, i: number, frame: Frame): Known {
    const reference = node.inputs[i] ?? this.#fail(`${node.op} without an input`);
    return this.#value(reference, frame);
  }

  #fail(reason: string): never {
    throw new TabtrainError('UNSUPPORTED', `${this.#what}: ${reason}`);
  }

  #function(name: string): ParsedFunction {
    const parsed = this.#parsed.get(name);
    if (parsed) return parsed;
    const bytes = this.#graph.functions.get(name);
    if (!bytes)
      throw new TabtrainError('CORRUPT_FILE', `${this.#what}: there is no function '${name}'`);
    const fn = parseFunction(bytes, this.#what);
    this.#parsed.set(name, fn);
    return fn;
  }

  #add(op: string, inputs: readonly Known[] = [], attrs?: Record<string, unknown>): Known {
    const ids = inputs.map((input) => this.#id(input));
    this.#nodes.push({ op, ...(ids.length > 0 && { in: ids }), ...(attrs && { attrs }) });
    return { kind: 'value', id: this.#nodes.length };
  }

  #number(value: number): Known {
    return { kind: 'constant', shape: [], numbers: [value] };
  }

  #id(known: Known): number {
    if (known.kind === 'value') return known.id;
    if (known.kind === 'weight') return this.#id(this.#add('Weight', [], { name: known.name }));
    if (known.kind === 'constant' && known.numbers.length === 1) {
      return this.#id(this.#add('Const', [], { value: known.numbers[0] }));
    }
    if (known.kind === 'shape' && known.dims?.join() === '' && known.of >= 0) {
      return this.#id(this.#batchSize(known.of));
    }
    return this.#fail('computes with a constant tensor or a shape, which cannot be taken over');
  }

  /** The number of rows of a value, which no op gives: the sum of ones over that of a mean row. */
  #batchSize(of: number): Known {
    const value: Known = { kind: 'value', id: of };
    const ones = this.#ones(value);
    const row = this.#add('Mean', [ones], { axes: [0], keep_dims: false });
    const sum = (x: Known) => this.#add('Sum', [x], { axes: null, keep_dims: false });
    return this.#add('RealDiv', [sum(ones), sum(row)]);
  }

  /** Ones in the shape of a value, whatever is in it. */
  #ones(value: Known): Known {
    const isPositive = this.#add('Greater', [value, this.#number(0)]);
    return this.#add('SelectV2', [isPositive, this.#number(1), this.#number(1)]);
  }

  /** Some value of this shape. */
  #likeShape(shape: Known, op: string): Known {
    if (shape.kind !== 'shape' || shape.of < 0) this.#fail(`needs ${op} in a shape of its own`);
    const of: Known = { kind: 'value', id: shape.of };
    const { dims } = shape;
    if (!dims) return of;
    const sizes = dims.slice(1).map((size) => size ?? this.#fail(`needs ${op} with two batches`));
    if (dims[0] !== null) this.#fail(`needs ${op} without a batch`);
    const rows = this.#add('Reshape', [this.#ones(of)], { shape: [null, -1] });
    const column = this.#add('Max', [rows], { axes: [1], keep_dims: true });
    const all = this.#add('Reshape', [column], { shape: [null, ...sizes.map(() => 1)] });
    if (sizes.length === 0) return all;
    const depth = sizes.reduce((product, size) => product * size, 1);
    if (!(depth > 0 && depth <= MOST_ELEMENTS)) this.#fail(`needs ${op} in a shape too large`);
    const row = this.#add('OneHot', [this.#number(0)], { depth });
    return this.#add('AddV2', [all, this.#add('Reshape', [row], { shape: sizes })]);
  }

  /** All numbers are floats here: what a narrower type does to them is done to floats. */
  #cast(x: Known, node: FunctionNode): Known {
    const to = node.attr('DstT').type;
    if (x.kind !== 'value' || node.attr('SrcT').type !== FLOAT || to === FLOAT) return x;
    if (to === BOOL) {
      return this.#add('Sub', [this.#number(1), this.#add('Equal', [x, this.#number(0)])]);
    }
    return this.#add('Mul', [this.#add('Sign', [x]), this.#add('Floor', [this.#add('Abs', [x])])]);
  }

  #value(reference: string, frame: Frame): Known {
    const argument = frame.args.get(reference);
    if (argument) return argument;
    const cached = frame.known.get(reference);
    if (cached) return cached;
    const [name = '', , index = '0'] = reference.split(':');
    const node = frame.fn.nodes.get(name);
    if (!node && frame.fn.arguments.includes(reference)) {
      this.#fail('uses a variable of another object, such as a layer within, which cannot be taken over'); // prettier-ignore
    }
    if (!node) return this.#fail(`needs '${reference}', which is neither a weight nor computed`);
    this.#count();
    // Also where nodes need each other in a circle.
    if (++this.#nesting > DEEPEST_NODE) this.#fail('is nested too deep');
    const value = this.#node(node, Number(index), frame);
    --this.#nesting;
    frame.known.set(reference, value);
    return value;
  }

  #count(): void {
    if (++this.#visited > MOST_NODES) this.#fail('is too large');
  }

  #node(node: FunctionNode, index: number, frame: Frame): Known {
    const { op } = node;
    const input = (i: number) => this.#input(node, i, frame);
    const inputs = () => node.inputs.map((_, i) => input(i));
    if (SAME.has(op)) return this.#add(op, inputs());
    const alias = ALIAS.get(op);
    if (alias !== undefined) return this.#add(alias, inputs());
    if (THROUGH.has(op)) return input(index);
    if (CALL.has(op)) return this.#result(this.#called(node, frame), index);
    switch (op) {
      case 'Const': {
        const tensor = node.attr('value').tensor;
        if (!tensor || tensor.numbers.length === 0) this.#fail('has a constant tensor');
        return { kind: 'constant', shape: tensor.shape, numbers: tensor.numbers };
      }
      case 'ReadVariableOp': {
        const handle = input(0);
        return handle.kind === 'weight' ? handle : this.#fail('reads what is no weight of its own');
      }
      case 'Cast':
        return this.#cast(input(0), node);
      case 'ArgMax': {
        const isLast = this.#integers(input(1), op).join() === '-1';
        return isLast ? this.#add(op, [input(0)]) : this.#fail(`needs ${op} over another axis`);
      }
      case 'OneHot': {
        const ends = [input(2), input(3)].map((end) => this.#integers(end, op).join());
        const isPlain = ends.join() === '1,0' && [0, -1].includes(node.attr('axis').integer);
        if (!isPlain) this.#fail(`needs ${op} with other values than 1 and 0`);
        return this.#add(op, [input(0)], { depth: this.#integers(input(1), op)[0] });
      }
      case 'SquaredDifference':
        return this.#add('Square', [this.#add('Sub', inputs())]);
      case 'Reciprocal':
      case 'Inv':
        return this.#add('RealDiv', [this.#number(1), input(0)]);
      case 'NotEqual':
        return this.#add('Sub', [this.#number(1), this.#add('Equal', inputs())]);
      case 'LogicalNot':
        return this.#add('Sub', [this.#number(1), input(0)]);
      case 'Less':
        return this.#add('Greater', [input(1), input(0)]);
      case 'LessEqual':
        return this.#add('GreaterEqual', [input(1), input(0)]);
      case 'Relu6':
        return this.#add('Minimum', [this.#number(6), this.#add('Relu', inputs())]);
      case 'LeakyRelu': {
        const below = this.#add('Mul', [input(0), this.#number(node.attr('alpha').float)]);
        return this.#add('SelectV2', [
          this.#add('Greater', [input(0), this.#number(0)]),
          input(0),
          below,
        ]);
      }
      case 'MatMul':
        return this.#add('MatMul', inputs(), {
          transpose_a: node.attr('transpose_a').flag,
          transpose_b: node.attr('transpose_b').flag,
        });
      case 'Sum':
      case 'Mean':
      case 'Max': {
        const axes = this.#integers(input(1), op);
        return this.#add(op, [input(0)], { axes, keep_dims: node.attr('keep_dims').flag });
      }
      case 'Min': {
        const attrs = {
          axes: this.#integers(input(1), op),
          keep_dims: node.attr('keep_dims').flag,
        };
        return this.#add('Neg', [this.#add('Max', [this.#add('Neg', [input(0)])], attrs)]);
      }
      case 'Transpose':
        return this.#add(op, [input(0)], { perm: this.#integers(input(1), op) });
      case 'Reshape':
        return this.#add(op, [input(0)], { shape: this.#newShape(input(1)) });
      case 'Shape':
        return { kind: 'shape', of: this.#id(input(0)), dims: null };
      case 'StridedSlice': {
        // Of a shape, the first extent.
        const isFirst =
          input(0).kind === 'shape' &&
          this.#integers(input(1), op).join() === '0' &&
          node.attr('shrink_axis_mask').integer === 1;
        const shape = input(0);
        return isFirst && shape.kind === 'shape'
          ? { kind: 'shape', of: shape.of, dims: [null] }
          : this.#fail(`needs the op ${op}`);
      }
      case 'Pack': {
        const known = inputs();
        const dims = known.map((each) =>
          each.kind === 'shape' ? null : this.#integers(each, op)[0]!,
        );
        const batch = known.find((each) => each.kind === 'shape');
        return { kind: 'shape', of: batch?.kind === 'shape' ? batch.of : -1, dims };
      }
      case 'RandomUniform':
      case 'RandomStandardNormal': {
        return this.#add(op, [this.#likeShape(input(0), op)]);
      }
      case 'BroadcastTo':
        return this.#add('Mul', [input(0), this.#ones(this.#likeShape(input(1), op))]);
      default:
        return this.#fail(`needs the op ${op}, which is not in this version`);
    }
  }

  /** The function that a node calls, with its arguments. */
  #called(node: FunctionNode, caller: Frame): Frame {
    const made = caller.calls.get(node.name);
    if (made) return made;
    this.#count();
    if (caller.depth >= DEEPEST) this.#fail('functions call each other too deep');
    const fn = this.#function(node.attr('f').function);
    const args = new Map(
      fn.arguments.map((argument, i) => [argument, this.#input(node, i, caller)]),
    );
    const frame = { fn, args, known: new Map(), calls: new Map(), depth: caller.depth + 1 };
    caller.calls.set(node.name, frame);
    return frame;
  }

  #result(frame: Frame, index: number): Known {
    const result = frame.fn.results[index] ?? this.#fail(`a function has no result ${index}`);
    return this.#value(result, frame);
  }

  #integers(known: Known, op: string): readonly number[] {
    return known.kind === 'constant' ? known.numbers : this.#fail(`${op} with computed axes`);
  }

  /** The first extent is the batch's where it is not said. */
  #newShape(known: Known): readonly (number | null)[] {
    const dims = known.kind === 'shape' ? known.dims : this.#integers(known, 'Reshape');
    if (!dims) return this.#fail('needs Reshape to a shape of another tensor');
    return dims.map((size, i) => (i === 0 && size === -1 ? null : size));
  }
}
