import type { KerasConfig } from '../../config/spec';
import { modelConfig, toKeras2 } from './config';

type Config = Record<string, unknown>;

/**
 * The config of a whole model with the shape of its input, also where the model was built without an
 * InputLayer: then the file says it beside the layers.
 */
export function builtConfig(value: unknown, what: string): KerasConfig {
  const given = (value ?? {}) as { config?: Config | null; build_config?: Config | null };
  // Keras 2.0 and 2.1 have a list of layers in place of the record.
  const isList = Array.isArray(given.config);
  const model = modelConfig(isList ? { ...given, config: { layers: given.config } } : value, what);
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
  const layers = (Array.isArray(config) ? [] : config?.['layers']) as KerasConfig[] | undefined;
  const first = layers?.find?.((layer) => layer?.class_name !== 'InputLayer');
  const { build_config: own } = (first ?? {}) as { build_config?: Config | null };
  const said = [config?.['build_input_shape'], build?.['input_shape'], own?.['input_shape']]
    .map((shape) => toKeras2(shape, what))
    .filter((shape) => Array.isArray(shape));
  return said.find(isWhole) ?? said[0] ?? null;
}

/** Whether all extents behind the batch are known. */
const isWhole = (shape: readonly unknown[] | undefined) =>
  shape?.slice(1).every((extent) => extent !== null) ?? false;

/** Keras 2 keeps what a layer was once adapted to, and reads it of the first layer alone. */
function removeOthers({ config }: KerasConfig): void {
  const layers = config['layers'] as KerasConfig[];
  const first = layers.findIndex((layer) => layer.class_name !== 'InputLayer');
  for (const [i, layer] of layers.entries()) {
    const own = layer.config as Config;
    const isRead = i === 0 || (i === first && isWhole(own['batch_input_shape'] as unknown[]));
    if (!isRead) delete own['batch_input_shape'];
    if (i > 0 && layer.class_name === 'Sequential') removeOthers(layer);
  }
}

function setInput({ config }: KerasConfig, shape: readonly unknown[]): void {
  const [first] = config['layers'] as KerasConfig[];
  if (first?.class_name === 'Sequential') return setInput(first, shape);
  const own = first?.config as Config | undefined;
  const said = own?.['batch_input_shape'] as readonly unknown[] | undefined;
  if (own && !isWhole(said)) own['batch_input_shape'] = shape;
}
