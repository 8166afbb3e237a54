import { invalid } from '../errors';
import type { Connection } from '../client/connection';
import type { Description } from '../engine/engine';
import type { Layer } from '../model/layer';

type Shape = readonly (number | null)[];

/**
 * Tells the layers of the user's own in a model what shapes they get. The engine knows how shapes change
 * from layer to layer: it is asked with a model of the layers before, which takes no memory.
 */
export async function prepareLayers(
  connection: Connection,
  layers: readonly Layer[],
  input: Shape | null = null,
): Promise<void> {
  for (const [i, layer] of layers.entries()) {
    if (!layer.needsShape) continue;
    const before = layers.slice(0, i);
    const shape = (await shapeAfter(connection, before, input)) ?? ownShape(layer);
    // A model that is the first layer may say it itself.
    if (!shape && layer.inner.length === 0) {
      invalid(
        `${layer.className}: a layer or an initializer of your own needs to know its input's shape: ` +
          `give the model's first layer an inputShape`,
      );
    }
    if (layer.inner.length > 0) await prepareLayers(connection, layer.inner, shape);
    else {
      if (layer.ownInitializers.length > 0) await prepareInitializers(connection, layer, shape!);
      layer.prepare(shape!);
    }
  }
}

/** Records a layer's initializers for the shapes of its weights, which the engine says. */
async function prepareInitializers(
  connection: Connection,
  layer: Layer,
  input: Shape,
): Promise<void> {
  const { class_name, config } = layer.toJSON();
  const arguments_ = layer.ownInitializers;
  const zeros = Object.fromEntries(arguments_.map(([argument]) => [argument, 'zeros']));
  const plain = { class_name, config: { ...config, ...zeros } };
  const { weights = [] } = (await described(connection, [inputLayer(input), plain])) ?? {};
  for (const [argument, initializer] of arguments_) {
    const name = `/${argument.replace(/_initializer$/, '')}`;
    // A weight that is not there, such as the bias of a layer without one, needs no values.
    const shape = weights.find(({ path }) => path.endsWith(name))?.shape;
    if (shape) initializer.prepare(shape);
  }
}

const ownShape = (layer: Layer): Shape | null =>
  (layer.getConfig()['batch_input_shape'] as Shape | undefined) ?? null;

/** The shape behind `layers`; null where it is not known. */
async function shapeAfter(
  connection: Connection,
  layers: readonly Layer[],
  input: Shape | null,
): Promise<Shape | null> {
  if (layers.length === 0) return input;
  if (layers.every(({ className }) => className === 'InputLayer')) return ownShape(layers[0]!);
  const isThere = layers[0]!.className === 'InputLayer';
  const start = input && !isThere ? [inputLayer(input)] : [];
  const description = await described(connection, [...start, ...layers]);
  return description?.outputs[0]?.shape ?? null;
}

const inputLayer = (shape: Shape) => ({
  class_name: 'InputLayer',
  config: { batch_input_shape: shape },
});

/** What the engine says of a model of these layers, which takes no memory. */
async function described(
  connection: Connection,
  layers: readonly object[],
): Promise<Description | null> {
  const config = { class_name: 'Sequential', config: { layers } };
  const id = connection.newId();
  try {
    const { state } = await connection.call('createModel', [id, JSON.stringify(config), 0]);
    return state?.description ?? null;
  } finally {
    await connection.call('disposeModel', [id]);
  }
}
