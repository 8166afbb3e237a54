import { TabtrainError } from '../../errors';
import type { Recording } from '../../custom/graph';
import { parseFunction, type FunctionNode, type ParsedFunction } from './functionDef';
import type { ObjectGraph } from './objectGraph';
import { Recorder, type ConstantTensor, type Known } from './recorder';
import { recordOp } from './recordOps';

/** Functions that call functions, so deep. */
const DEEPEST = 16;
const MOST_NODES = 20_000;
/** Nodes that need nodes, so deep. */
const DEEPEST_NODE = 500;

interface Frame {
  readonly fn: ParsedFunction;
  readonly args: ReadonlyMap<string, Known>;
  readonly known: Map<string, Known>;
  /** Of functions that it calls, by node. */
  readonly calls: Map<string, Frame>;
  readonly depth: number;
}

/** Ops that assign a variable, and what they do with the value that it has; null for nothing. */
const ASSIGNS: ReadonlyMap<string, string | null> = new Map([
  ['AssignVariableOp', null],
  ['AssignAddVariableOp', 'AddV2'],
  ['AssignSubVariableOp', 'Sub'],
]);
const CALL = new Set(['StatefulPartitionedCall', 'PartitionedCall']);

/** Writes a TensorFlow function as a recording. */
export class Importer {
  readonly #graph: ObjectGraph;
  readonly #what: string;
  readonly #inputs: number;
  readonly #recorder: Recorder;
  readonly #parsed = new Map<string, ParsedFunction>();
  #visited = 0;
  #nesting = 0;

  /**
   * @param inputs of the recording: 1, or 0 of a function without arguments
   * @param constants takes the tensors that the recording needs
   */
  constructor(graph: ObjectGraph, what: string, inputs: number, constants: ConstantTensor[]) {
    this.#graph = graph;
    this.#what = what;
    this.#inputs = inputs;
    this.#recorder = new Recorder(what, inputs, constants);
  }

  /** @param assigns whether to keep what the function does to variables */
  run(name: string, weightOf: (id: number) => string | undefined, assigns: boolean): Recording {
    const fn = this.#function(name);
    const captured = this.#graph.concrete.get(name)?.captured ?? [];
    const args = new Map<string, Known>();
    const first = fn.arguments.length - captured.length;
    for (const [i, argument] of fn.arguments.entries()) {
      if (i < this.#inputs) args.set(argument, { kind: 'value', id: 0 });
      if (i < first) continue;
      const id = captured[i - first]!;
      const weight = weightOf(id);
      const constant = this.#graph.constant(id);
      if (weight !== undefined) args.set(argument, { kind: 'weight', name: weight });
      else if (constant) args.set(argument, { kind: 'constant', ...constant });
    }
    const frame: Frame = { fn, args, known: new Map(), calls: new Map(), depth: 0 };
    const output = this.#value(fn.results[0] ?? this.#fail('a function without result'), frame);
    const recording = this.#recorder.finish(output);
    if (assigns) this.#assign(frame);
    return recording;
  }

  /** What a function does to variables besides giving a result. */
  #assign(frame: Frame): void {
    for (const node of frame.fn.nodes.values()) {
      if (CALL.has(node.op)) this.#assign(this.#called(node, frame));
      const sign = ASSIGNS.get(node.op);
      if (sign === undefined) continue;
      const [handle, value] = [0, 1].map((i) => this.#input(node, i, frame));
      if (handle!.kind !== 'weight') this.#fail('assigns what is no weight of its own');
      const result = sign === null ? value! : this.#recorder.add(sign, [handle!, value!]);
      this.#recorder.add('Assign', [result], { name: handle!.name });
    }
  }

  #input(node: FunctionNode, i: number, frame: Frame): Known {
    const reference = node.inputs[i] ?? this.#fail(`${node.op} without an input`);
    return this.#value(reference, frame);
  }

  #fail(reason: string): never {
    return this.#recorder.fail(reason);
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

  #value(reference: string, frame: Frame): Known {
    const argument = frame.args.get(reference);
    if (argument) return argument;
    const cached = frame.known.get(reference);
    if (cached) return cached;
    const [name = '', , index = '0'] = reference.split(':');
    const node = frame.fn.nodes.get(name);
    if (!node && frame.fn.arguments.includes(reference)) {
      this.#fail('uses a variable of an object that it does not have, which cannot be taken over');
    }
    if (!node) return this.#fail(`needs '${reference}', which is neither a weight nor computed`);
    this.#count();
    // Also where nodes need each other in a circle.
    if (++this.#nesting > DEEPEST_NODE) this.#fail('is nested too deep');
    const value = CALL.has(node.op)
      ? this.#result(this.#called(node, frame), Number(index))
      : recordOp(this.#recorder, node, (i) => this.#input(node, i, frame), Number(index));
    --this.#nesting;
    frame.known.set(reference, value);
    return value;
  }

  #count(): void {
    if (++this.#visited > MOST_NODES) this.#fail('is too large');
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
}
