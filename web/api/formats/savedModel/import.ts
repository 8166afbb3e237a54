import { TabtrainError } from '../../errors';
import type { Recording } from '../../custom/graph';
import { Importer } from './importer';
import { DT } from './messages';
import type { ObjectGraph } from './objectGraph';
import type { ConstantTensor } from './recorder';

interface RecordedWeight {
  /** The path from the layer: `inner/kernel` of an object in it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly initializer: string;
}

/** What the engine takes for a layer whose class is elsewhere (src/layers/recorded.h). */
export interface RecordedLayer {
  readonly weights: readonly RecordedWeight[];
  readonly constants: readonly unknown[];
  /** Penalties on the weights. */
  readonly losses: readonly Recording[];
  readonly inference: Recording;
  readonly training: Recording | null;
}

/** Where Keras keeps what a layer does, the most telling first. */
const CALLS = [
  ['keras_api', 'call_and_return_conditional_losses'],
  ['call_and_return_conditional_losses'],
  ['call_and_return_all_conditional_losses'],
  ['__call__'],
];
/** What Keras has besides a layer's own attributes, all of it reached otherwise. */
const ABOUT_THE_LAYER =
  /^(keras_api|signatures|variables|(non_)?trainable_variables|regularization_losses)$/;
/** Layers that hold layers, so deep. */
const DEEPEST = 32;

/**
 * A layer of a class that we do not have, from its functions; null where the file has none.
 * @param isFrozen whether the layer is, as a whole
 */
export function importLayer(
  graph: ObjectGraph,
  path: readonly string[],
  isFrozen: boolean,
  what: string,
): RecordedLayer | null {
  const call = CALLS.map((names) => graph.at(...path, ...names)).find(
    (object) => (object?.traces.length ?? 0) > 0,
  );
  if (!graph.at(...path) || !call) return null;
  const weights = weightsOf(graph, path, isFrozen, what);
  const constants: ConstantTensor[] = [];
  const run = (name: string, inputs: number, assigns: boolean) =>
    new Importer(graph, what, inputs, constants).run(name, (id) => weights.get(id)?.name, assigns);
  const record = (training: boolean): Recording | null => {
    const name = call.traces.find((trace) => {
      const said = graph.concrete.get(trace)?.training ?? null;
      return said === training || (said === null && !training);
    });
    return name === undefined ? null : run(name, 1, training);
  };
  const inference = record(false) ?? record(true);
  if (!inference) return null;
  const losses = (graph.list(...path, 'regularization_losses') ?? []).flatMap((id) => {
    const [name] = graph.objects[id]?.traces ?? [];
    return name === undefined ? [] : [run(name, 0, false)];
  });
  const training = record(true);
  return {
    ...{ weights: [...weights.values()], losses, inference, training },
    constants: constants.map(({ shape, numbers }) => nested(shape, numbers)),
  };
}

/** The variables of a layer and of all that it holds, in Keras's order, by their objects. */
function weightsOf(
  graph: ObjectGraph,
  path: readonly string[],
  isFrozen: boolean,
  what: string,
): Map<number, RecordedWeight> {
  const { variables: names } = attributesOf(graph, path);
  const trainable = graph.list(...path, 'trainable_variables');
  const own = graph.at(...path)?.children.values() ?? [];
  const ordered = [...(trainable ?? []), ...own, ...names.keys()].filter((id) => names.has(id));
  return new Map(
    [...new Set(ordered)].map((id) => {
      const name = names.get(id)!;
      const variable = graph.objects[id]!.variable!;
      if (variable.dtype !== DT.float32) {
        throw new TabtrainError('UNSUPPORTED', `${what}: the weight '${name}' is not float32`);
      }
      // The list leaves out what a frozen layer within has, and is empty of a layer that is frozen itself.
      const trains = variable.trainable && (!trainable || isFrozen || trainable.includes(id));
      return [id, { name, shape: variable.shape, trainable: trains, initializer: 'zeros' }];
    }),
  );
}

/**
 * What a layer has in attributes, and what that has: paths by object. A variable of an object within is named by that,
 * also where the layer has it itself, as in what we write.
 */
export function attributesOf(
  graph: ObjectGraph,
  path: readonly string[],
): { variables: ReadonlyMap<number, string>; objects: ReadonlyMap<number, string> } {
  const variables = new Map<number, string>();
  const objects = new Map<number, string>();
  const seen = new Set<number>();
  const visit = (parent: number, prefix: string, depth: number): void => {
    if (seen.has(parent) || depth > DEEPEST) return;
    seen.add(parent);
    // A name with a slash would be a path.
    const own = [...(graph.objects[parent]?.children ?? [])].filter(
      ([name]) => !ABOUT_THE_LAYER.test(name) && !name.includes('/'),
    );
    for (const [name, id] of own) {
      const object = graph.objects[id];
      const isPlain = object && !object.variable && object.traces.length === 0;
      if (!isPlain) continue;
      if (!objects.has(id)) objects.set(id, prefix + name);
      visit(id, `${prefix}${name}/`, depth + 1);
    }
    for (const [name, id] of own) {
      if (graph.objects[id]?.variable && !variables.has(id)) variables.set(id, prefix + name);
    }
  };
  visit(graph.idOf(...path), '', 0);
  return { variables, objects };
}

/** Numbers in lists of that shape. */
function nested(shape: readonly number[], numbers: readonly number[]): unknown {
  if (shape.length === 0) return numbers[0];
  let rows: unknown[] = [...numbers];
  for (const size of shape.slice(1).reverse()) {
    const inner = rows;
    const count = inner.length / size;
    rows = Array.from({ length: count }, (_, i) => inner.slice(i * size, (i + 1) * size));
  }
  return rows;
}
