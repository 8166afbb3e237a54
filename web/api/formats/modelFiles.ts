import { TabtrainError, came, invalid, orList } from '../errors';
import type { Description, Engine, EngineDType, EngineModel, EngineTensor } from '../engine/engine';
import type { KerasConfig } from '../config/spec';
import type { LoadReport, ModelSource, OpenedModel, SaveModelOptions } from '../host/protocol';
import { baseName, dirName, joinPath } from '../storage/paths';
import type { Storage } from '../storage/storage';
import { converted } from './convert';
import { formatNamed, formatOf } from './registry';
import { compileOf, layersOf, takeSnapshot } from './snapshot';
import { sourceOf } from './source';
import type {
  CompileConfig,
  Format,
  LoadedModel,
  OptimizerVariables,
  StoredTensor,
  WeightSlot,
} from './types';

const LAYOUTS = ['auto', 'legacy', 'new', 'keras3', 'none'];

/** Whole models to and from files: the one place where the engine and the formats meet. */
export class ModelFiles {
  readonly #engine: Engine;
  readonly #storage: Storage;
  readonly #opened = new Map<number, LoadedModel>();
  /** What the engine has, by name. */
  readonly #classes: {
    readonly layers: readonly string[];
    readonly activations: readonly string[];
  };
  #nextId = 1;

  constructor(engine: Engine, storage: Storage) {
    this.#engine = engine;
    this.#storage = storage;
    this.#classes = JSON.parse(engine.classNames()) as {
      layers: string[];
      activations: string[];
    };
  }

  /** @param atRest gives the model's turn of the engine to a function. */
  async save(
    path: string,
    options: SaveModelOptions,
    atRest: <T>(take: (model: EngineModel, compileJson: string) => T) => Promise<T>,
  ): Promise<void> {
    const format = formatNamed(options.format);
    if (!LAYOUTS.includes(options.optimizerLayout)) {
      const layout = came(options.optimizerLayout);
      invalid(`model.save: optimizerLayout: expected ${orList(LAYOUTS)}, came ${layout}`);
    }
    const named = this.#storage.path(path, 'model.save: path').replace(/(.)\/+$/, '$1');
    if (named === '') invalid(`model.save: path: expected a name, came ${came(path)}`);
    const target = directoryOf(format, named);
    const main = format.mainFile === undefined ? target : joinPath(target, format.mainFile);
    if (!options.overwrite && (await this.#storage.exists(main))) {
      invalid(`model.save: '${main}' exists and overwrite is false`);
    }
    const snapshot = await atRest((model, compileJson) => {
      const compile = compileOf(model, compileJson);
      return takeSnapshot(
        model,
        compile,
        format.needs(compile, options),
        (layer) => !this.#isKnown(layer),
      );
    });
    const files = await format.write(snapshot, options);
    await this.#storage.commit(
      files.map(({ name, bytes }) => ({
        path: name === '' ? target : joinPath(target, name),
        bytes,
      })),
      await this.#replacing(format, target),
    );
  }

  /** An older model of the format makes room; other files in the directory are not ours to remove. */
  async #replacing(format: Format, target: string): Promise<{ replaceDirectory?: string }> {
    if (!format.directory || target === '' || !(await this.#storage.exists(target))) return {};
    const isModel = await sourceOf({ path: target }, this.#storage)
      .then(
        async (source) =>
          (await format.sniff(source)) &&
          source.names.every((name) => format.isPart?.(name) ?? true),
      )
      .catch(() => false);
    return isModel ? { replaceDirectory: target } : {};
  }

  /** Reads and checks a file as far as that can be without a model. */
  async open(given: ModelSource): Promise<OpenedModel> {
    const source = await sourceOf(given, this.#storage);
    const format = await formatOf(source);
    const loaded = await format.read(source);
    const id = this.#nextId++;
    this.#opened.set(id, loaded);
    const { version, compile, notes } = loaded;
    const config = this.#withRecorded(loaded.config, loaded);
    return { id, format: format.name, version, config, compile: optionsOf(compile), notes };
  }

  /** The config with what the file says that layers do whose class or activation is not known here. */
  #withRecorded(
    config: KerasConfig,
    loaded: LoadedModel,
    place: readonly number[] = [],
  ): KerasConfig {
    const layers = (config.config as { layers?: unknown }).layers;
    if (config.class_name !== 'Sequential' || !Array.isArray(layers)) {
      if (place.length === 0 || this.#isKnown(config)) return config;
      const recorded = loaded.recorded?.(place);
      return recorded ? { ...config, config: { ...config.config, recorded } } : config;
    }
    let i = 0;
    const inner = (layers as KerasConfig[]).map((layer) =>
      layer?.class_name === 'InputLayer' || typeof layer?.config !== 'object'
        ? layer
        : this.#withRecorded(layer, loaded, [...place, i++]),
    );
    return { ...config, config: { ...config.config, layers: inner } };
  }

  #isKnown({ class_name, config }: KerasConfig): boolean {
    const { activation } = config;
    return (
      this.#classes.layers.includes(class_name) &&
      (typeof activation !== 'string' || this.#classes.activations.includes(activation))
    );
  }

  close(id: number): void {
    this.#opened.delete(id);
  }

  /** Fills a model that was made from the file's config. */
  restore(model: EngineModel, id: number): LoadReport {
    const loaded = this.#opened.get(id);
    if (!loaded) throw new TabtrainError('INTERNAL', `there is no open file ${id}`);
    if ('checkpoint' in loaded.weights) {
      const { index, shards } = loaded.weights.checkpoint;
      return JSON.parse(model.loadCheckpoint(index, [...shards])) as LoadReport;
    }
    const description = JSON.parse(model.describe()) as Description;
    const config = JSON.parse(model.configJson()) as KerasConfig;
    const slots: WeightSlot[] = [];
    const layers = layersOf(description, config, (weight) => weight);
    for (const weight of description.weights) slots.push(weight);
    const tensors = loaded.weights.match(layers);
    this.#withTensors(
      tensors,
      (i) => slots[i]!.dtype as EngineDType,
      (all) => model.setWeights(all),
    );
    if (loaded.optimizer && model.compiled()) {
      this.#restoreOptimizer(model, loaded.optimizer, description);
    }
    return { restored: slots.map(({ name }) => name), unusedInFile: [], missingInFile: [] };
  }

  #restoreOptimizer(
    model: EngineModel,
    { order, variables, more }: OptimizerVariables,
    { weights }: Description,
  ): void {
    const added = more?.(weights.filter(({ trainable }) => trainable)) ?? [];
    // All floats, but for the count of steps, which comes first.
    const typeOf = (i: number): EngineDType => (i === 0 ? 'int64' : 'float32');
    this.#withTensors([...variables, ...added], typeOf, (all) =>
      model.setOptimizerVariables(order, all),
    );
  }

  /** Calls `use` with tensors of the engine, which are freed afterwards. */
  #withTensors(
    stored: readonly StoredTensor[],
    typeOf: (index: number) => EngineDType,
    use: (tensors: EngineTensor[]) => void,
  ): void {
    const made: EngineTensor[] = [];
    try {
      for (const [i, tensor] of stored.entries()) {
        const dtype = typeOf(i);
        const bytes = converted(tensor, dtype);
        // The engine's tensors have a first axis.
        const shape = tensor.shape.length === 0 ? [1] : [...tensor.shape];
        const engineTensor = new this.#engine.Tensor(dtype, shape);
        made.push(engineTensor);
        engineTensor.bytes().set(bytes);
      }
      use(made);
    } finally {
      for (const tensor of made) tensor.delete();
    }
  }
}

/** The directory that is written to: a format's main file names the one that it is in. */
function directoryOf({ mainFile }: Format, path: string): string {
  if (mainFile === undefined || !/\.json$/.test(path)) return path;
  if (baseName(path) !== mainFile) {
    invalid(`model.save: path: expected '${mainFile}' or a directory, came ${came(path)}`);
  }
  return dirName(path);
}

/** As the caller's `compile` takes it, which the first fit need not load. */
function optionsOf(config: CompileConfig | null): object | null {
  if (!config) return null;
  const { optimizer, loss, metrics, weighted_metrics: weightedMetrics } = config;
  return {
    ...{ optimizer, loss, metrics: metrics ?? [], lossWeights: config.loss_weights ?? null },
    ...(weightedMetrics && { weightedMetrics }),
  };
}
