import { unsupported } from '../../errors';
import type { GraphJson, GraphNode } from '../types';
import { attr, DT, nodeDef, type Attrs, type Message } from './messages';

/** What an op of the engine is in TensorFlow where it is one node: the name of its output. */
const PLAIN: Readonly<Record<string, string>> = {
  Abs: 'y',
  Sign: 'y',
  Square: 'y',
  Sqrt: 'y',
  Rsqrt: 'y',
  Exp: 'y',
  Log: 'y',
  Log1p: 'y',
  Tanh: 'y',
  Sigmoid: 'y',
  Floor: 'y',
  Erf: 'y',
  Neg: 'y',
  Relu: 'activations',
  Elu: 'activations',
  Softplus: 'activations',
  StopGradient: 'output',
  AddV2: 'z',
  Sub: 'z',
  Mul: 'z',
  RealDiv: 'z',
  DivNoNan: 'z',
  Maximum: 'z',
  Minimum: 'z',
  Pow: 'z',
  Softmax: 'softmax',
  LogSoftmax: 'logsoftmax',
};
const T = { T: attr.type(DT.float32) };

/**
 * Writes a graph of the engine as the nodes of a TensorFlow function. Only what the results need is
 * written, so a counter that random numbers of ours depend on is not.
 */
export class FunctionBody {
  readonly nodes: Message[] = [];
  /** Nodes that assign variables. */
  readonly assignments: string[] = [];
  readonly #graph: GraphJson;
  readonly #input: string;
  readonly #argumentOf: (path: string) => string;
  readonly #producers = new Map<number, GraphNode>();
  readonly #written = new Map<number, string>();
  #batch: string | null = null;
  #count = 0;

  /**
   * @param input the argument's name
   * @param argumentOf the argument that is a variable's handle
   */
  constructor(graph: GraphJson, input: string, argumentOf: (path: string) => string) {
    this.#graph = graph;
    this.#input = input;
    this.#argumentOf = argumentOf;
    for (const node of graph.nodes) for (const out of node.out) this.#producers.set(out, node);
  }

  /** A penalty on the weights, of those that the graph gives after its result. */
  writePenalty(index: number): string {
    return this.#value(this.#graph.outputs[index + 1]!);
  }

  /** The result, and all updates of variables. */
  write(): string {
    const result = this.#value(this.#graph.outputs[0]!);
    for (const node of this.#graph.nodes) {
      if (node.op !== 'AssignVariableOp') continue;
      const inputs = [this.#argumentOf(node.variable!), this.#value(node.in[0]!)];
      this.assignments.push(this.#name('AssignVariableOp'));
      const attrs = { dtype: attr.type(DT.float32) };
      this.nodes.push(nodeDef(this.assignments.at(-1)!, 'AssignVariableOp', inputs, attrs));
    }
    return result;
  }

  #name(op: string): string {
    return `${op}_${this.#count++}`;
  }

  #add(op: string, inputs: readonly string[], attrs: Attrs, output: string): string {
    const name = this.#name(op);
    this.nodes.push(nodeDef(name, op, inputs, attrs));
    return `${name}:${output}:0`;
  }

