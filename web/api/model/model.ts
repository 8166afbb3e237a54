/// <reference lib="esnext.disposable" preserve="true" />
import { came, invalid } from '../errors';
import { CallbackList, toCallbacks } from '../callbacks/list';
import { History } from '../callbacks/history';
import { ProgbarLogger } from '../callbacks/progbarLogger';
import type { Connection } from '../client/connection';
import { askToPersist } from '../client/persist';
import { nextSeed } from '../client/seed';
import { freeTensors, upload } from '../client/upload';
import { checkRecord } from '../config/options';
import type { Optimizer } from '../config/optimizers';
import { toOptimizer } from '../config/optimizers';
import { toSource } from '../data/convert';
import { NamedTensor, Tensor, elementsOf, type Data } from '../data/tensor';
import type { RunEvent } from '../host/protocol';
import { print } from '../text/print';
import { toCompileJson, type CompileOptions } from './compile';
import { LaterModel } from './later';
import type { Layer } from './layer';
import { LoadStatus } from './loadStatus';
import {
  checkVerbose,
  required,
  toEngineEvaluate,
  toEngineFit,
  toEnginePredict,
  type EvaluateOptions,
  type FitOptions,
  type PredictOptions,
} from './options';
import { RemoteModel } from './remote';
import { OUT_OF_DATA, Run, type RunCall, type RunInputs } from './runner';
import {
  checkLoad,
  checkSave,
  type LoadWeightsOptions,
  type SaveWeightsOptions,
} from './weightsOptions';

/** The widest table of `summary`. */
const MOST_COLUMNS = 10_000;

/** Frees the engine's side of models that nobody disposed of. */
let backstop: FinalizationRegistry<RemoteModel> | undefined;

/**
 * A Keras model whose weights live in the engine. What needs no engine is checked at once and throws;
 * what needs it rejects the next awaited call. Every failure leaves the model usable and unchanged; a
 * first compile that fails must be put right before any other call.
 * `dispose` frees it at once; otherwise it is freed when it is collected.
 */
export class Model extends LaterModel {
  /** The History of the last `fit`; null before. */
  history: History | null = null;
  #run: Run | null = null;
  /** Evaluations and predictions with hooks that are under way. */
  #hooked = 0;
  #stopTraining = false;

  constructor(layers: readonly (Layer | Model)[], name?: string) {
    super(new RemoteModel(nextSeed()), layers, name);
    backstop ??= new FinalizationRegistry((remote) => remote.dispose());
    backstop.register(this, this.remote, this);
  }

  /** Of the last compile that was not refused. @throws TabtrainError `INVALID_ARGUMENT` before `compile`. */
  get optimizer(): Optimizer {
    return (
      this.remote.optimizer ??
      invalid('model.optimizer: the model has not been compiled; call compile first')
    );
  }

  /** Set to true while `fit` runs to end it after the batch that is under way. */
  get stopTraining(): boolean {
    return this.#stopTraining;
  }

  set stopTraining(stop: boolean) {
    this.#stopTraining = stop;
    if (stop) this.#run?.stop();
  }

