import { TabtrainError, toTabtrainError } from '../errors';
import type { Engine, EngineDType, EngineModel } from '../engine/engine';
import { loadEngine, type EngineFiles, type EngineOptions } from '../engine/load';
import type { CheckpointFiles } from '../storage/checkpointFiles';
import type * as extras from '../extras';
import type * as formats from '../formats';
import type * as hdf5 from '../hdf5';
import type { ModelFiles } from '../formats/modelFiles';
import type { AtRest } from '../formats/types';
import { Storage, type OpenBackend } from '../storage/storage';
import { freeBatch } from './feed';
import { Mutex } from './mutex';
import type {
  EngineApi,
  EngineInfo,
  HostClient,
  LoadReport,
  LoadWeightsOptions,
  ModelSource,
  OnBatchRequest,
  OpenedModel,
  Outcome,
  Reply,
  RawTensor,
  Restored,
  RunAction,
  RunData,
  RunRequest,
  SaveModelOptions,
  SaveWeightsOptions,
  WireBatch,
} from './protocol';
import { Registry } from './registry';
import { Runs } from './runs';

/** The modules that are loaded only where they are needed. */
export type Extras = typeof extras;
export type Formats = typeof formats;
export type Hdf5 = typeof hdf5;

/** What a host needs of the platform that it runs on. */
export interface HostPlatform {
  readonly files: EngineFiles;
  readonly openBackend: OpenBackend;
  /** What is loaded only where it is needed. */
  readonly extras: () => Promise<Extras>;
  readonly formats: () => Promise<Formats>;
  readonly hdf5: () => Promise<Hdf5>;
}

/** What there is once the engine runs. */
interface Parts {
  readonly engine: Engine;
  readonly why: readonly string[];
  readonly registry: Registry;
  readonly runs: Runs;
  readonly storage: Storage;
}

/**
 * Runs beside the engine: in the module worker, or in-process in Node. Owns the handles, the engine's
 * lock and the storage. Every method may be called at any time; what must not interleave waits.
 */
export class Host implements EngineApi {
  readonly #platform: HostPlatform;
  readonly #client: HostClient;
  readonly #lock = new Mutex();
  #started: Parts | null = null;
  #modelFiles: Promise<ModelFiles> | null = null;

  constructor(platform: HostPlatform, client: HostClient) {
    this.#platform = platform;
    this.#client = client;
  }

  async start(options: EngineOptions): Promise<EngineInfo> {
    const { engine, why } = await loadEngine(this.#platform.files, options);
    const { backend, why: storageWhy } = await this.#platform.openBackend(engine);
    const registry = new Registry(engine);
    this.#started = {
      engine,
      why: [...why, ...storageWhy],
      registry,
      runs: new Runs(registry, this.#lock, this.#client, async (request, tell) => {
        const { Backup } = await this.#platform.extras();
        return Backup.open(request, this.storage, await this.info(), tell);
      }),
      storage: new Storage(backend, this.#platform.extras),
    };
    return this.info();
  }

  async info(): Promise<EngineInfo> {
    const { engine, why, storage } = this.#parts;
    const { version, variant, threads, ...memory } = JSON.parse(engine.engineInfo()) as Omit<
      EngineInfo,
      'memory'
    > &
      EngineInfo['memory'];
    return { version, variant, threads, storage: storage.kind, why, memory };
  }

  get #parts(): Parts {
    if (!this.#started) throw new TabtrainError('INTERNAL', 'the engine has not been started');
    return this.#started;
  }

