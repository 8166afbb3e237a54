import { join } from '../proto';
import { trainingConfig } from '../dialects/compile';
import type { LayerSnapshot, ModelSnapshot, NewFile, StoredTensor } from '../types';
import { toTfjsState } from './optimizer';
import { forTfjs } from './topology';
import { tfjsTraining } from './training';

/** The converter's, which browsers' caches take. */
const SHARD_BYTES = 4 * 1024 * 1024;

/**
 * `model.json` with the topology in the converter's form and the weights in files of 4 MiB. Beside
 * TensorFlow.js's `trainingConfig`, which it has no words for every model, `training_config` of the topology says
 * it in Keras's; TensorFlow.js does not look there.
 */
export function writeTfjs(model: ModelSnapshot): NewFile[] {
  const { compile, optimizer, config } = model;
  const training = compile && tfjsTraining(compile);
  const weights = weightsOf(model.layers);
  const variables = optimizer?.variables ?? [];
  const state = training ? toTfjsState(compile.own!, variables) : variables;
  const tensors = [
    ...weights.map((tensor) => ({ tensor, group: null })),
    ...state.map((tensor) => ({ tensor, group: 'optimizer' })),
  ].map(({ tensor, group }) => ({ tensor: withoutInt64(tensor), group }));
  const shards = cut(join(tensors.map(({ tensor }) => tensor.bytes)));
  const manifest = {
    paths: shards.map(({ name }) => name),
    weights: tensors.map(({ tensor, group }) => ({
      name: tensor.name,
      shape: tensor.shape,
      dtype: tensor.dtype,
      ...(group && { group }),
    })),
  };
  const json = {
    format: 'layers-model',
    generatedBy: 'tabtrain',
    convertedBy: null,
    modelTopology: {
      keras_version: '2.8.0',
      backend: 'tensorflow',
      model_config: forTfjs({ class_name: config.class_name, config: config.config }),
      ...(compile && { training_config: trainingConfig(compile, model.output.shape) }),
    },
    ...(training && { trainingConfig: training }),
    weightsManifest: tensors.length > 0 ? [manifest] : [],
  };
  return [...shards, { name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(json)) }];
}

/** TensorFlow.js's names: that of the layer, which is the only one, and of the attribute. */
function weightsOf(layers: readonly LayerSnapshot[]): StoredTensor[] {
  return layers.flatMap((layer) => [
    ...layer.weights.map((weight) => ({ ...weight, name: weightName(layer.name, weight.path) })),
    ...weightsOf(layer.layers),
  ]);
}

export const weightName = (layer: string, path: string): string =>
  `${layer}/${path.replace(/^(layers\/\d+\/)+/, '')}`;

/** TensorFlow.js has no int64; what is counted here fits. */
function withoutInt64(tensor: StoredTensor): StoredTensor {
  if (tensor.dtype !== 'int64') return tensor;
  const numbers = Int32Array.from(new BigInt64Array(tensor.bytes.slice().buffer), Number);
  return { ...tensor, dtype: 'int32', bytes: new Uint8Array(numbers.buffer) };
}

function cut(bytes: Uint8Array): NewFile[] {
  const count = Math.ceil(bytes.length / SHARD_BYTES);
  return Array.from({ length: count }, (_, i) => ({
    name: `group1-shard${i + 1}of${count}.bin`,
    bytes: bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES),
  }));
}
