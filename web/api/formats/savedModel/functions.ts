import { bytes, int, join } from '../proto';
import type { GraphJson } from '../types';
import { attr, DT, functionDef, nodeDef, type Message } from './messages';
import type { ObjectTree, SavedNode, SavedVariable } from './objects';
import { FunctionBody } from './ops';

/** What can be written of a function once all objects have numbers. */
export interface Concrete {
  readonly name: string;
  readonly write: (ids: ReadonlyMap<SavedNode, number>) => Message;
}

/** Extents below zero are not known. */
export const toSizes = (shape: readonly (number | null)[]) => shape.map((size) => size ?? -1);

/** The functions of the file. Each takes the input and the handles of all variables. */
export class Functions {
  readonly definitions: Message[] = [];
  readonly #variables: readonly SavedVariable[];
  readonly #handles = new Map<string, string>();

  constructor(tree: ObjectTree) {
    this.#variables = tree.variables;
    for (const [i, { weight }] of tree.variables.entries()) {
      this.#handles.set(weight.path, `resource_${i}`);
    }
  }

  /** Adds the function of a graph, a forward pass, and returns its name. */
  add(base: string, graph: GraphJson, input: string): string {
    const body = new FunctionBody(graph, input, (path) => this.#handles.get(path)!);
    return this.#add(base, [input], body, body.write());
  }

  /** Adds the function of a penalty that the graph gives; its name, and the paths of the weights that it is of. */
  addPenalty(base: string, graph: GraphJson, index: number): { name: string; of: string[] } {
    const of: string[] = [];
    const body = new FunctionBody(graph, '', (path) => (of.push(path), this.#handles.get(path)!));
    return { name: this.#add(base, [], body, body.writePenalty(index)), of };
  }

  #add(base: string, given: readonly string[], body: FunctionBody, result: string): string {
    const name = `__inference_${base}_${100 + this.definitions.length}`;
    const inputs = [result, ...body.assignments.map((assignment) => `^${assignment}`)];
    const identity = nodeDef('Identity', 'Identity', inputs, { T: attr.type(DT.float32) });
    const handles = [...this.#handles.values()].map((handle) => ({
      name: handle,
      type: DT.resource,
    }));
    this.definitions.push(
      functionDef(
        name,
        [...given.map((each) => ({ name: each, type: DT.float32 })), ...handles],
        [{ name: 'identity', type: DT.float32, value: 'Identity:output:0' }],
        [...body.nodes, identity],
      ),
    );
    return name;
  }

  /** What the loader has to know of a function: the objects that it captures, arguments, result. */
  concrete(ids: ReadonlyMap<SavedNode, number>, input: Message, output: Message): Message {
    const captured = this.#variables.map(({ node }) => int(2, ids.get(node)!));
    return join(captured, bytes(3, input), bytes(4, output));
  }
}