  get #registry(): Registry {
    return this.#parts.registry;
  }

  /** Storage methods of the host API are answered by the storage itself. */
  get storage(): Storage {
    return this.#parts.storage;
  }

  #files(): Promise<ModelFiles> {
    const { engine, storage } = this.#parts;
    this.#modelFiles ??= this.#platform
      .formats()
      .then(({ ModelFiles }) => new ModelFiles(engine, storage, this.#platform.hdf5));
    return this.#modelFiles;
  }

  async #checkpoints(): Promise<CheckpointFiles> {
    const { CheckpointFiles } = await this.#platform.extras();
    return new CheckpointFiles(this.#parts.engine, this.storage);
  }

  async createTensor(tensor: number, dtype: string, shape: readonly number[]): Promise<void> {
    this.#registry.createTensor(tensor, dtype as EngineDType, shape);
  }

  async writeTensor(tensor: number, offset: number, bytes: Uint8Array): Promise<void> {
    this.#registry.writeTensor(tensor, offset, bytes);
  }

  async freeTensors(tensors: readonly number[]): Promise<void> {
    this.#registry.freeTensors(tensors);
  }

  async createModel(id: number, configJson: string, seed: number): Promise<Reply<null>> {
    // What Keras writes and nobody here.
    const isForeign = /"(__numpy__|registered_name|batch_shape|Policy)"|float(16|64)"/.test(
      configJson,
    );
    const config = isForeign ? (await this.#platform.formats()).keras2Json(configJson) : configJson;
    return this.#registry.reply(this.#registry.addModel(id, config, seed), null);
  }

  async disposeModel(id: number): Promise<void> {
    this.#registry.disposeModel(id);
  }

  async build(id: number, inputShapeJson: string): Promise<Reply<null>> {
    this.#registry.idleModel(id, 'model.build');
    return this.#change(id, (model) => model.build(inputShapeJson));
  }

  async compile(id: number, json: string): Promise<Reply<null>> {
    this.#registry.idleModel(id, 'model.compile');
    const reply = await this.#change(id, (model) => model.compile(json));
    this.#registry.model(id).compileJson = json;
    return reply;
  }

  setLearningRate(id: number, value: number): Promise<Reply<null>> {
    return this.#change(id, (model) => model.setLearningRate(value));
  }

  setTrainable(id: number, path: readonly number[], trainable: boolean): Promise<Reply<null>> {
    return this.#change(id, (model) => model.setTrainable([...path], trainable));
  }

  async summary(id: number, lineLength: number): Promise<Reply<string>> {
    const model = this.#registry.model(id);
    return this.#registry.reply(model, model.engine.summary(lineLength));
  }

  getWeights(id: number): Promise<Reply<Uint8Array[]>> {
    return this.#lock.run(() => {
      const model = this.#registry.model(id);
      const { weights } = JSON.parse(model.engine.describe()) as { weights: unknown[] };
      const copies = weights.map((_, i) => model.engine.weightBytes(i).slice());
      return this.#registry.reply(model, copies);
    });
  }

  async setWeights(id: number, tensors: readonly number[]): Promise<Reply<null>> {
    try {
      this.#registry.modelToChange(id, 'model.setWeights');
      return await this.#change(id, (model) => model.setWeights(this.#registry.tensors(tensors)));
    } finally {
      this.#registry.freeTensors(tensors);
    }
  }

  async adaptLayer(id: number, path: readonly number[], tensor: number): Promise<Reply<null>> {
    try {
      this.#registry.modelToChange(id, 'layer.adapt');
      return await this.#change(id, (model) => {
        model.adapt([...path], this.#registry.tensor(tensor));
      });
    } finally {
      this.#registry.freeTensors([tensor]);
    }
  }

  async saveWeights(id: number, path: string, options: SaveWeightsOptions): Promise<Reply<null>> {
    this.#registry.model(id);
    if (options.format !== 'tf') {
      await (await this.#files()).saveWeights(path, options, this.#atRest(id));
      return { value: null };
    }
    const checkpoints = await this.#checkpoints();
    await checkpoints.prepareWrite(path, options.overwrite);
    const copy = await this.#lock.run(() => {
      const model = this.#registry.model(id);
      const json = JSON.stringify({ optimizer_layout: options.optimizerLayout });
      const checkpoint = model.engine.saveCheckpoint(json);
      try {
        return { index: checkpoint.index().slice(), data: checkpoint.data().slice() };
      } finally {
        checkpoint.delete();
      }
    });
    await checkpoints.write(path, copy);
    return { value: null };
  }

  async loadWeights(
    id: number,
    path: string,
    options: LoadWeightsOptions,
  ): Promise<Reply<LoadReport>> {
    const where = 'model.loadWeights';
    this.#registry.modelToChange(id, where);
    const fits = !options.byName && !options.skipMismatch;
    const checkpoints = await this.#checkpoints();
    if (!fits || !(await checkpoints.has(path))) {
      const files = await this.#files();
      const report = await files.loadWeights(path, options, (take) =>
        this.#lock.run(() => {
          const { engine, compileJson } = this.#registry.modelToChange(id, where);
          return take(engine, compileJson);
        }),
      );
      return this.#registry.reply(this.#registry.model(id), report);
    }
    const { index, shards } = await checkpoints.read(path);
    return this.#lock.run(() => {
      const model = this.#registry.modelToChange(id, where);
      const report = model.engine.loadCheckpoint(index, shards);
      return this.#registry.reply(model, JSON.parse(report) as LoadReport);
    });
  }

  async saveModel(id: number, path: string, options: SaveModelOptions): Promise<Reply<null>> {
    this.#registry.model(id);
    await (await this.#files()).save(path, options, this.#atRest(id));
    return { value: null };
  }

  async modelFile(id: number, path: string, options: SaveModelOptions): Promise<Reply<Uint8Array>> {
    this.#registry.model(id);
    return { value: await (await this.#files()).toFile(path, options, this.#atRest(id)) };
  }

  #atRest(id: number): AtRest {
    return (take) =>
      this.#lock.run(() => {
        const { engine, compileJson } = this.#registry.model(id);
        return take(engine, compileJson);
      });
  }

  async openModel(source: ModelSource, own: readonly string[]): Promise<OpenedModel> {
    return (await this.#files()).open(source, own);
  }

  async restoreModel(id: number, file: number): Promise<Reply<LoadReport>> {
    const files = await this.#files();
    return this.#lock.run(() => {
      const model = this.#registry.modelToChange(id, 'loadModel');
      return this.#registry.reply(model, files.restore(model.engine, file));
    });
  }

  async closeModel(file: number): Promise<void> {
    (await this.#files()).close(file);
  }

  fit(id: number, request: RunRequest, data: RunData): Promise<Reply<Outcome<null>>> {
    return this.#parts.runs.fit(id, request, data);
  }

  evaluate(id: number, request: RunRequest, data: RunData): Promise<Reply<Outcome<number[]>>> {
    return this.#parts.runs.evaluate(id, request, data);
  }

  predict(id: number, request: RunRequest, data: RunData): Promise<Reply<Outcome<RawTensor[]>>> {
    return this.#parts.runs.predict(id, request, data);
  }

  async feed(
    run: number,
    request: number,
    batch: WireBatch | null,
    state?: unknown,
  ): Promise<void> {
    this.#parts.runs.feed(run, request, batch, state);
  }

  runOnBatch(
    id: number,
    options: OnBatchRequest,
    batch: WireBatch,
  ): Promise<Reply<number[] | RawTensor[]>> {
    return this.#lock.run(() => {
      const registry = this.#registry;
      const { kind } = options;
      const trains = kind === 'train';
      const model = trains ? registry.modelToChange(id, 'model.trainOnBatch') : registry.model(id);
      const { engine } = model;
      const parts = registry.batch(batch);
      let isNew: boolean;
      try {
        isNew = engine.runOnBatch(JSON.stringify(options), ...parts);
      } finally {
        freeBatch(parts);
      }
      const value =
        kind === 'predict'
          ? parts[0].map((_, i) => ({
              bytes: engine.onBatchOutput(i).slice(),
              shape: Array.from(engine.onBatchOutputShape(i)),
            }))
          : Array.from(engine.onBatchLogs());
      // To describe the model would take longer than the step; only a new one can have changed it.
      return isNew ? registry.reply<number[] | RawTensor[]>(model, value) : { value };
    });
  }

  control(run: number, action: RunAction): Promise<void> {
    return this.#parts.runs.control(run, action);
  }

  async interrupted(dir: string): Promise<Restored | null> {
    const { Backup } = await this.#platform.extras();
    return Backup.look(this.storage, dir, await this.info());
  }

  async latestCheckpoint(dir: string): Promise<string | null> {
    return (await this.#checkpoints()).latest(dir);
  }

  async listVariables(path: string): Promise<{ name: string; dtype: string; shape: number[] }[]> {
    return (await this.#checkpoints()).variables(path);
  }

  /** Changes a model when its turn has come: it may have been disposed by then. */
  #change(id: number, change: (engine: EngineModel) => void): Promise<Reply<null>> {
    return this.#lock.run(() => {
      const model = this.#registry.model(id);
      change(model.engine);
      return this.#registry.reply(model, null);
    });
  }
}

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** Calls a method of the host API by name; failures come as {@link TabtrainError}. */
export async function callHost(host: Host, method: string, args: unknown[]): Promise<unknown> {
  try {
    const ofStorage = method.startsWith('storage.');
    const target = (ofStorage ? host.storage : host) as unknown as Methods;
    return await target[ofStorage ? method.slice('storage.'.length) : method]!(...args);
  } catch (error) {
    throw toTabtrainError(error);
  }
}
