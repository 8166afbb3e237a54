import { invalid } from '../errors';
import type { Connection } from '../client/connection';
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
        `${layer.className}: a layer of your own needs to know its input's shape: ` +
          `give the model's first layer an inputShape`,
      );
    }
    if (layer.inner.length > 0) await prepareLayers(connection, layer.inner, shape);
    else layer.prepare(shape!);
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
  const start = input ? [{ class_name: 'InputLayer', config: { batch_input_shape: input } }] : [];
  const config = { class_name: 'Sequential', config: { layers: [...start, ...layers] } };
  const id = connection.newId();
  try {
    const { state } = await connection.call('createModel', [id, JSON.stringify(config), 0]);
    return state?.description.outputs[0]?.shape ?? null;
  } finally {
    await connection.call('disposeModel', [id]);
  }
}
