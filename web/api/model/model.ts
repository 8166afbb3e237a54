/// <reference lib="esnext.disposable" preserve="true" />
import { came, invalid } from '../errors';
import { BackupAndRestore } from '../callbacks/backupAndRestore';
import { CallbackList, toCallbacks } from '../callbacks/list';
import type { Callback } from '../callbacks/callback';
import { History } from '../callbacks/history';
import { ProgbarLogger } from '../callbacks/progbarLogger';
import { Batches } from '../client/batches';
import { askToPersist } from '../client/persist';
import { nextSeed } from '../client/seed';
import { checkRecord } from '../config/options';
import type { Optimizer } from '../config/optimizers';
import { toOptimizer } from '../config/optimizers';
import { isDataset, type Dataset } from '../data/dataset';
import { Tensor, elementsOf, type Data } from '../data/tensor';
import type { EngineApi, RunEvent, RunRequest } from '../host/protocol';
import { print } from '../text/print';
import { toCompileJson, type CompileOptions } from './compile';
import type { Layer } from './layer';
import { OnBatchModel, type MetricRecord } from './onBatch';
import {
  checkVerbose,
  required,
  toArguments,
  toEngineFit,
  toEngineInference,
  type EvaluateOptions,
  type FitOptions,
  type PredictOptions,
  type ValidationData,
} from './options';
import { RemoteModel } from './remote';
import { Run, outOfData, type RunCall, type RunInputs } from './runner';

type Result<M extends 'fit' | 'evaluate' | 'predict'> = Awaited<
  ReturnType<EngineApi[M]>
