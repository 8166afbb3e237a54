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
/** Functions that call functions, so deep. */
const DEEPEST = 16;
const MOST_NODES = 20_000;

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
    return new Importer(graph, what).run(name, (id) => weights.get(id)?.name);
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
const ALIAS: Readonly<Record<string, string>> = {
  ...{ Add: 'AddV2', BiasAdd: 'AddV2', Div: 'RealDiv', Select: 'SelectV2', LogicalAnd: 'Mul' },
  ...{ LogicalOr: 'Maximum' },
};
const THROUGH = new Set(['Identity', 'IdentityN', 'PreventGradient', 'Snapshot', 'EnsureShape']);
const CALL = new Set(['StatefulPartitionedCall', 'PartitionedCall']);

/** Writes a TensorFlow function as a recording. */
class Importer {
  readonly #graph: ObjectGraph;
  readonly #what: string;
  readonly #nodes: { op: string; in?: number[]; attrs?: Record<string, unknown> }[] = [];
  #visited = 0;

  constructor(graph: ObjectGraph, what: string) {
    this.#graph = graph;
    this.#what = what;
  }

  run(name: string, weightOf: (id: number) => string | undefined): Recording {
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
    const frame = { fn, args, known: new Map<string, Known>(), depth: 0 };
    const output = this.#id(
      this.#value(fn.results[0] ?? this.#fail('a function without result'), frame),
    );
    return { nodes: this.#nodes, outputs: [output] };
  }

  #fail(reason: string): never {
    throw new TabtrainError('UNSUPPORTED', `${this.#what}: ${reason}`);
  }

  #function(name: string): ParsedFunction {
    const bytes = this.#graph.functions.get(name);
    if (!bytes)
      throw new TabtrainError('CORRUPT_FILE', `${this.#what}: there is no function '${name}'`);
    return parseFunction(bytes, this.#what);
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
    return this.#fail('computes with a constant tensor or a shape, which cannot be taken over');
  }

  #value(reference: string, frame: Frame): Known {
    const argument = frame.args.get(reference);
    if (argument) return argument;
    const cached = frame.known.get(reference);
    if (cached) return cached;
    const [name = '', , index = '0'] = reference.split(':');
    const node = frame.fn.nodes.get(name);
    if (!node) return this.#fail(`needs '${reference}', which is neither a weight nor computed`);
    if (++this.#visited > MOST_NODES) this.#fail('is too large');
    if (frame.depth > 1000) this.#fail('is nested too deep');
    const value = this.#node(node, Number(index), frame);
    frame.known.set(reference, value);
    return value;
  }

  #node(node: FunctionNode, index: number, frame: Frame): Known {
    const { op } = node;
    const input = (i: number) =>
      this.#value(node.inputs[i] ?? this.#fail(`${op} without an input`), frame);
    const inputs = () => node.inputs.map((_, i) => input(i));
    if (SAME.has(op)) return this.#add(op, inputs());
    const alias = ALIAS[op];
    if (alias !== undefined) return this.#add(alias, inputs());
    if (THROUGH.has(op)) return input(index);
    if (CALL.has(op)) return this.#call(node.attr('f').function, inputs(), index, frame);
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
        return input(0);
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
        return isFirst ? { kind: 'shape', of: -1, dims: [null] } : this.#fail(`needs the op ${op}`);
      }
      case 'Pack': {
        const dims = inputs().map((each) =>
          each.kind === 'shape' ? null : this.#integers(each, op)[0]!,
        );
        return { kind: 'shape', of: -1, dims };
      }
      case 'RandomUniform':
      case 'RandomStandardNormal': {
        const shape = input(0);
        if (shape.kind === 'shape' && shape.of >= 0) {
          return this.#add(op, [{ kind: 'value', id: shape.of }]);
        }
        const dims = shape.kind === 'shape' ? shape.dims : this.#integers(shape, op);
        return this.#add(op, [], { shape: dims });
      }
      default:
        return this.#fail(`needs the op ${op}, which is not in this version`);
    }
  }

  /** What a function gives for these inputs. */
  #call(name: string, inputs: readonly Known[], index: number, { depth }: Frame): Known {
    if (depth >= DEEPEST) this.#fail('functions call each other too deep');
    const fn = this.#function(name);
    const args = new Map(
      fn.arguments.map((argument, i) => [
        argument,
        inputs[i] ?? this.#fail('a call without arguments'),
      ]),
    );
    const result = fn.results[index] ?? this.#fail(`function '${name}' has no result ${index}`);
    return this.#value(result, { fn, args, known: new Map(), depth: depth + 1 });
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
