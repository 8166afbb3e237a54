import { TabtrainError, came } from '../../errors';
import { compileConfig, modelConfig } from '../dialects/config';
import { optimizerOf } from '../dialects/optimizer';
import { MOST_JSON_BYTES } from '../limits';
import type { FileSource, LayerSnapshot, LoadedModel, StoredTensor, WeightSlot } from '../types';
import { corrupt, isRecord, readManifest, type ManifestTensor } from './manifest';
import { stateOf } from './optimizer';
import { compileOf } from './training';
import { weightName } from './write';

/** The file that names the others: `model.json`, or the only JSON file of the directory. */
export function manifestName(names: readonly string[]): string | null {
  if (names.includes('model.json')) return 'model.json';
  const all = names.filter((name) => /^[^/]+\.json$/.test(name));
  return all.length === 1 ? all[0]! : null;
}

/** A layers model of TensorFlow.js or of its converter. */
export async function readTfjs(source: FileSource): Promise<LoadedModel> {
  const what = `loadModel: '${source.label}'`;
  const json = await readJson(source, what);
  if (json['format'] === 'graph-model') {
    throw new TabtrainError(
      'UNSUPPORTED',
      `${what}: a graph model of TensorFlow.js, which has no layers to load`,
    );
  }
  const topology = json['modelTopology'];
  if (!isRecord(topology)) {
    return corrupt(`${what}: modelTopology: expected a record, came ${came(topology)}`);
  }
  const notes: string[] = [];
  const config = modelConfig(configOf(topology, what), `${what}: modelTopology`, notes);
  const tensors = await readManifest(json['weightsManifest'] ?? [], source, what);
  const training = compileOf(json['trainingConfig'], what, notes);
  const inKeras = isRecord(topology['training_config']) ? topology['training_config'] : null;
  const compile = inKeras
    ? compileConfig(inKeras, `${what}: training_config`, config, true, notes)
    : training;
  noteQuantized(tensors, notes);
  const state = tensors.filter(({ isOptimizer }) => isOptimizer);
  const own = tensors.filter(({ isOptimizer }) => !isOptimizer);
  return {
    version: versionOf(json, topology),
    config,
    compile,
    weights: {
      match: (layers) => match(layers, own, what),
      tensors: own,
    },
    optimizer: compile && stateOf(optimizerOf(compile), state, training !== null, what),
    notes,
  };
}

async function readJson(source: FileSource, what: string): Promise<Record<string, unknown>> {
  const name = manifestName(source.names)!;
  const bytes = await source.read(name, MOST_JSON_BYTES);
  if (!bytes) throw new TabtrainError('NOT_FOUND', `${what}: there is no '${name}'`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    corrupt(`${what}: ${name} is not JSON (${String(error)})`);
  }
  return isRecord(json) ? json : corrupt(`${what}: ${name}: expected a record, came ${came(json)}`);
}

/** The bare model, or what Keras's files have beside it. */
function configOf(topology: Readonly<Record<string, unknown>>, what: string): unknown {
  const model = topology['model_config'] ?? topology;
  if (!isRecord(model))
    return corrupt(`${what}: model_config: expected a record, came ${came(model)}`);
  const { class_name, config } = model;
  // Before 1.0 a Sequential was the list of its layers.
  return {
    class_name,
    config: Array.isArray(config) ? { name: 'sequential', layers: config } : config,
  };
}

function versionOf(
  json: Readonly<Record<string, unknown>>,
  topology: Readonly<Record<string, unknown>>,
): string {
  const { generatedBy, convertedBy } = json;
  const said = [generatedBy, convertedBy].filter((each) => typeof each === 'string' && each !== '');
  if (said.length > 0) return said.join(', ');
  return typeof topology['keras_version'] === 'string'
    ? topology['keras_version']
    : 'TensorFlow.js';
}

function noteQuantized(tensors: readonly ManifestTensor[], notes: string[]): void {
  const counts = new Map<string, number>();
  for (const { quantized } of tensors) {
    if (quantized !== null) counts.set(quantized, (counts.get(quantized) ?? 0) + 1);
  }
  for (const [dtype, count] of counts) {
    notes.push(`${count} weights are quantized to ${dtype} in the file and were widened`);
  }
}

/** Weights by name. All must be there, and no others. */
function match(
  layers: readonly LayerSnapshot<WeightSlot>[],
  tensors: readonly ManifestTensor[],
  what: string,
): StoredTensor[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name.replace(/:0$/, ''), tensor]));
  const taken: StoredTensor[] = [];
  const visit = (all: readonly LayerSnapshot<WeightSlot>[], prefix: string) => {
    for (const layer of all) {
      for (const slot of layer.weights) {
        const name = weightName(layer.name, slot.path);
        // Some writers put the names of models around a layer's before it.
        const found = [name, prefix + name].find((each) => byName.has(each));
        if (found === undefined) return corrupt(`${what}: there is no weight '${prefix}${name}'`);
        const tensor = byName.get(found)!;
        if (tensor.shape.join() !== slot.shape.join()) {
          corrupt(
            `${what}: '${name}': expected [${slot.shape.join(', ')}], came [${tensor.shape.join(', ')}]`,
          );
        }
        taken.push(tensor);
        byName.delete(found);
      }
      visit(layer.layers, `${prefix}${layer.name}/`);
    }
  };
  visit(layers, '');
  const [extra] = byName.keys();
  if (extra !== undefined) corrupt(`${what}: no layer of the model has the weight '${extra}'`);
  return taken;
}