  #value(id: number): string {
    const known = this.#written.get(id);
    if (known !== undefined) return known;
    const written = this.#write(this.#producers.get(id)!);
    this.#written.set(id, written);
    return written;
  }

  #write(node: GraphNode): string {
    const { op, attrs } = node;
    const inputs = () => node.in.map((id) => this.#value(id));
    const shapeOut = () => this.#graph.values[node.out[0]!]![1];
    const plain = PLAIN[op];
    if (plain !== undefined) return this.#add(op, inputs(), T, plain);
    switch (op) {
      case 'Placeholder':
        return this.#input;
      case 'Const':
        return this.#constant(attrs['value']);
      case 'BatchSize':
        return this.#add(
          'Cast',
          [this.#batchSize()],
          { SrcT: attr.type(DT.int32), DstT: attr.type(DT.float32) },
          'y',
        );
      case 'ReadVariableOp': {
        if (node.tensor) {
          const value = attr.floats(node.tensor.values, node.tensor.shape);
          return this.#add('Const', [], { dtype: attr.type(DT.float32), value }, 'output');
        }
        const type = this.#graph.values[node.out[0]!]![0] as keyof typeof DT;
        const handle = [this.#argumentOf(node.variable!)];
        return this.#add(op, handle, { dtype: attr.type(DT[type]) }, 'value');
      }
      case 'Cast': {
        const from = this.#graph.values[node.in[0]!]![0] as keyof typeof DT;
        const types = { SrcT: attr.type(DT[from]), DstT: attr.type(DT.float32) };
        return this.#add(op, inputs(), types, 'y');
      }
      case 'Equal':
      case 'Greater':
      case 'GreaterEqual': {
        const holds = this.#add(op, inputs(), T, 'z');
        const types = { SrcT: attr.type(DT.bool), DstT: attr.type(DT.float32) };
        return this.#add('Cast', [holds], types, 'y');
      }
      case 'SelectV2': {
        const [condition, a, b] = inputs();
        const holds = this.#add('NotEqual', [condition!, this.#constant(0)], T, 'z');
        return this.#add(op, [holds, a!, b!], T, 'output');
      }
      case 'MatMul': {
        const turns = Object.entries(attrs).filter(([, value]) => value === true);
        const all = { ...T, ...Object.fromEntries(turns.map(([key]) => [key, attr.bool(true)])) };
        return this.#add(op, inputs(), all, 'product');
      }
      case 'Reshape': {
        const sizes = shapeOut().map((size) => (size < 0 ? -1 : size));
        return this.#add(op, [...inputs(), this.#integers(sizes)], T, 'output');
      }
      case 'BroadcastTo':
        return this.#add(op, [...inputs(), this.#shape(shapeOut())], T, 'output');
      case 'Transpose': {
        const order = this.#integers(attrs['order'] as number[]);
        return this.#add(op, [...inputs(), order], T, 'y');
      }
      case 'Sum':
      case 'Max': {
        const [begin, end] = [attrs['begin'] as number, attrs['end'] as number];
        const axes = Array.from({ length: end - begin }, (_, i) => begin + i);
        const keep: Attrs = attrs['keep_dims'] === true ? { keep_dims: attr.bool(true) } : {};
        return this.#add(op, [...inputs(), this.#integers(axes)], { ...T, ...keep }, 'output');
      }
      case 'ArgMax': {
        const types = { T: attr.type(DT.float32) };
        return this.#add(op, [...inputs(), this.#integers(-1)], types, 'output');
      }
      case 'OneHot': {
        const from = this.#graph.values[node.in[0]!]![0] as keyof typeof DT;
        const isFloat = from === 'float32';
        const types = { SrcT: attr.type(DT.float32), DstT: attr.type(DT.int64) };
        const [given] = inputs();
        const indices = isFloat ? this.#add('Cast', [given!], types, 'y') : given!;
        const all = [indices, this.#integers(attrs['depth'] as number)];
        const ends = [this.#constant(1), this.#constant(0)];
        const TI = attr.type(isFloat ? DT.int64 : DT[from]);
        return this.#add(op, [...all, ...ends], { ...T, TI }, 'output');
      }
      case 'RandomUniform':
      case 'RandomStandardNormal': {
        const types = { dtype: attr.type(DT.float32), T: attr.type(DT.int32) };
        return this.#add(op, [this.#shape(shapeOut())], types, 'output');
      }
      default:
        return unsupported(`SavedModel: the op ${op} is not written in this version`);
    }
  }

  #constant(value: unknown): string {
    const number = attr.float(Number(value));
    return this.#add('Const', [], { dtype: attr.type(DT.float32), value: number }, 'output');
  }

  #integers(values: number | readonly number[]): string {
    const attrs = { dtype: attr.type(DT.int32), value: attr.ints(values) };
    return this.#add('Const', [], attrs, 'output');
  }

  /** The number of rows, an int32 scalar. */
  #batchSize(): string {
    if (this.#batch !== null) return this.#batch;
    const shape = this.#add('Shape', [this.#input], T, 'output');
    const slice = [0, 1, 1].map((value) => this.#integers([value]));
    const attrs = {
      T: attr.type(DT.int32),
      Index: attr.type(DT.int32),
      shrink_axis_mask: attr.int(1),
    };
    this.#batch = this.#add('StridedSlice', [shape, ...slice], attrs, 'output');
    return this.#batch;
  }

  /** A shape whose extents may be multiples of the batch. */
  #shape(sizes: readonly number[]): string {
    if (sizes.every((size) => size >= 0)) return this.#integers(sizes);
    const parts = sizes.map((size) => {
      if (size >= 0) return this.#integers(size);
      if (size === -1) return this.#batchSize();
      const type = { T: attr.type(DT.int32) };
      return this.#add('Mul', [this.#batchSize(), this.#integers(-size)], type, 'z');
    });
    const attrs = { N: attr.int(parts.length), T: attr.type(DT.int32) };
    return this.#add('Pack', parts, attrs, 'output');
  }
}
