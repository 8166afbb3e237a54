import type { KerasConfig } from '../../config/spec';
import { modelConfig, toKeras2 } from './config';

type Config = Record<string, unknown>;

/**
 * The config of a whole model with the shape of its input, also where the model was built without an
 * InputLayer: then the file says it beside the layers.
 */
export function builtConfig(value: unknown, what: string, notes: string[]): KerasConfig {
  const given = (value ?? {}) as { config?: Config | null; build_config?: Config | null };
  // Keras 2.0 and 2.1 have a list of layers in place of the record.
  const isList = Array.isArray(given.config);
  const whole = isList ? { ...given, config: { layers: given.config } } : value;
  const model = modelConfig(whole, what, notes);
  const shape = builtShape(given, what);
  if (shape) setInput(model, shape);
  removeOthers(model);
  return model;
}

/**
 * The shape that the model was built for, or its first layer: of a model that begins with a Normalization that was
 * adapted before, Keras has no extents but there.
 */
function builtShape(
  { config, build_config: build }: { config?: Config | null; build_config?: Config | null },
  what: string,
): readonly unknown[] | null {
  const { build_config: own } = (firstLayer(config?.['layers']) ?? {}) as { build_config?: Config };
  const said = [config?.['build_input_shape'], build?.['input_shape'], own?.['input_shape']]
    .map((shape) => toKeras2(shape, what))
    .filter((shape) => Array.isArray(shape));
  return said.find(isWhole) ?? said[0] ?? null;
}

/** The first of a config's layers that is one; undefined where there is none, and in what is no list. */
export function firstLayer(layers: unknown): KerasConfig | undefined {
  if (!Array.isArray(layers)) return undefined;
  return (layers as KerasConfig[]).find((layer) => layer?.class_name !== 'InputLayer');
}

/** Whether all extents behind the batch are known. */
const isWhole = (shape: unknown) =>
  Array.isArray(shape) && shape.slice(1).every((extent) => extent !== null);

/** Keras 2 keeps what a layer was once adapted to, and reads it of the first layer alone. */
function removeOthers({ config }: KerasConfig): void {
  const layers = config['layers'] as KerasConfig[];
  const first = firstLayer(layers);
  for (const [i, layer] of layers.entries()) {
    const own = layer.config as Config;
    const isRead = i === 0 || (layer === first && isWhole(own['batch_input_shape']));
    if (!isRead) delete own['batch_input_shape'];
    if (i > 0 && layer.class_name === 'Sequential') removeOthers(layer);
  }
}

function setInput({ config }: KerasConfig, shape: readonly unknown[]): void {
  const [first] = config['layers'] as KerasConfig[];
  if (first?.class_name === 'Sequential') return setInput(first, shape);
  const own = first?.config as Config | undefined;
  if (!own) return;
  const said = own['batch_input_shape'] ?? null;
  // What is no shape stays, for the engine to refuse.
  if (said === null || (Array.isArray(said) && !isWhole(said))) own['batch_input_shape'] = shape;
}
