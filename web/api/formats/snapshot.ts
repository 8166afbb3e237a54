import type { Description, EngineModel, LayerDescription } from '../engine/engine';
import type { KerasConfig } from '../config/spec';
import { optimizerConfig, optimizerOf } from './dialects/optimizer';
import type {
  CompileConfig,
  GraphJson,
  HeldObjects,
  KnownClasses,
  LayerSnapshot,
  ModelSnapshot,
  SnapshotNeeds,
  StoredTensor,
  WeightSlot,
} from './types';

const NONE = new Uint8Array();

/** What `compile` chose; null before. @param given what it was given, with functions of the user's own */
export function compileOf(model: EngineModel, given: string): CompileConfig | null {
  if (!model.compiled()) return null;
  const { loss, metrics, weighted_metrics } = JSON.parse(given) as CompileConfig;
  const recorded: Record<string, unknown> = {};
  for (const each of [loss, ...(metrics ?? []), ...(weighted_metrics ?? [])]) {
    if (typeof each === 'object' && each.config && 'recorded' in each.config) {
      recorded[each.class_name] = each.config['recorded'];
    }
  }
  const compile = JSON.parse(model.compileJson()) as CompileConfig;
  return Object.keys(recorded).length > 0 ? { ...compile, recorded } : compile;
}

/**
 * A consistent copy of a model, at one go: nothing else of the engine may run meanwhile.
 * @param known what is not the user's own, where that matters
 * @param held by layers of the user's own, as the file that the model is from said
 */
export function takeSnapshot(
  model: EngineModel,
  compile: CompileConfig | null,
  needs: SnapshotNeeds,
  known: KnownClasses | null = null,
  held: HeldObjects = new Map(),
): ModelSnapshot {
  const description = JSON.parse(model.describe()) as Description;
  const config = JSON.parse(model.configJson()) as KerasConfig;
  const copied = layersOf(description, config, (weight, index) => ({
    ...weight,
    // A checkpoint has them already.
    bytes: needs.checkpoint ? NONE : model.weightBytes(index).slice(),
  }));
  const order = needs.optimizer ?? null;
  const variables = compile && order ? optimizerVariables(model, order) : [];
  return {
    config,
    name: description.name,
    layers: known ? withOwn(model, copied, { known, held, graphs: needs.graphs ?? false }) : copied,
    input: description.inputs[0]!,
    output: description.outputs[0]!,
    compile: compile && order ? inOrder(compile, order) : null,
    optimizer: order && variables.length > 0 ? { order, variables } : null,
    checkpoint: needs.checkpoint ? checkpointOf(model, needs.checkpoint) : null,
    graphs: needs.graphs ? graphsOf(model, []) : null,
  };
}

function graphsOf(model: EngineModel, path: number[]) {
  return {
    inference: JSON.parse(model.forwardGraph(path, false)) as GraphJson,
    training: JSON.parse(model.forwardGraph(path, true)) as GraphJson,
  };
}

/** Whether the engine has the class and the activation of a layer. */
export function isKnown({ class_name, config }: KerasConfig, known: KnownClasses): boolean {
  const { activation } = config;
  return (
    known.layers.includes(class_name) &&
    (typeof activation !== 'string' || known.activations.includes(activation))
  );
}

/** The arguments of a layer that are initializers which the engine does not have. */
export function ownInitializers(config: KerasConfig['config'], known: KnownClasses): string[] {
  return Object.keys(config).filter((argument) => {
    if (!argument.endsWith('_initializer')) return false;
    const value = config[argument] as string | Partial<Record<'class_name', unknown>> | null;
    const name = typeof value === 'string' ? value : value?.class_name;
    if (typeof name !== 'string') return false;
    const className = name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return ![name, className].some((each) => known.initializers.includes(each));
  });
}

/** The layers, those that are the user's own marked and, where it is asked for, with what they do. */
function withOwn(
  model: EngineModel,
  layers: readonly LayerSnapshot[],
  about: { known: KnownClasses; held: HeldObjects; graphs: boolean },
  path: readonly number[] = [],
): LayerSnapshot[] {
  const { known, held, graphs } = about;
  return layers.map((layer, i) => {
    const place = [...path, i];
    const initializers = ownInitializers(layer.config, known);
    // Keras makes no layer whose initializer it does not have.
    const isWhole =
      isKnown({ class_name: layer.className, config: layer.config }, known) &&
      initializers.length === 0;
    return {
      ...layer,
      isOwn: !known.layers.includes(layer.className),
      held: held.get(place.join()) ?? [],
      ownInitializers: initializers,
      layers: withOwn(model, layer.layers, about, place),
      ...(graphs && !isWhole && { graphs: graphsOf(model, place) }),
    };
  });
}

function optimizerVariables(model: EngineModel, order: string): StoredTensor[] {
  const itemSize = { int64: 8, float32: 4, int32: 4, uint8: 1 };
  return model.optimizerVariables(order).map((variable) => {
    const zeros = () =>
      new Uint8Array(variable.shape.reduce((n, size) => n * size, itemSize[variable.dtype]));
    return { ...variable, bytes: variable.bytes ?? zeros() };
  });
}

function inOrder(compile: CompileConfig, order: NonNullable<SnapshotNeeds['optimizer']>) {
  const own = optimizerOf(compile);
  return { ...compile, optimizer: optimizerConfig(compile, order), own };
}

function checkpointOf(model: EngineModel, layout: string): ModelSnapshot['checkpoint'] {
  const checkpoint = model.saveCheckpoint(JSON.stringify({ optimizer_layout: layout }));
  try {
    return { index: checkpoint.index().slice(), data: checkpoint.data().slice() };
  } finally {
    checkpoint.delete();
  }
}

/** The layers of a model with their weights, which the engine lists in one row. */
export function layersOf<Weight>(
  description: Description,
  config: KerasConfig,
  toWeight: (weight: WeightSlot, index: number) => Weight,
): LayerSnapshot<Weight>[] {
  const inside = (
    layers: readonly LayerDescription[],
    parent: KerasConfig,
    prefix: string,
  ): LayerSnapshot<Weight>[] => {
    if (layers.length === 0) return [];
    const all = (parent.config as { layers: readonly KerasConfig[] }).layers;
    const configs = all.filter(({ class_name }) => class_name !== 'InputLayer');
    return layers.map((layer, i) => {
      const path = `${prefix}layers/${i}/`;
      const weights: Weight[] = [];
      for (const [index, weight] of description.weights.entries()) {
        // Those of a model within are its layers'; a layer of the user's own may have some deeper.
        const isOwn = layer.layers.length === 0 && weight.path.startsWith(path);
        if (isOwn) weights.push(toWeight(weight, index));
      }
      return {
        name: layer.name,
        className: layer.className,
        config: configs[i]!.config,
        inputShape: layer.inputShape!,
        outputShape: layer.outputShape!,
        weights,
        layers: inside(layer.layers, configs[i]!, path),
      };
    });
  };
  return inside(description.layers, config, '');
}
