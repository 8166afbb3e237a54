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
  const shape = toKeras2(
    given.config?.['build_input_shape'] ?? given.build_config?.['input_shape'],
    what,
  );
  if (Array.isArray(shape)) setInput(model, shape);
  removeOthers(model);
  return model;
}

/** Keras 2 keeps what a layer was once adapted to, and reads it of the first layer alone. */
function removeOthers({ config }: KerasConfig): void {
  const [, ...others] = config['layers'] as KerasConfig[];
  for (const layer of others) {
    delete (layer.config as Config)['batch_input_shape'];
    if (layer.class_name === 'Sequential') removeOthers(layer);
  }
}

function setInput({ config }: KerasConfig, shape: readonly unknown[]): void {
  const [first] = config['layers'] as KerasConfig[];
  if (first?.class_name === 'Sequential') return setInput(first, shape);
  const own = first?.config as Config | undefined;
  if (own && own['batch_input_shape'] === undefined) own['batch_input_shape'] = shape;
}
