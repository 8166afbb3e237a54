import type { KerasConfig } from '../../config/spec';
import { trainingConfig } from '../dialects/compile';
import { portableLayers } from '../dialects/portable';
import { isObject, serialised } from '../dialects/serialised';
import type { CompileConfig, LayerSnapshot, ModelSnapshot } from '../types';

type Config = Record<string, unknown>;

/**
 * The config.json of an archive, in words that Keras 2.12 to 2.15, tf-keras and Keras 3 all understand: what
 * only one of them takes is left out. `tabtrain` has what we read instead of the optimizer's config, the
 * very optimizer that was saved.
 */
export function archiveConfig(model: ModelSnapshot): object {
  const { class_name, config } = portableLayers(model.config);
  const own = model.compile?.own;
  return {
    ...sequential(class_name, config, model.layers, model.input.shape),
    ...(model.compile && { compile_config: compileConfig(model.compile, model.output.shape) }),
    ...(own && { tabtrain: { optimizer_config: own } }),
  };
}

function sequential(
  className: string,
  config: Readonly<Config>,
  layers: readonly LayerSnapshot[],
  inputShape: readonly (number | null)[],
): object {
  let next = 0;
  const configs = (config['layers'] as KerasConfig[]).map((each) =>
    each.class_name === 'InputLayer' ? inputLayer(each) : layer(each, layers[next++]!),
  );
  return {
    module: 'keras',
    class_name: className,
    config: { name: config['name'], layers: configs },
    registered_name: null,
    build_config: { input_shape: inputShape },
  };
}

function layer({ class_name, config }: KerasConfig, snapshot: LayerSnapshot): object {
  const { inputShape } = snapshot;
  if (Array.isArray(config['layers'])) {
    return sequential(class_name, config, snapshot.layers, inputShape);
  }
  const { batch_input_shape, ...rest } = config;
  void batch_input_shape; // the InputLayer has it; Keras 3 refuses it elsewhere
  // Keras finds a class of the user's own by the name that it is registered or passed under.
  const own = (name: string) => ({ module: null, registered_name: name });
  const layer = serialised('keras.layers', { class_name, config: rest });
  const initializers = (snapshot.ownInitializers ?? [])
    .map((argument) => [argument, layer.config[argument]] as const)
    .filter((entry): entry is [string, KerasConfig] => isObject(entry[1]))
    .map(([argument, value]): [string, object] => [
      argument,
      { ...value, ...own(value.class_name) },
    ]);
  return {
    ...layer,
    config: { ...layer.config, ...(Object.fromEntries(initializers) as Config) },
    ...(snapshot.isOwn && own(class_name)),
    build_config: { input_shape: inputShape },
  };
}

function inputLayer({ class_name, config }: KerasConfig): object {
  const { ragged, ...rest } = config;
  void ragged; // Keras 3 has no such argument
  return serialised('keras.layers', { class_name, config: rest });
}

function compileConfig(compile: CompileConfig, output: readonly (number | null)[]): object {
  const { loss, metrics, weighted_metrics, loss_weights } = trainingConfig(compile, output);
  const of = (module: string, value: unknown) =>
    isObject(value) ? serialised(module, value) : value;
  const list = (value: unknown) =>
    (value as unknown[][] | null)?.[0]?.map((metric) => of('keras.metrics', metric)) ?? null;
  return {
    optimizer: optimizer(compile),
    loss: of('keras.losses', loss),
    loss_weights,
    metrics: list(metrics),
    weighted_metrics: list(weighted_metrics),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: false,
  };
}

function optimizer({ optimizer: given }: CompileConfig): object {
  const { class_name, config } = given as KerasConfig;
  const { is_legacy_optimizer, jit_compile, adaptive_epsilon, ...rest } = config;
  void [is_legacy_optimizer, jit_compile, adaptive_epsilon]; // Keras 3 refuses them
  // OptimizerV2's configs are the only ones that have it.
  const isOld = 'decay' in rest;
  return serialised(isOld ? 'keras.optimizers.legacy' : 'keras.optimizers', {
    class_name: class_name.replace(/^Custom>/, ''),
    config: rest,
  });
}
