import { TabtrainError } from '../../errors';
import { all, fields, last, packed, textOf, type Field } from '../proto';
import { shapeOf } from './objectGraph';

/** A node of a function. */
export interface FunctionNode {
  readonly name: string;
  readonly op: string;
  /** Values: `argument` or `node:output:index`; inputs that only order things are left out. */
  readonly inputs: readonly string[];
  attr(name: string): AttrValue;
  /** Whether an attribute is there; TensorFlow leaves those out that are at their default. */
  has(name: string): boolean;
}

/** A value of an attribute; what it is not stays at its default. */
export interface AttrValue {
  readonly text: string;
  readonly integer: number;
  readonly float: number;
  readonly flag: boolean;
  readonly integers: readonly number[];
  readonly type: number;
  readonly function: string;
  readonly tensor: ConstantTensor | null;
}

export interface ConstantTensor {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
}

export interface ParsedFunction {
  readonly arguments: readonly string[];
  /** Each result's value. */
  readonly results: readonly string[];
  readonly nodes: ReadonlyMap<string, FunctionNode>;
}

/** No layer does as much. */
const MOST_NODES = 10_000;
/** Of a constant; they are kept as JSON. */
const MOST_NUMBERS = 1 << 18;

/** A FunctionDef. @throws TabtrainError `CORRUPT_FILE`. */
export function parseFunction(bytes: Uint8Array, what: string): ParsedFunction {
  const read = (message: Uint8Array | undefined) => (message ? fields(message, what) : []);
  const definition = read(bytes);
  const signature = read(all(definition, 1)[0]);
  const names = (number: number) =>
    all(signature, number).map((argument) => textOf(last(read(argument), 1), what));
  const returns = new Map(
    all(definition, 4).map((entry) => {
      const pair = read(entry);
      return [textOf(last(pair, 1), what), textOf(last(pair, 2), what)];
    }),
  );
  const nodes = new Map<string, FunctionNode>();
  const messages = all(definition, 3);
  if (messages.length > MOST_NODES) {
    throw new TabtrainError('UNSUPPORTED', `${what}: a function of ${messages.length} nodes`);
  }
  for (const message of messages) {
    const node = read(message);
    const name = textOf(last(node, 1), what);
    const inputs = node
      .filter(({ number }) => number === 3)
      .map((input) => textOf(input, what))
      .filter((input) => !input.startsWith('^'));
    const attrs = new Map(
      all(node, 5).map((entry) => {
        const pair = read(entry);
        return [textOf(last(pair, 1), what), last(pair, 2)?.bytes];
      }),
    );
    nodes.set(name, {
      name,
      op: textOf(last(node, 2), what),
      inputs,
      has: (wanted) => attrs.has(wanted),
      attr: (wanted) => attrOf(read(attrs.get(wanted)), read, what),
    });
  }
  const results = names(3).map((name) => {
    const value = returns.get(name);
    if (value === undefined) {
      throw new TabtrainError('CORRUPT_FILE', `${what}: a function has no result '${name}'`);
    }
    return value;
  });
  return { arguments: names(2), results, nodes };
}

/** The numbers of a Const; null of another node. */
export function constantOf(node: readonly Field[], what: string): ConstantTensor | null {
  const read: Read = (message) => (message ? fields(message, what) : []);
  for (const entry of all(node, 5)) {
    const pair = read(entry);
    if (textOf(last(pair, 1), what) === 'value') {
      return attrOf(read(last(pair, 2)?.bytes), read, what).tensor;
    }
  }
  return null;
}

type Read = (message: Uint8Array | undefined) => Field[];

function attrOf(attr: readonly Field[], read: Read, what: string): AttrValue {
  const number = (field: number) => Number(BigInt.asIntN(64, last(attr, field)?.value ?? 0n));
  const called = last(attr, 10);
  const tensor = last(attr, 8);
  return {
    text: new TextDecoder().decode(last(attr, 2)?.bytes),
    integer: number(3),
    float: floatOf(last(attr, 4)),
    flag: number(5) !== 0,
    integers: all(read(last(attr, 1)?.bytes), 3).flatMap((field) => packed(field, what)),
    type: number(6),
    function: called ? textOf(last(read(called.bytes), 1), what) : '',
    tensor: tensor ? tensorOf(read(tensor.bytes), read, what) : null,
  };
}

const floatOf = (field: Field | undefined): number =>
  field?.bytes.length === 4 ? (new Float32Array(field.bytes.slice().buffer)[0] ?? 0) : 0;

/** The elements of `size` bytes that are whole. */
const whole = (bytes: Uint8Array, size: number) =>
  bytes.slice(0, bytes.length - (bytes.length % size)).buffer;

/** A TensorProto of numbers: its bytes, or a list whose last number is repeated. */
function tensorOf(tensor: readonly Field[], read: Read, what: string): ConstantTensor {
  const dtype = Number(last(tensor, 1)?.value ?? 0n);
  const shape = shapeOf(read(last(tensor, 2)?.bytes), read);
  const count = shape.reduce((product, size) => product * size, 1);
  if (!(count >= 0 && count <= MOST_NUMBERS)) return { dtype, shape, numbers: [] };
  const content = last(tensor, 4)?.bytes.slice();
  const kinds: Record<number, () => ArrayLike<number | bigint>> = {
    1: () => new Float32Array(content!.buffer),
    2: () => new Float64Array(content!.buffer),
    3: () => new Int32Array(content!.buffer),
    9: () => new BigInt64Array(content!.buffer),
    10: () => content!,
  };
  const sizes: Record<number, number> = { 1: 4, 2: 8, 3: 4, 9: 8, 10: 1 };
  let numbers: number[] = [];
  if (content && content.length > 0) {
    if (content.length !== count * (sizes[dtype] ?? NaN)) {
      throw new TabtrainError('CORRUPT_FILE', `${what}: a constant has ${content.length} bytes`);
    }
    numbers = Array.from(kinds[dtype]!(), Number);
  } else {
    for (const { number, bytes, value } of tensor) {
      if (number === 5) {
        numbers = numbers.concat(Array.from(new Float32Array(whole(bytes, 4))));
      } else if (number === 6) {
        numbers = numbers.concat(Array.from(new Float64Array(whole(bytes, 8))));
      } else if (number === 7 || number === 10 || number === 11) {
        const more = bytes.length > 0 ? packed(bytes, what) : [Number(BigInt.asIntN(64, value))];
        numbers = numbers.concat(more);
      }
    }
    numbers = numbers.slice(0, count);
    while (numbers.length < count) numbers.push(numbers.at(-1) ?? 0);
  }
  return { dtype, shape, numbers };
}
