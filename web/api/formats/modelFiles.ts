import { TabtrainError, came, invalid, orList } from '../errors';
import type { KerasConfig } from '../config/spec';
import type { Description, Engine, EngineModel } from '../engine/engine';
import type {
  LoadReport,
  LoadWeightsOptions,
  ModelSource,
  OpenedModel,
  SaveModelOptions,
  SaveWeightsOptions,
} from '../host/protocol';
import { baseName, dirName, isDirectoryName, joinPath } from '../storage/paths';
import type { Storage } from '../storage/storage';
import { zipEntries } from '../storage/zip';
import { EVERYTHING } from './match';
import { formatNamed, formatOf } from './registry';
import { isMismatch, setOptimizer, setWeights } from './restore';
import { compileOf, isKnown, ownInitializers, takeSnapshot } from './snapshot';
import { sourceOf } from './source';
import { unpacked } from './unpack';
import type {
  AtRest,
  CompileConfig,
  Format,
  HeldObject,
  HeldObjects,
  KnownClasses,
  LoadedModel,
  NewFile,
  SaveRequest,
  Tools,
} from './types';
import { WeightFiles, type WeightsAlone } from './weightFiles';

const LAYOUTS = ['auto', 'legacy', 'new', 'keras3', 'none'];

/** A file until the model that was made from its config has its weights. */
interface Opened {
  readonly loaded: LoadedModel;
  /** Names of classes and functions that the caller has. */
  readonly own: readonly string[];
  /** What layers hold whose class nobody here has. */
  readonly held: Map<string, readonly HeldObject[]>;
}

/** Whole models to and from files: the one place where the engine and the formats meet. */
export class ModelFiles {
  readonly #engine: Engine;
  readonly #storage: Storage;
  readonly #tools: Tools;
  readonly #opened = new Map<number, Opened>();
  /** The same of models, for their next files. */
  readonly #held = new WeakMap<EngineModel, HeldObjects>();
  /** What the engine has, by name. */
  readonly #classes: KnownClasses;
  #nextId = 1;

  constructor(engine: Engine, storage: Storage, hdf5: Tools['hdf5']) {
    this.#engine = engine;
    this.#storage = storage;
    this.#classes = JSON.parse(engine.classNames()) as KnownClasses;
    const { maxMemory } = JSON.parse(engine.engineInfo()) as { maxMemory: number };
    this.#tools = { hdf5, room: maxMemory };
  }

  async save(path: string, options: SaveModelOptions, atRest: AtRest): Promise<void> {
    const { format, target } = this.#target('model.save', path, options);
    const mainFile = mainFileOf(format);
    const main = mainFile === undefined ? target : joinPath(target, mainFile);
    if (!options.overwrite && (await this.#storage.exists(main))) {
      invalid(`model.save: '${main}' exists and overwrite is false`);
    }
    const files = await this.#write(format, { ...options, where: 'model.save' }, atRest);
    await this.#storage.commit(
      files.map(({ name, bytes }) => ({
        path: name === '' ? target : joinPath(target, name),
        bytes,
      })),
      await this.#replacing(format, target),
    );
  }

  /** The file, or the zip of the directory, that `save` would write. */
  async toFile(path: string, options: SaveModelOptions, atRest: AtRest): Promise<Uint8Array> {
    const { format, target } = this.#target('model.toFile', path, options);
    const files = await this.#write(format, { ...options, where: 'model.toFile' }, atRest);
    if (!format.directory) return files[0]!.bytes;
    const directory = baseName(target);
    const entries = files.map(({ name, bytes }) => ({ name: joinPath(directory, name), bytes }));
    return zipEntries(entries, 'model.toFile');
  }

