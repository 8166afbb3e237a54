import { TabtrainError, toTabtrainError } from '../errors';
import type { Engine, EngineDType } from '../engine/engine';
import { loadEngine, type EngineFiles, type EngineOptions } from '../engine/load';
import { CheckpointFiles } from '../storage/checkpointFiles';
import { Storage, type OpenBackend } from '../storage/storage';
import { RunControl } from './control';
import { Mutex } from './mutex';
import type {
  EngineApi,
  EngineInfo,
  HostClient,
  LoadReport,
  Reply,
  RawTensor,
  RunAction,
  RunData,
  RunRequest,
} from './protocol';
import { Registry, type HostModel } from './registry';
import { FitLoop, InferenceLoop } from './runs';

/** What a host needs of the platform that it runs on. */
export interface HostPlatform {
  readonly files: EngineFiles;
  readonly openBackend: OpenBackend;
}

/**
 * Runs beside the engine: in the module worker, or in-process in Node. Owns the handles, the engine's
 * lock and the storage. Every method may be called at any time; what must not interleave waits.
 */
export class Host implements EngineApi {
  readonly #platform: HostPlatform;
  readonly #client: HostClient;
  readonly #lock = new Mutex();
  readonly #runs = new Map<number, RunControl>();
  #started: { engine: Engine; why: string[]; registry: Registry; storage: Storage } | null = null;

  constructor(platform: HostPlatform, client: HostClient) {
    this.#platform = platform;
    this.#client = client;
  }

  async start(options: EngineOptions): Promise<EngineInfo> {
    const { engine, why } = await loadEngine(this.#platform.files, options);
    const { backend, why: storageWhy } = await this.#platform.openBackend(engine);
    this.#started = {
      engine,
      why: [...why, ...storageWhy],
      registry: new Registry(engine),
      storage: new Storage(backend),
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

  get #parts() {
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

  get #checkpoints(): CheckpointFiles {
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
    return this.#registry.reply(this.#registry.addModel(id, configJson, seed), null);
  }

  async disposeModel(id: number): Promise<void> {
    const model = this.#registry.takeModel(id);
    if (!model) return;
    model.run?.abort(new TabtrainError('DISPOSED', 'the model was disposed while fit was running'));
    if (!model.run) await this.#lock.run(() => model.engine.delete());
  }

  build(id: number, inputShapeJson: string): Promise<Reply<null>> {
    return this.#change(this.#registry.idleModel(id, 'model.build'), (model) =>
      model.engine.build(inputShapeJson),
    );
  }

