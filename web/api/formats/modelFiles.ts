import { TabtrainError, came, invalid } from '../errors';
import type { Description, Engine, EngineDType, EngineModel, EngineTensor } from '../engine/engine';
import type { KerasConfig } from '../config/spec';
import type { LoadReport, ModelSource, OpenedModel, SaveModelOptions } from '../host/protocol';
import { joinPath } from '../storage/paths';
import type { Storage } from '../storage/storage';
import { converted } from './convert';
import { formatNamed, formatOf } from './registry';
import { compileOf, layersOf, takeSnapshot } from './snapshot';
import { sourceOf } from './source';
import type { Format, LoadedModel, OptimizerVariables, StoredTensor, WeightSlot } from './types';

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
    const target = this.#storage.path(path, 'model.save: path').replace(/(.)\/+$/, '$1');
    if (target === '') invalid(`model.save: path: expected a name, came ${came(path)}`);
    if (!options.overwrite && (await this.#storage.exists(target))) {
      invalid(`model.save: '${target}' exists and overwrite is false`);
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
    if (!format.directory || !(await this.#storage.exists(target))) return {};
    // An empty directory is no source.
    const isModel = await sourceOf({ path: target }, this.#storage)
      .then((source) => format.sniff(source))
      .catch(() => false);
    return isModel ? { replaceDirectory: target } : {};
  }

  /**
   * Reads and checks a file as far as that can be without a model.
   * @param own names of classes and functions that the caller has
   */
  async open(given: ModelSource, own: readonly string[]): Promise<OpenedModel> {
    const source = await sourceOf(given, this.#storage);
    const format = await formatOf(source);
    const loaded = await format.read(source);
    const id = this.#nextId++;
    this.#opened.set(id, loaded);
    const { version, compile, notes } = loaded;
    const config = this.#withRecorded(loaded.config, loaded, own);
    return { id, format: format.name, version, config, compile, notes };
  }

  /** The config with what the file says that layers do whose class or activation is not known here. */
  #withRecorded(
    config: KerasConfig,
    loaded: LoadedModel,
    own: readonly string[],
    place: readonly number[] = [],
  ): KerasConfig {
    const layers = (config.config as { layers?: unknown }).layers;
    if (config.class_name !== 'Sequential' || !Array.isArray(layers)) {
      if (place.length === 0 || this.#isKnown(config, own)) return config;
      const recorded = loaded.recorded?.(place);
      return recorded ? { ...config, config: { ...config.config, recorded } } : config;
    }
    let i = 0;
    const inner = (layers as KerasConfig[]).map((layer) =>
      layer?.class_name === 'InputLayer' || typeof (layer?.config ?? 0) !== 'object'
        ? layer
        : this.#withRecorded(layer, loaded, own, [...place, i++]),
    );
    return { ...config, config: { ...config.config, layers: inner } };
  }

  #isKnown({ class_name, config }: KerasConfig, own: readonly string[] = []): boolean {
    const { layers, activations } = this.#classes;
    const { activation } = config;
    const has = (names: readonly string[], name: string) =>
      names.includes(name) || own.includes(name);
    return (
      has(layers, class_name) && (typeof activation !== 'string' || has(activations, activation))
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
      const report = JSON.parse(model.loadCheckpoint(index, [...shards])) as LoadReport;
      return checked(report, JSON.parse(model.describe()) as Description);
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
    if (loaded.optimizer && model.compiled()) this.#restoreOptimizer(model, loaded.optimizer);
    return { restored: slots.map(({ name }) => name), unusedInFile: [], missingInFile: [] };
  }

  #restoreOptimizer(model: EngineModel, { order, variables }: OptimizerVariables): void {
    // All floats, but for the count of steps, which comes first.
    const typeOf = (i: number): EngineDType => (i === 0 ? 'int64' : 'float32');
    this.#withTensors(variables, typeOf, (all) => model.setOptimizerVariables(order, all));
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

/** Every weight must have come from the file; state of an optimizer need not. */
function checked(report: LoadReport, { weights }: Description): LoadReport {
  const missing = weights.find(({ name }) => report.missingInFile.includes(name));
  if (!missing) return report;
  throw new TabtrainError('CORRUPT_FILE', `loadModel: the file has no value for '${missing.name}'`);
}
