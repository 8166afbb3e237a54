import { TabtrainError } from '../../errors';
import type { Recording } from '../../custom/graph';
import type { FunctionNode } from './functionDef';
import { DT } from './messages';

/** Of a row of random numbers. */
const MOST_ELEMENTS = 1 << 24;

export interface ConstantTensor {
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
}

/** A value of the recording, a constant, a variable's handle, or a shape that is known in part. */
export type Known =
  | { readonly kind: 'value'; readonly id: number }
  | ({ readonly kind: 'constant' } & ConstantTensor)
  | { readonly kind: 'weight'; readonly name: string }
  /** Extents, null where they are the batch; of the value `of`, where they are all of its. */
  | {
      readonly kind: 'shape';
      readonly of: number;
      readonly dims: readonly (number | null)[] | null;
    };

/** Writes nodes of a recording, and what has no node of its own by several. */
export class Recorder {
  readonly nodes: { op: string; in?: number[]; attrs?: Record<string, unknown> }[] = [];
  readonly #what: string;
  readonly #inputs: number;
  readonly #constants: ConstantTensor[];

  /**
   * @param what starts the sentences of errors
   * @param constants takes the tensors that the recording needs
   */
  constructor(what: string, inputs: number, constants: ConstantTensor[]) {
    this.#what = what;
    this.#inputs = inputs;
    this.#constants = constants;
  }

  finish(output: Known): Recording {
    return { nodes: this.nodes, outputs: [this.id(output)] };
  }

  fail(reason: string): never {
    throw new TabtrainError('UNSUPPORTED', `${this.#what}: ${reason}`);
  }

  add(op: string, inputs: readonly Known[] = [], attrs?: Record<string, unknown>): Known {
    const ids = inputs.map((input) => this.id(input));
    this.nodes.push({ op, ...(ids.length > 0 && { in: ids }), ...(attrs && { attrs }) });
    return { kind: 'value', id: this.#inputs + this.nodes.length - 1 };
  }

  number(value: number): Known {
    return { kind: 'constant', shape: [], numbers: [value] };
  }

  id(known: Known): number {
    if (known.kind === 'value') return known.id;
    if (known.kind === 'weight') return this.id(this.add('Weight', [], { name: known.name }));
    if (known.kind === 'constant' && known.shape.length === 0) {
      return this.id(this.add('Const', [], { value: known.numbers[0] }));
    }
    if (known.kind === 'constant') return this.id(this.#constant(known));
    if (known.kind === 'shape' && known.dims?.join() === '' && known.of >= 0) {
      return this.id(this.#batchSize(known.of));
    }
    return this.fail('computes with a shape, which cannot be taken over');
  }

  #constant({ shape, numbers }: Known & { kind: 'constant' }): Known {
    const known = this.#constants.findIndex((each) => each.numbers === numbers);
    const index = known >= 0 ? known : this.#constants.push({ shape, numbers }) - 1;
    return this.add('Weight', [], { name: `//${index}` });
  }

  /** The number of rows of a value, which no op gives: the sum of ones over that of a mean row. */
  #batchSize(of: number): Known {
    const value: Known = { kind: 'value', id: of };
    const ones = this.ones(value);
    const row = this.add('Mean', [ones], { axes: [0], keep_dims: false });
    const sum = (x: Known) => this.add('Sum', [x], { axes: null, keep_dims: false });
    return this.add('RealDiv', [sum(ones), sum(row)]);
  }

  /** Ones in the shape of a value, whatever is in it. */
  ones(value: Known): Known {
    const isPositive = this.add('Greater', [value, this.number(0)]);
    return this.add('SelectV2', [isPositive, this.number(1), this.number(1)]);
  }

  /** Some value of this shape. */
  likeShape(shape: Known, op: string): Known {
    if (shape.kind !== 'shape' || shape.of < 0) this.fail(`needs ${op} in a shape of its own`);
    const of: Known = { kind: 'value', id: shape.of };
    const { dims } = shape;
    if (!dims) return of;
    const sizes = dims.slice(1).map((size) => size ?? this.fail(`needs ${op} with two batches`));
    if (dims[0] !== null) this.fail(`needs ${op} without a batch`);
    const rows = this.add('Reshape', [this.ones(of)], { shape: [null, -1] });
    const column = this.add('Max', [rows], { axes: [1], keep_dims: true });
    const all = this.add('Reshape', [column], { shape: [null, ...sizes.map(() => 1)] });
    if (sizes.length === 0) return all;
    const depth = sizes.reduce((product, size) => product * size, 1);
    if (!(depth > 0 && depth <= MOST_ELEMENTS)) this.fail(`needs ${op} in a shape too large`);
    const row = this.add('OneHot', [this.number(0)], { depth });
    return this.add('AddV2', [all, this.add('Reshape', [row], { shape: sizes })]);
  }

  /** All numbers are floats here: what a narrower type does to them is done to floats. */
  cast(x: Known, node: FunctionNode): Known {
    const to = node.attr('DstT').type;
    if (x.kind !== 'value' || node.attr('SrcT').type !== DT.float32 || to === DT.float32) return x;
    if (to === DT.bool) {
      return this.add('Sub', [this.number(1), this.add('Equal', [x, this.number(0)])]);
    }
    return this.add('Mul', [this.add('Sign', [x]), this.add('Floor', [this.add('Abs', [x])])]);
  }

  integers(known: Known, op: string): readonly number[] {
    return known.kind === 'constant' ? known.numbers : this.fail(`${op} with computed axes`);
  }

  /** The first extent is the batch's where it is not said. */
  newShape(known: Known): readonly (number | null)[] {
    const dims = known.kind === 'shape' ? known.dims : this.integers(known, 'Reshape');
    if (!dims) return this.fail('needs Reshape to a shape of another tensor');
    return dims.map((size, i) => (i === 0 && size === -1 ? null : size));
  }
}
