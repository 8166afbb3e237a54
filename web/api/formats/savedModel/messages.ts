import { bytes, float, int, join, map, varint } from '../proto';

/*
 * TensorFlow's messages that a SavedModel is made of, each as its bytes (tensorflow/core/framework and
 * tensorflow/core/protobuf: node_def, attr_value, tensor, function, struct, saved_object_graph).
 */

export type Message = Uint8Array;
export type Attrs = Readonly<Record<string, Message>>;

/** TensorFlow's DataType. */
export const DT = {
  float32: 1,
  int32: 3,
  uint8: 4,
  string: 7,
  int64: 9,
  bool: 10,
  resource: 20,
} as const;

/** Extents below zero are not known. */
export const shapeProto = (sizes: readonly number[]): Message =>
  join(sizes.map((size) => bytes(2, size === 0 ? [] : int(1, Math.max(size, -1)))));

export const attr = {
  type: (type: number) => int(6, type),
  types: (types: readonly number[]) => bytes(1, bytes(6, types.map(varint))),
  shape: (sizes: readonly number[]) => bytes(7, shapeProto(sizes)),
  string: (value: string) => bytes(2, value),
  bool: (value: boolean) => int(5, value),
  int: (value: number) => int(3, value),
  function: (name: string) => bytes(10, bytes(1, name)),
  /** Of a Const: a scalar. */
  float: (value: number) => bytes(8, [int(1, DT.float32), bytes(2, []), float(5, value)]),
  /** Of a Const: a tensor, in C order. */
  floats: (values: readonly number[], sizes: readonly number[]) =>
    bytes(8, [
      int(1, DT.float32),
      bytes(2, shapeProto(sizes)),
      bytes(4, new Uint8Array(Float32Array.from(values).buffer)),
    ]),
  /** A scalar, or a list. */
  ints: (value: number | readonly number[]) => {
    const isScalar = typeof value === 'number';
    const list = isScalar ? [value] : value;
    const content = new Uint8Array(Int32Array.from(list).buffer);
    return bytes(8, [
      int(1, DT.int32),
      bytes(2, isScalar ? [] : shapeProto([list.length])),
      bytes(4, content),
    ]);
  },
  strings: (values: readonly string[]) =>
    bytes(8, [
      int(1, DT.string),
      bytes(2, shapeProto([values.length])),
      values.map((value) => bytes(8, value)),
    ]),
} as const;

export function nodeDef(
  name: string,
  op: string,
  inputs: readonly string[],
  attrs: Attrs = {},
): Message {
  return join(
    bytes(1, name),
    bytes(2, op),
    inputs.map((input) => bytes(3, input)),
    map(5, attrs),
  );
}

export interface Argument {
  readonly name: string;
  readonly type: number;
}

/** A function: arguments, nodes, and for each result the value that it is. */
export function functionDef(
  name: string,
  inputs: readonly Argument[],
  outputs: readonly (Argument & { readonly value: string })[],
  nodes: readonly Message[],
): Message {
  const argument = ({ name: of, type }: Argument) => [bytes(1, of), int(3, type)];
  const signature = join(
    bytes(1, name),
    inputs.map((each) => bytes(2, argument(each))),
    outputs.map((each) => bytes(3, argument(each))),
    int(17, true), // stateful: it reads variables
  );
  return join(
    bytes(1, signature),
    nodes.map((node) => bytes(3, node)),
    outputs.map((each) => bytes(4, [bytes(1, each.name), bytes(2, each.value)])),
  );
}

/** Structured values: how Python arguments and results are described. */
export const structured = {
  none: () => bytes(1, []),
  string: (value: string) => bytes(13, value),
  bool: (value: boolean) => int(14, value),
  list: (values: readonly Message[]) =>
    bytes(
      51,
      values.map((value) => bytes(1, value)),
    ),
  tuple: (values: readonly Message[]) =>
    bytes(
      52,
      values.map((value) => bytes(1, value)),
    ),
  dict: (values: Readonly<Record<string, Message>>) => bytes(53, map(1, values)),
  spec: (name: string, sizes: readonly number[]) =>
    bytes(33, [bytes(1, name), bytes(2, shapeProto(sizes)), int(3, DT.float32)]),
} as const;

/** Python's FullArgSpec of a method, or of a function that takes keywords only. */
export function functionSpec(
  args: readonly string[],
  defaults: readonly Message[] | null,
  isMethod: boolean,
): Message {
  const { none, string, list, dict } = structured;
  const entries: Record<string, Message> = {
    args: list(args.map(string)),
    varargs: none(),
    varkw: isMethod ? none() : string('kwargs'),
    defaults: defaults ? list(defaults) : none(),
    kwonlyargs: list([]),
    kwonlydefaults: none(),
    annotations: dict({}),
  };
  const pairs = Object.entries(entries).map(([key, value]) =>
    bytes(2, [bytes(1, key), bytes(2, value)]),
  );
  const spec = bytes(54, [bytes(1, 'FullArgSpec'), pairs]);
  return join(bytes(1, spec), isMethod ? int(2, true) : [], bytes(5, none()));
}

const version = (producer: number) => [int(1, producer), int(2, 1)];

/** The kinds of SavedObject. */
export const savedObject = {
  user: (identifier: string) => bytes(4, [bytes(1, identifier), bytes(2, version(1))]),
  variable: (name: string, type: number, sizes: readonly number[], trainable: boolean) =>
    bytes(7, [
      int(1, type),
      bytes(2, shapeProto(sizes)),
      trainable ? int(3, true) : [],
      bytes(6, name),
    ]),
  function: (names: readonly string[], spec: Message) =>
    bytes(6, [names.map((name) => bytes(1, name)), bytes(2, spec)]),
  bareFunction: (name: string, keyword: string, spec: Message) =>
    bytes(8, [bytes(1, name), bytes(2, keyword), int(3, 1), bytes(4, spec)]),
} as const;
