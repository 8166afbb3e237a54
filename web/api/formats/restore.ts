import { invalid, type TabtrainError } from '../errors';
import type { Description, Engine, EngineDType, EngineModel, EngineTensor } from '../engine/engine';
import type { KerasConfig } from '../config/spec';
import type { LoadReport } from '../host/protocol';
import { converted } from './convert';
import { weightsOf } from './match';
import { layersOf } from './snapshot';
import type { MatchOptions, OptimizerVariables, StoredTensor, WeightStore } from './types';

/**
 * Fills a model with the weights of a file, all that belong together or none.
 * @param first is done once it is known that they fit; where it throws, no weight has changed.
 */
export function setWeights(
  engine: Engine,
  model: EngineModel,
  store: WeightStore,
  options: MatchOptions,
  first: () => void,
): LoadReport {
  const description = JSON.parse(model.describe()) as Description;
  if (!description.built && store.tensors.length > 0) {
    invalid('the model has no weights yet; call `await model.build(inputShape)` first');
  }
  const config = JSON.parse(model.configJson()) as KerasConfig;
  const layers = layersOf(description, config, (weight) => weight);
  const slots = weightsOf(layers);
  const found = store.match(layers, options);
  const tensors = found.map(
    (tensor, i): StoredTensor => tensor ?? { ...slots[i]!, bytes: model.weightBytes(i).slice() },
  );
  withTensors(
    engine,
    tensors,
    (i) => slots[i]!.dtype as EngineDType,
    (all) => {
      first();
      model.setWeights(all);
    },
  );
  const used = new Set(found.map((tensor) => tensor?.name));
  const names = (isThere: boolean) =>
    slots.filter((_, i) => (found[i] !== null) === isThere).map(({ name }) => name);
  return {
    restored: names(true),
    unusedInFile: store.tensors.map(({ name }) => name).filter((name) => !used.has(name)),
    missingInFile: names(false),
    notes: conversions(found, slots),
  };
}

/** Says which types of weights are not the model's. */
function conversions(
  found: readonly (StoredTensor | null)[],
  slots: readonly { readonly dtype: string }[],
): string[] {
  const counts = new Map<string, number>();
  for (const [i, tensor] of found.entries()) {
    const { dtype } = slots[i]!;
    if (!tensor || tensor.dtype === dtype) continue;
    const change = `${tensor.dtype} in the file and were converted to ${dtype}`;
    counts.set(change, (counts.get(change) ?? 0) + 1);
  }
  return [...counts].map(([change, count]) => `${count} weights are ${change}`);
}

/** Sets all of the optimizer's state, or throws. */
export function setOptimizer(engine: Engine, model: EngineModel, stored: OptimizerVariables): void {
  // All floats, but for the count of steps, which comes first.
  const typeOf = (i: number): EngineDType => (i === 0 ? 'int64' : 'float32');
  withTensors(engine, stored.variables, typeOf, (tensors) =>
    model.setOptimizerVariables(stored.order, tensors),
  );
}

/** Calls `use` with tensors of the engine, which are freed afterwards. */
function withTensors(
  engine: Engine,
  stored: readonly StoredTensor[],
  typeOf: (index: number) => EngineDType,
  use: (tensors: EngineTensor[]) => void,
): void {
  const made: EngineTensor[] = [];
  try {
    for (const [i, tensor] of stored.entries()) {
      const dtype = typeOf(i);
      const bytes = converted(tensor, dtype);
      // The engine's tensors have a first axis.
      const shape = tensor.shape.length === 0 ? [1] : [...tensor.shape];
      const engineTensor = new engine.Tensor(dtype, shape);
      made.push(engineTensor);
      engineTensor.bytes().set(bytes);
    }
    use(made);
  } finally {
    for (const tensor of made) tensor.delete();
  }
}

/** Whether a failure says that state does not fit the model. */
export const isMismatch = (error: unknown): boolean =>
  (error as Partial<TabtrainError>).code === 'SHAPE_MISMATCH';