>['value']['result'];

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
export class Model extends OnBatchModel {
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
    await this.ready('model.build');
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
    await this.ready('model.summary');
    const text = await this.remote.call('summary', lineLength);
    write(text);
    return text;
  }

  /**
   * Trains. `x` is `[samples, ...]`; `y` as the loss wants it. Keras's loop: last partial batch,
   * shuffle each epoch, running means in the logs, validation after each epoch. A {@link Dataset} gives
   * batches of both instead: the next one is fetched while the engine computes the current one.
   * @throws TabtrainError `INVALID_ARGUMENT`, `SHAPE_MISMATCH`, `ABORTED`, `DISPOSED`, ...; what a hook
   *   or a dataset threw is rejected with as it is.
   */
  fit(x: Data, y: Data, options?: FitOptions): Promise<History>;
  fit(dataset: Dataset, options?: FitOptions): Promise<History>;
  async fit(x: unknown, y?: unknown, given?: FitOptions): Promise<History> {
    const where = 'model.fit';
    this.remote.check(where);
    if (this.#run) invalid('model.fit: fit is running on this model; await it first');
    if (this.#hooked > 0) {
      // It would rest until they end, and a hook that awaited it would wait for ever.
      invalid(
        'model.fit: not while evaluate or predict with hooks or a dataset is under way on this ' +
          'model; await it first',
      );
    }
    const { dataset, options } = toArguments(x, y, given, where);
    const engine = toEngineFit(options, where, dataset !== null);
    const verbose = checkVerbose(options.verbose, 1, where);
    const user = toCallbacks(`${where}: callbacks`, options.callbacks);
    const { sampleWeight, validationData, validationSteps, stepsPerEpoch } = options;
    const inputs = this.#inputs(dataset, x, y, where, stepsPerEpoch);
    const validation = isDataset(validationData)
      ? new Batches(validationData, `${where}: validationData`, !!validationSteps)
      : null;
    const backups = user.filter((each) => each instanceof BackupAndRestore);
    if (backups.length > 1) invalid(`${where}: callbacks: expected one backupAndRestore`);
    const run = new Run(where, options.signal);
    const history = new History();
    this.#run = run;
    this.#stopTraining = false;
    try {
      const params = { verbose, epochs: engine['epochs'] as number };
      const stateful = backups[0]
        ? user.filter((each) => typeof each.getState === 'function')
        : null;
      const list = this.#callbacks(user, verbose, params, history, stateful);
      const all = validation
        ? { ...inputs, sampleWeight, datasets: { ...inputs.datasets, validation } }
        : { ...inputs, sampleWeight, validationData: validationData as ValidationData | null };
      const backup = backups[0] && backups[0].request(stateful!, all.datasets);
      if (backup) askToPersist();
      await this.#execute(run, where, all, { engine, ...(backup && { backup }) }, list, 'fit');
      return history;
    } finally {
      this.#run = null;
    }
  }

  /** Loss and metrics in the order of `metricsNames`; one number where there is only a loss. */
  evaluate(
    x: Data,
    y: Data,
    options: EvaluateOptions & { readonly returnDict: true },
  ): Promise<MetricRecord>;
  evaluate(x: Data, y: Data, options?: EvaluateOptions): Promise<number[]>;
  evaluate(
    dataset: Dataset,
    options: EvaluateOptions & { readonly returnDict: true },
  ): Promise<MetricRecord>;
  evaluate(dataset: Dataset, options?: EvaluateOptions): Promise<number[]>;
  async evaluate(x: unknown, y?: unknown, given?: EvaluateOptions): Promise<unknown> {
    const where = 'model.evaluate';
    const { dataset, options } = toArguments(x, y, given, where);
    const engine = toEngineInference(options, where, dataset !== null, false);
    const verbose = checkVerbose(options.verbose, 1, where);
    const user = toCallbacks(`${where}: callbacks`, options.callbacks);
    const { sampleWeight, steps, returnDict } = options;
    const inputs = { ...this.#inputs(dataset, x, y, where, steps), sampleWeight };
    const list = this.#callbacks(user, verbose, { verbose, epochs: 1 }, null);
    const run = new Run(where, options.signal);
    const values = await this.#execute(run, where, inputs, { engine }, list, 'evaluate');
    return this.toMetrics(values, returnDict);
  }

  /** The outputs for `x`, `[samples, ...]`; a {@link Dataset} gives batches of it, as `x` or `[x]`. */
  async predict(
    x: Data | Dataset<Data | readonly [x: Data, ...rest: unknown[]]>,
    options: PredictOptions = {},
  ): Promise<Tensor> {
    const where = 'model.predict';
    const dataset = isDataset(x) ? x : null;
    const engine = toEngineInference(options, where, dataset !== null, true);
    const verbose = checkVerbose(options.verbose, 0, where);
    const user = toCallbacks(`${where}: callbacks`, options.callbacks);
    const list = this.#callbacks(user, verbose, { verbose, epochs: 1 }, null);
    const run = new Run(where, options.signal);
    const train = dataset && new Batches(dataset, where, !!options.steps, false);
    const inputs = { x: x as Data, y: null, datasets: train ? { train } : {} };
    const outputs = await this.#execute(run, where, inputs, { engine }, list, 'predict');
    const { bytes, shape } = outputs[0]!;
    return new Tensor(elementsOf(bytes, 'float32'), shape, 'float32');
  }

  #inputs(
    dataset: Dataset<never> | null,
    x: unknown,
    y: unknown,
    where: string,
    steps: number | null | undefined,
  ): RunInputs {
    if (dataset) {
      return { x: null, y: null, datasets: { train: new Batches(dataset, where, !!steps) } };
    }
    return { x: x as Data, y: required(y as Data, `${where}: y`), datasets: {} };
  }

  /** Rests `fit` at the next batch border; resolves when it rests. Without a fit, nothing happens. */
  async pause(): Promise<void> {
    await this.#run?.pause();
  }

  resume(): void {
    this.#run?.resume();
  }

  /** Once fit runs, the engine refuses by itself, and lets a hook's calls through. */
  protected override refuseWhileFitBegins(where: string): void {
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

  #callbacks(
    user: ReturnType<typeof toCallbacks>,
    verbose: 0 | 1 | 2,
    params: { verbose: number; epochs: number },
    history: History | null,
    stateful: readonly Callback[] | null = null,
  ): CallbackList {
    const progress = verbose === 0 ? [] : [new ProgbarLogger(verbose)];
    const begun = (event: RunEvent & { type: 'begin' }) => {
      this.remote.update(event.state);
      if (history) this.history = history;
      return this.remote.state?.description.metricsNames ?? [];
    };
    return new CallbackList(this, user, { history, progress }, params, begun, stateful);
  }

  async #execute<M extends 'fit' | 'evaluate' | 'predict'>(
    run: Run,
    where: string,
    inputs: RunInputs,
    request: Pick<RunRequest, 'engine' | 'backup'>,
    list: CallbackList,
    method: M,
  ): Promise<Result<M>> {
    this.remote.check(where);
    const isOpen = list.hooks().length > 0 || request.engine['fed'] === true;
    const hooked = method !== 'fit' && isOpen ? 1 : 0;
    this.#hooked += hooked;
    try {
      const sources = await run.sources(inputs);
      const connection = await this.ready(where);
      const call = this.remote.call.bind(this.remote) as RunCall<M>;
      const { result, missing } = await run.execute(
        connection,
        sources,
        request,
        list,
        inputs.datasets,
        (request, data) => call(method, request, data),
      );
      if (missing > 0 && list.verbose > 0) print(`${outOfData(missing)}\n`);
      return result;
    } finally {
      this.#hooked -= hooked;
    }
  }
}
