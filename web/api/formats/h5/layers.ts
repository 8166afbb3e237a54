import { TabtrainError } from '../../errors';
import type { Hdf5Source } from '../hdf5/read';
import type { Hdf5Target } from '../hdf5/write';
import { Matches, keptOrder, weightsOf } from '../match';
import type {
  LayerSnapshot,
  MatchOptions,
  StoredTensor,
  WeightSlot,
  WeightSnapshot,
  WeightStore,
} from '../types';

/*
 * Weights as keras/saving/hdf5_format.py keeps them, in a group (of a whole model: model_weights) or in the
 * root:
 *
 *   @layer_names, @backend, @keras_version
 *   LAYER           one group for each layer, a model within included, @weight_names
 *   LAYER/NAME:0    trainable ones first; NAME has slashes, which are groups
 */
const join = (...parts: readonly string[]) => parts.filter((part) => part !== '').join('/');

interface SavedLayer {
  readonly name: string;
  readonly tensors: readonly StoredTensor[];
}

/** Whether a group has such layers. */
export const hasLayers = (file: Hdf5Source, group: string): boolean =>
  file.texts(group, 'layer_names') !== null;

/** All weights, read. */
export function readLayers(file: Hdf5Source, group: string, what: string): WeightStore {
  const layers = (file.texts(group, 'layer_names') ?? []).map((name): SavedLayer => {
    const path = join(group, name);
    if (!file.has(path)) {
      throw new TabtrainError('CORRUPT_FILE', `${what}: there is no group '${path}'`);
    }
    const names = file.texts(path, 'weight_names') ?? [];
    return { name, tensors: names.map((each) => readTensor(file, join(path, each))) };
  });
  return new SavedLayers(layers.filter(({ tensors }) => tensors.length > 0));
}

export function readTensor(file: Hdf5Source, path: string): StoredTensor {
  return { name: path, ...file.tensor(path) };
}

class SavedLayers implements WeightStore {
  readonly #layers: readonly SavedLayer[];
  readonly tensors: readonly StoredTensor[];

  constructor(layers: readonly SavedLayer[]) {
    this.#layers = layers;
    this.tensors = layers.flatMap(({ tensors }) => tensors);
  }

  match(layers: readonly LayerSnapshot<WeightSlot>[], options: MatchOptions) {
    const matches = new Matches(options);
    const weighted = layers.filter((layer) => weightsOf([layer]).length > 0);
    if (options.byName) {
      for (const { name, tensors } of this.#layers) {
        for (const layer of weighted.filter((each) => each.name === name)) {
          matches.take(layer, keptOrder(layer), tensors);
        }
      }
    } else if (weighted.length === this.#layers.length) {
      for (const [i, layer] of weighted.entries()) {
        matches.take(layer, keptOrder(layer), this.#layers[i]!.tensors);
      }
    } else {
      // Nothing says which ones belong together.
      throw new TabtrainError(
        'SHAPE_MISMATCH',
        `expected ${weighted.length} layers with weights, the file has ${this.#layers.length}`,
      );
    }
    return matches.all(layers);
  }
}

export function writeLayers(
  file: Hdf5Target,
  group: string,
  layers: readonly LayerSnapshot<WeightSnapshot>[],
): void {
  file.group(group);
  file.texts(
    group,
    'layer_names',
    layers.map(({ name }) => name),
  );
  file.text(group, 'backend', 'tensorflow');
  file.text(group, 'keras_version', '2.8.0');
  for (const layer of layers) {
    const tensors = named(keptOrder(layer));
    writeTensors(file, join(group, layer.name), tensors);
  }
  file.group(join(group, 'top_level_model_weights'));
  file.texts(join(group, 'top_level_model_weights'), 'weight_names', []);
}

/** The tensors of a group, and their names. */
export function writeTensors(
  file: Hdf5Target,
  group: string,
  tensors: readonly StoredTensor[],
): void {
  file.group(group);
  file.texts(
    group,
    'weight_names',
    tensors.map(({ name }) => name),
  );
  for (const tensor of tensors) file.tensor(join(group, tensor.name), tensor);
}

/** As Keras names variables; layers of models within a model may have the same names, datasets may not. */
export function named(tensors: readonly StoredTensor[]): StoredTensor[] {
  const taken = new Set<string>();
  return tensors.map((tensor) => {
    let name = tensor.name;
    for (let i = 1; taken.has(name); ++i) name = `${tensor.name}_${i}`;
    taken.add(name);
    return { ...tensor, name: `${name}:0` };
  });
}
