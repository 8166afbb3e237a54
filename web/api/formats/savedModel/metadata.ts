import { bytes, int, join } from '../proto';
import { trainingConfig } from '../dialects/compile';
import type { LayerSnapshot, ModelSnapshot } from '../types';
import type { Message } from './messages';
import { identifierOf, type ObjectTree, type SavedNode } from './objects';

/** What Keras needs to make its objects anew, JSON for each (keras/saving/saved_model/load.py). */
export function kerasMetadata(
  model: ModelSnapshot,
  tree: ObjectTree,
  ids: ReadonlyMap<SavedNode, number>,
): Message {
  const entry = (node: SavedNode, path: string, identifier: string, metadata: string) =>
    bytes(1, [
      int(2, ids.get(node)!),
      bytes(3, path),
      bytes(4, identifier),
      bytes(5, metadata),
      bytes(6, [int(1, 2), int(2, 1)]),
    ]);
  const root = {
    name: model.name,
    trainable: true,
    dtype: 'float32',
    class_name: model.config.class_name,
    config: model.config.config,
    ...(model.compile && { training_config: trainingConfig(model.compile, model.output.shape) }),
  };
  return join(
    entry(tree.root, 'root', identifierOf('Sequential'), asJson(root)),
    tree.layers.map(({ layer, node, path }) =>
      entry(node, path, identifierOf(layer.className), asJson(layerMetadata(layer))),
    ),
    tree.held.map(({ node, within, path, identifier, metadata }) =>
      metadata === null
        ? []
        : entry(node, `${within}.${path.replaceAll('/', '.')}`, identifier, metadata),
    ),
  );
}

function layerMetadata({ name, className, config, inputShape }: LayerSnapshot): object {
  return {
    name,
    trainable: config['trainable'] ?? true,
    expects_training_arg: true,
    dtype: 'float32',
    class_name: className,
    config,
    build_input_shape: { class_name: 'TensorShape', items: inputShape },
  };
}

const asJson = (metadata: object) => JSON.stringify(asPython(metadata));

/** Keras keeps the tuples of a config apart from its lists. */
function asPython(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => asPython(item));
    return key === 'batch_input_shape' ? { class_name: '__tuple__', items } : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, asPython(item, name)]),
  );
}
