import { TabtrainError } from '../../errors';
import { constantOf, type ConstantTensor } from './functionDef';
import { all, fields, last, packed, textOf, type Field } from '../proto';

/** An object of a SavedModel: what is needed of it here. */
export interface SavedObjectInfo {
  readonly children: ReadonlyMap<string, number>;
  /** TensorFlow's name of the kind of an object of Python's; '' of others. */
  readonly identifier: string;
  /** Of a function: the names of its traces. */
  readonly traces: readonly string[];
  readonly variable: {
    readonly dtype: number;
    readonly shape: number[];
    readonly trainable: boolean;
  } | null;
  /** Of a constant: the node of the graph that it is. */
  readonly constant: string | null;
}

/** A trace of a function. */
export interface ConcreteFunction {
  /** The objects that its last arguments are. */
  readonly captured: readonly number[];
  /** The argument `training`, where it has one. */
  readonly training: boolean | null;
}

/** What a saved_model.pb holds besides graphs of sessions. */
export class ObjectGraph {
  readonly objects: readonly SavedObjectInfo[];
  readonly concrete: ReadonlyMap<string, ConcreteFunction>;
  /** FunctionDefs by name, not parsed yet. */
  readonly functions: ReadonlyMap<string, Uint8Array>;
  /** The nodes of sessions, not parsed yet; by name once a constant is asked for. */
  readonly #nodes: readonly Uint8Array[];
  #byName: ReadonlyMap<string, readonly Field[]> | null = null;
  readonly #what: string;

  constructor(bytes: Uint8Array, what: string) {
    this.#what = what;
    const read = (message: Uint8Array | undefined): Field[] =>
      message ? fields(message, what) : [];
    const metaGraph = read(all(read(bytes), 2)[0]);
    const objectGraph = read(all(metaGraph, 7)[0]);
    this.objects = all(objectGraph, 1).map((node) => this.#object(read(node), read));
    this.concrete = new Map(
      all(objectGraph, 2).map((entry) => {
        const [key, value] = [last(read(entry), 1), last(read(entry), 2)];
        return [textOf(key, what), concreteOf(read(value?.bytes), read, what)];
      }),
    );
    const graph = read(all(metaGraph, 2)[0]);
    this.#nodes = all(graph, 1);
    const library = read(all(graph, 2)[0]);
    this.functions = new Map(
      all(library, 1).map((definition) => {
        const signature = read(all(read(definition), 1)[0]);
        return [textOf(last(signature, 1), what), definition];
      }),
    );
  }

  #object(node: readonly Field[], read: (message: Uint8Array) => Field[]): SavedObjectInfo {
    const children = new Map<string, number>();
    for (const reference of all(node, 1)) {
      const child = read(reference);
      children.set(textOf(last(child, 2), this.#what), Number(last(child, 1)?.value ?? 0n));
    }
    const user = last(node, 4);
    const callable = last(node, 6);
    const variable = last(node, 7);
    const constant = last(node, 9);
    const kind = variable ? read(variable.bytes) : [];
    return {
      children,
      identifier: user ? textOf(last(read(user.bytes), 1), this.#what) : '',
      traces: callable
        ? read(callable.bytes)
            .filter(({ number }) => number === 1)
            .map((name) => textOf(name, this.#what))
        : [],
      variable: variable
        ? {
            dtype: Number(last(kind, 1)?.value ?? 0n),
            shape: shapeOf(read(last(kind, 2)?.bytes ?? new Uint8Array(0)), read),
            trainable: (last(kind, 3)?.value ?? 0n) !== 0n,
          }
        : null,
      constant: constant ? textOf(last(read(constant.bytes), 1), this.#what) : null,
    };
  }

  /** The numbers of an object that is a constant; null of any other. */
  constant(id: number): ConstantTensor | null {
    const wanted = this.objects[id]?.constant;
    if (!wanted) return null;
    this.#byName ??= new Map(
      this.#nodes.map((message) => {
        const node = fields(message, this.#what);
        return [textOf(last(node, 1), this.#what), node];
      }),
    );
    const node = this.#byName.get(wanted);
    if (node) return constantOf(node, this.#what);
    throw new TabtrainError('CORRUPT_FILE', `${this.#what}: there is no constant '${wanted}'`);
  }

  /** The objects of a list, in order. */
  list(...names: readonly string[]): number[] | null {
    const list = this.at(...names);
    if (!list) return null;
    const numbered = [...list.children].filter(([name]) => /^\d+$/.test(name));
    return numbered.sort(([a], [b]) => Number(a) - Number(b)).map(([, id]) => id);
  }

  /** The object at a path of names from the root; undefined where a name leads nowhere. */
  at(...names: readonly string[]): SavedObjectInfo | undefined {
    return this.objects[this.idOf(...names)];
  }

  /** Its number; -1 where a name leads nowhere. */
  idOf(...names: readonly string[]): number {
    let id = 0;
    for (const name of names) {
      id = this.objects[id]?.children.get(name) ?? -1;
      if (id >= this.objects.length) {
        throw new TabtrainError('CORRUPT_FILE', `${this.#what}: there is no object ${id}`);
      }
    }
    return id;
  }
}

/** A TensorShapeProto. */
export function shapeOf(shape: readonly Field[], read: (message: Uint8Array) => Field[]): number[] {
  return all(shape, 2).map((dim) => Number(BigInt.asIntN(64, last(read(dim), 1)?.value ?? 0n)));
}

function concreteOf(
  message: readonly Field[],
  read: (message: Uint8Array) => Field[],
  what: string,
): ConcreteFunction {
  const captured = message
    .filter(({ number }) => number === 2)
    .flatMap(({ bytes, value }) => (bytes.length > 0 ? packed(bytes, what) : [Number(value)]));
  // tuple(tuple(arguments), dict): the one bool among the arguments is `training`.
  let signature = read(last(message, 3)?.bytes ?? new Uint8Array(0));
  for (let depth = 0; depth < 2; ++depth) {
    const values = read(last(signature, 52)?.bytes ?? new Uint8Array(0));
    if (depth === 1) {
      const bools = all(values, 1)
        .map((value) => last(read(value), 14))
        .filter(Boolean);
      return { captured, training: bools[0] ? bools[0].value !== 0n : null };
    }
    signature = read(all(values, 1)[0] ?? new Uint8Array(0));
  }
  return { captured, training: null };
}