  /**
   * Chooses optimizer, loss and metrics: names, instances or Keras configs.
   * @throws TabtrainError `INVALID_ARGUMENT`, also while fit runs; `UNSUPPORTED` for an optimizer of
   *   another model; `DISPOSED`. Unknown names reject the next awaited call with `UNKNOWN_CLASS`;
   *   then the model is as before this compile. A model that was never compiled properly rejects every
   *   call until it is.
   */
  compile(options: CompileOptions): void {
    this.remote.check('model.compile');
    if (this.#run)
      invalid('model.compile: not while fit is running on this model; await fit first');
    const where = 'model.compile';
    checkRecord(where, options, ['optimizer', 'loss', 'metrics', 'lossWeights', 'weightedMetrics']);
    const optimizer = toOptimizer(options.optimizer, `${where}: optimizer`);
    const json = toCompileJson(optimizer, options, where);
    optimizer.attach(this.remote);
    this.remote.compileLater(json, optimizer);
  }

  /**
   * Makes the weights, for a model whose first layer does not say its input shape.
   * @param inputShape with null for the batch axis: `[null, 784]`.
   */
  async build(inputShape?: readonly (number | null)[]): Promise<void> {
    if (inputShape !== undefined && !Array.isArray(inputShape)) {
      invalid(`model.build: inputShape: expected an array, came ${came(inputShape)}`);
    }
    await this.#ready('model.build');
    await this.remote.call('build', inputShape ? JSON.stringify(inputShape) : '');
  }

  /** Keras 2.8's table; printed with `print` (default console.log) and returned. */
  async summary(
    options: { readonly print?: (text: string) => void; readonly lineLength?: number } = {},
  ): Promise<string> {
    checkRecord('model.summary', options, ['print', 'lineLength']);
    const { print: write = console.log, lineLength = 0 } = options;
    if (!Number.isInteger(lineLength) || lineLength < 0 || lineLength > MOST_COLUMNS) {
      invalid(
        `model.summary: lineLength: expected an integer from 0 to ${MOST_COLUMNS}, came ${came(lineLength)}`,
      );
    }
    if (typeof write !== 'function') {
      invalid(`model.summary: print: expected a function, came ${came(write)}`);
    }
    await this.#ready('model.summary');
    const text = await this.remote.call('summary', lineLength);
    write(text);
    return text;
  }

  /**
   * Trains. `x` is `[samples, ...]`; `y` as the loss wants it. Keras's loop: last partial batch,
   * shuffle each epoch, running means in the logs, validation after each epoch.
   * @throws TabtrainError `INVALID_ARGUMENT`, `SHAPE_MISMATCH`, `ABORTED`, `DISPOSED`, ...; what a hook
   *   threw is rejected with as it is.
   */
  async fit(x: Data, y: Data, options: FitOptions = {}): Promise<History> {
    const where = 'model.fit';
    this.remote.check(where);
    if (this.#run) invalid('model.fit: fit is running on this model; await it first');
    if (this.#hooked > 0) {
      // It would rest until they end, and a hook that awaited it would wait for ever.
      invalid(
        'model.fit: not while evaluate or predict with hooks is under way on this model; await it first',
      );
    }
    const engine = toEngineFit(options, where);
    const verbose = checkVerbose(options.verbose, 1, where);
    const user = toCallbacks(`${where}: callbacks`, options.callbacks);
    const { sampleWeight, validationData, signal } = options;
    const inputs = { x, y: required(y, 'model.fit: y'), sampleWeight, validationData };
    const run = new Run(where, signal);
    const history = new History();
    this.#run = run;
    this.#stopTraining = false;
    try {
      const params = { verbose, epochs: engine['epochs'] as number };
      const list = this.#callbacks(user, verbose, params, history);
      const { insufficientData } = await this.#execute(run, where, inputs, engine, list, 'fit');
      if (insufficientData && verbose > 0) print(`${OUT_OF_DATA}\n`);
      return history;
    } finally {
      this.#run = null;
    }
  }

  /** Loss and metrics in the order of `metricsNames`; one number where there is only a loss. */
  async evaluate(
    x: Data,
    y: Data,
    options: EvaluateOptions & { readonly returnDict: true },
  ): Promise<Record<string, number>>;
  async evaluate(x: Data, y: Data, options?: EvaluateOptions): Promise<number[]>;
  async evaluate(
    x: Data,
    y: Data,
    options: EvaluateOptions = {},
  ): Promise<number[] | number | Record<string, number>> {
    const where = 'model.evaluate';
    const engine = toEngineEvaluate(options, where);
    const verbose = checkVerbose(options.verbose, 1, where);
    const user = toCallbacks(`${where}: callbacks`, options.callbacks);
    const inputs = { x, y: required(y, `${where}: y`), sampleWeight: options.sampleWeight };
    const list = this.#callbacks(user, verbose, { verbose, epochs: 1 }, null);
    const run = new Run(where, options.signal);
    const values = await this.#execute(run, where, inputs, engine, list, 'evaluate');
    if (options.returnDict) {
      return Object.fromEntries(this.metricsNames.map((name, i) => [name, values[i]!]));
    }
    return values.length === 1 ? values[0]! : values;
  }

  /** The outputs for `x`, `[samples, ...]`. */
  async predict(x: Data, options: PredictOptions = {}): Promise<Tensor> {
    const where = 'model.predict';
    const engine = toEnginePredict(options, where);
    const verbose = checkVerbose(options.verbose, 0, where);
    const user = toCallbacks(`${where}: callbacks`, options.callbacks);
    const list = this.#callbacks(user, verbose, { verbose, epochs: 1 }, null);
    const run = new Run(where, options.signal);
    const outputs = await this.#execute(run, where, { x, y: null }, engine, list, 'predict');
    const { bytes, shape } = outputs[0]!;
    return new Tensor(elementsOf(bytes, 'float32'), shape, 'float32');
  }

  /** Rests `fit` at the next batch border; resolves when it rests. Without a fit, nothing happens. */
  async pause(): Promise<void> {
    await this.#run?.pause();
  }

  resume(): void {
    this.#run?.resume();
  }

  /** Copies of all weights, in Keras's order. */
  async getWeights(): Promise<NamedTensor[]> {
    await this.#ready('model.getWeights');
    const copies = await this.remote.call('getWeights');
    return this.described('getWeights').weights.map(
      ({ name, dtype, shape }, i) =>
        new NamedTensor(name, elementsOf(copies[i]!, dtype), shape, dtype),
    );
  }

  /** Sets all weights, in the order of `getWeights`, or none. In a hook, also while fit runs. */
  async setWeights(weights: readonly Data[]): Promise<void> {
    const where = 'model.setWeights';
    if (!Array.isArray(weights))
      invalid(`${where}: expected an array of tensors, came ${came(weights)}`);
    this.#refuseWhileFitBegins(where);
    const connection = await this.#ready(where);
    const tensors: number[] = [];
    try {
      for (const [i, weight] of weights.entries()) {
        const source = await toSource(`${where}: weights[${i}]`, weight as Data);
        tensors.push(await upload(connection, source, where));
      }
      await this.remote.call('setWeights', tensors);
    } catch (error) {
      await freeTensors(connection, tensors);
      throw error;
    }
  }

  /**
   * Writes a TensorFlow checkpoint `PATH.index`, `PATH.data-00000-of-00001` and the directory's
   * `checkpoint` file. Resolves when all are safely stored.
   * @throws TabtrainError `QUOTA_EXCEEDED`, `STORAGE_UNAVAILABLE`, `UNSUPPORTED` (other formats), ...
   */
  async saveWeights(path: string, options: SaveWeightsOptions = {}): Promise<void> {
    const where = 'model.saveWeights';
    const checked = checkSave(path, options, where);
    await this.#ready(where);
    await this.remote.call('saveWeights', path, checked);
    askToPersist();
  }

  /**
   * Reads a TensorFlow checkpoint, optimizer state included. All or nothing.
   * @throws TabtrainError `NOT_FOUND`, `CORRUPT_FILE`, `SHAPE_MISMATCH`, ...
   */
  async loadWeights(path: string | null, options: LoadWeightsOptions = {}): Promise<LoadStatus> {
    const where = 'model.loadWeights';
    checkLoad(path, options, where);
    this.#refuseWhileFitBegins(where);
    await this.#ready(where);
    return new LoadStatus(await this.remote.call('loadWeights', path!));
  }

  /** Once fit runs, the engine refuses by itself, and lets a hook's calls through. */
  #refuseWhileFitBegins(where: string): void {
    if (this.#run && !this.#run.hasBegun) {
      invalid(`${where}: not while fit is running on this model; await fit first`);
    }
  }

  /** Frees the engine's side; a fit that is running rejects with `DISPOSED`. Twice is fine. */
  dispose(): void {
    backstop?.unregister(this);
    this.remote.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #ready(what: string): Promise<Connection> {
    this.remote.check(what);
    return this.remote.ready(() => this.configJson());
  }

  #callbacks(
    user: ReturnType<typeof toCallbacks>,
    verbose: 0 | 1 | 2,
    params: { verbose: number; epochs: number },
    history: History | null,
  ): CallbackList {
    const progress = verbose === 0 ? [] : [new ProgbarLogger(verbose)];
    const begun = (event: RunEvent & { type: 'begin' }) => {
      this.remote.update(event.state);
      if (history) this.history = history;
      return this.remote.state?.description.metricsNames ?? [];
    };
    return new CallbackList(this, user, { history, progress }, params, begun);
  }

  async #execute<M extends 'fit' | 'evaluate' | 'predict'>(
    run: Run,
    where: string,
    inputs: RunInputs,
    engine: Record<string, unknown>,
    list: CallbackList,
    method: M,
  ) {
    this.remote.check(where);
    const hooked = method !== 'fit' && list.hooks().length > 0 ? 1 : 0;
    this.#hooked += hooked;
    try {
      const sources = await run.sources(inputs);
      const connection = await this.#ready(where);
      const call = this.remote.call.bind(this.remote) as RunCall<M>;
      return await run.execute(connection, sources, { engine }, list, (request, data) =>
        call(method, request, data),
      );
    } finally {
      this.#hooked -= hooked;
    }
  }
}