  compile(id: number, json: string): Promise<Reply<null>> {
    return this.#change(this.#registry.idleModel(id, 'model.compile'), (model) =>
      model.engine.compile(json),
    );
  }

  setLearningRate(id: number, value: number): Promise<Reply<null>> {
    return this.#change(this.#registry.model(id), (model) => model.engine.setLearningRate(value));
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
      return await this.#change(this.#registry.modelToChange(id, 'model.setWeights'), (model) =>
        model.engine.setWeights(this.#registry.tensors(tensors)),
      );
    } finally {
      this.#registry.freeTensors(tensors);
    }
  }

  async saveWeights(
    id: number,
    path: string,
    options: { optimizerLayout: string; overwrite: boolean },
  ): Promise<Reply<null>> {
    const model = this.#registry.model(id);
    await this.#checkpoints.prepareWrite(path, options.overwrite);
    const copy = await this.#lock.run(() => {
      this.#registry.model(id);
      const json = JSON.stringify({ optimizer_layout: options.optimizerLayout });
      const checkpoint = model.engine.saveCheckpoint(json);
      try {
        return { index: checkpoint.index().slice(), data: checkpoint.data().slice() };
      } finally {
        checkpoint.delete();
      }
    });
    await this.#checkpoints.write(path, copy);
    return { value: null };
  }

  async loadWeights(id: number, path: string): Promise<Reply<LoadReport>> {
    const model = this.#registry.modelToChange(id, 'model.loadWeights');
    const { index, shards } = await this.#checkpoints.read(path);
    return this.#lock.run(() => {
      this.#registry.modelToChange(id, 'model.loadWeights');
      const report = model.engine.loadCheckpoint(index, shards, '{}');
      return this.#registry.reply(model, JSON.parse(report) as LoadReport);
    });
  }

  async fit(
    id: number,
    request: RunRequest,
    data: RunData,
  ): Promise<Reply<{ insufficientData: boolean }>> {
    let model: HostModel | undefined;
    const control = new RunControl(request.paused);
    try {
      model = this.#registry.idleModel(id, 'model.fit');
      model.run = control;
      this.#runs.set(request.run, control);
      return await this.#fit(model, control, request, data);
    } finally {
      this.#runs.delete(request.run);
      control.finish();
      this.#registry.freeData(data);
      if (model?.run === control) {
        model.run = null;
        if (!this.#isAlive(id, model)) model.engine.delete();
      }
    }
  }

  #isAlive(id: number, model: HostModel): boolean {
    try {
      return this.#registry.model(id) === model;
    } catch {
      return false;
    }
  }

  #fit(model: HostModel, control: RunControl, request: RunRequest, data: RunData) {
    return this.#lock.run(async () => {
      control.throwIfAborted();
      const registry = this.#registry;
      const run = model.engine.fit(
        JSON.stringify(request.engine),
        registry.tensors(data.x),
        registry.tensors(data.y),
        data.sampleWeight === null ? null : registry.tensor(data.sampleWeight),
        registry.tensors(data.valX),
        registry.tensors(data.valY),
        data.valSampleWeight === null ? null : registry.tensor(data.valSampleWeight),
      );
      try {
        this.#begin(model, request.run, 'fit', run.steps(), run.batchSize(), run.plannedBytes());
        await new FitLoop(request, control, this.#lock, this.#client).execute(run);
        return registry.reply(model, { insufficientData: run.insufficientData() });
      } finally {
        run.delete();
      }
    });
  }

  evaluate(id: number, request: RunRequest, data: RunData): Promise<Reply<number[]>> {
    return this.#infer(id, request, data, async (model, loop) => {
      const weight = data.sampleWeight === null ? null : this.#registry.tensor(data.sampleWeight);
      const run = model.engine.evaluate(
        JSON.stringify(request.engine),
        this.#registry.tensors(data.x),
        this.#registry.tensors(data.y),
        weight,
      );
      try {
        this.#begin(model, request.run, 'evaluate', run.steps());
        return await loop.evaluate(run);
      } finally {
        run.delete();
      }
    });
  }

  predict(id: number, request: RunRequest, data: RunData): Promise<Reply<RawTensor[]>> {
    return this.#infer(id, request, data, async (model, loop) => {
      const run = model.engine.predict(
        JSON.stringify(request.engine),
        this.#registry.tensors(data.x),
      );
      try {
        this.#begin(model, request.run, 'predict', run.steps());
        return await loop.predict(run);
      } finally {
        run.delete();
      }
    });
  }

  async control(run: number, action: RunAction): Promise<void> {
    await this.#runs.get(run)?.apply(action);
  }

  latestCheckpoint(dir: string): Promise<string | null> {
    return this.#checkpoints.latest(dir);
  }

  listVariables(path: string): Promise<{ name: string; dtype: string; shape: number[] }[]> {
    return this.#checkpoints.variables(path);
  }

  async #change(model: HostModel, change: (model: HostModel) => void): Promise<Reply<null>> {
    return this.#lock.run(() => {
      change(model);
      return this.#registry.reply(model, null);
    });
  }

  async #infer<T>(
    id: number,
    request: RunRequest,
    data: RunData,
    task: (model: HostModel, loop: InferenceLoop) => Promise<T>,
  ): Promise<Reply<T>> {
    const control = new RunControl();
    this.#runs.set(request.run, control);
    try {
      return await this.#lock.run(async () => {
        const model = this.#registry.model(id);
        const loop = new InferenceLoop(request, control, this.#lock, this.#client);
        return this.#registry.reply(model, await task(model, loop));
      });
    } finally {
      this.#runs.delete(request.run);
      this.#registry.freeData(data);
    }
  }

  #begin(
    model: HostModel,
    run: number,
    kind: 'fit' | 'evaluate' | 'predict',
    steps: number,
    batchSize = 0,
    plannedBytes = 0,
  ): void {
    const state = this.#registry.state(model);
    this.#client.event(run, {
      type: 'begin',
      kind,
      steps,
      batchSize,
      plannedBytes,
      ...(state ? { state } : {}),
      time: performance.now(),
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