  /** What is written to: a file, or a directory. */
  #target(
    where: string,
    path: string,
    options: SaveModelOptions,
  ): { format: Format; target: string } {
    const format = formatNamed(options.format, where);
    if (!LAYOUTS.includes(options.optimizerLayout)) {
      const layout = came(options.optimizerLayout);
      invalid(`${where}: optimizerLayout: expected ${orList(LAYOUTS)}, came ${layout}`);
    }
    const named = this.#storage.path(path, `${where}: path`).replace(/(.)\/+$/, '$1');
    if (isDirectoryName(named)) invalid(`${where}: path: expected a name, came ${came(path)}`);
    return { format, target: directoryOf(format, named, where) };
  }

  async #write(format: Format, request: SaveRequest, atRest: AtRest): Promise<NewFile[]> {
    const snapshot = await atRest((model, compileJson) => {
      const compile = compileOf(model, compileJson);
      const needs = format.needs(compile, request);
      return takeSnapshot(model, compile, needs, this.#classes, this.#held.get(model));
    });
    return format.write(snapshot, request, this.#tools);
  }

  /**
   * A directory that has an older model of the format and nothing else makes room; where there are other files,
   * none is removed.
   */
  async #replacing(format: Format, target: string): Promise<{ replaceDirectory?: string }> {
    if (!format.directory || isDirectoryName(target)) return {};
    if (!(await this.#storage.exists(target))) return {};
    // An empty directory is no source.
    const isModel = await sourceOf({ path: target }, this.#storage)
      .then(
        async (source) =>
          (await format.sniff(source)) && source.names.every((name) => format.isPart(name)),
      )
      .catch(() => false);
    return isModel ? { replaceDirectory: target } : {};
  }

  /**
   * Reads and checks a file as far as that can be without a model.
   * @param own names of classes and functions that the caller has
   */
  async open(given: ModelSource, own: readonly string[]): Promise<OpenedModel> {
    const source = await unpacked(await sourceOf(given, this.#storage), this.#tools.room);
    const format = await formatOf(source);
    const loaded = await format.read(source, this.#tools);
    const id = this.#nextId++;
    const opened: Opened = { loaded, own, held: new Map() };
    this.#opened.set(id, opened);
    const { version, compile, notes } = loaded;
    const config = this.#withRecorded(loaded.config, opened);
    return { id, format: format.name, version, config, compile: optionsOf(compile), notes };
  }

  /** The config with what the file says that layers do whose class or activation is not known here. */
  #withRecorded(config: KerasConfig, opened: Opened, place: readonly number[] = []): KerasConfig {
    const { loaded, own, held } = opened;
    const layers = (config.config as { layers?: unknown }).layers;
    if (config.class_name !== 'Sequential' || !Array.isArray(layers)) {
      if (place.length === 0 || !loaded.recorded) return config;
      const all = this.#with(own);
      if (isKnown(config, all)) return withoutInitializers(config, all);
      const found = loaded.recorded(place, config);
      if (!found) return config;
      held.set(place.join(), found.held);
      return { ...config, config: { ...config.config, recorded: found.recorded } };
    }
    let i = 0;
    const inner = (layers as KerasConfig[]).map((layer) =>
      layer?.class_name === 'InputLayer' || typeof (layer?.config ?? 0) !== 'object'
        ? layer
        : this.#withRecorded(layer, opened, [...place, i++]),
    );
    return { ...config, config: { ...config.config, layers: inner } };
  }

  /** What the engine has, and what the caller has. */
  #with(own: readonly string[]): KnownClasses {
    const { layers, activations, initializers } = this.#classes;
    return {
      layers: [...layers, ...own],
      activations: [...activations, ...own],
      initializers: [...initializers, ...own],
    };
  }

  close(id: number): void {
    this.#opened.delete(id);
  }

  /** Fills a model that was made from the file's config. */
  restore(model: EngineModel, id: number): LoadReport {
    const opened = this.#opened.get(id);
    if (!opened) throw new TabtrainError('INTERNAL', `there is no open file ${id}`);
    const { loaded, held } = opened;
    this.#held.set(model, held);
    if ('checkpoint' in loaded.weights) {
      const { index, shards } = loaded.weights.checkpoint;
      const report = JSON.parse(model.loadCheckpoint(index, [...shards])) as LoadReport;
      return checked(report, JSON.parse(model.describe()) as Description);
    }
    return setWeights(this.#engine, model, loaded.weights, EVERYTHING, () => {
      if (!loaded.optimizer || !model.compiled()) return;
      try {
        setOptimizer(this.#engine, model, loaded.optimizer);
      } catch (error) {
        if (!isMismatch(error)) throw error;
        const { message } = error as Error;
        throw new TabtrainError(
          'SHAPE_MISMATCH',
          `loadModel: ${message}; with compile: false the model is loaded without it`,
        );
      }
    });
  }

  async saveWeights(path: string, options: SaveWeightsOptions, atRest: AtRest): Promise<void> {
    if (options.format === 'keras' && path.endsWith('.keras')) {
      return this.save(path, { ...options, includeOptimizer: true }, atRest);
    }
    return this.#weights.save(path, options, atRest);
  }

  loadWeights(path: string, options: LoadWeightsOptions, atRest: AtRest): Promise<LoadReport> {
    return this.#weights.load(path, options, atRest);
  }

  weightsAlone(path: string, where: string): Promise<WeightsAlone | null> {
    return this.#weights.alone(path, where);
  }

  get #weights(): WeightFiles {
    return new WeightFiles(this.#engine, this.#storage, this.#tools);
  }
}

const mainFileOf = (format: Format) => (format.directory ? format.mainFile : undefined);

/** The directory that is written to: a format's main file names the one that it is in. */
function directoryOf(format: Format, path: string, where: string): string {
  const mainFile = mainFileOf(format);
  if (mainFile === undefined || !/\.json$/.test(path)) return path;
  if (baseName(path) !== mainFile) {
    invalid(`${where}: path: expected '${mainFile}' or a directory, came ${came(path)}`);
  }
  return dirName(path);
}

/**
 * Initializers that nobody here has stay as they are, for the next file: all values come from this one. As the
 * engine takes them (src/initializers/recorded.h).
 */
function withoutInitializers(layer: KerasConfig, known: KnownClasses): KerasConfig {
  const unknown = ownInitializers(layer.config, known).map((argument): [string, object] => {
    const value = layer.config[argument] as string | KerasConfig;
    const { class_name, config } =
      typeof value === 'string' ? { class_name: value, config: {} } : value;
    return [argument, { class_name, config: { ...config, recorded: null } }];
  });
  return {
    ...layer,
    config: { ...layer.config, ...(Object.fromEntries(unknown) as Record<string, object>) },
  };
}

/** Every weight must have come from the file; state of an optimizer need not. */
function checked(report: LoadReport, { weights }: Description): LoadReport {
  const missing = weights.find(({ name }) => report.missingInFile.includes(name));
  if (!missing) return report;
  throw new TabtrainError('CORRUPT_FILE', `loadModel: the file has no value for '${missing.name}'`);
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
