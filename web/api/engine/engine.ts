/**
 * The surface of the WebAssembly module (emscripten/bindings.cpp). It knows no layer: Keras-style
 * config JSON in, handles and typed arrays out. Calls are synchronous; failures are `Error`s with a
 * `code`. Every handle is freed with `delete()`. A `Uint8Array` view into the heap is valid until the
 * next call of the engine.
 */
export type EngineDType = 'float32' | 'int32' | 'uint8' | 'int64';

export interface Handle {
  delete(): void;
}

export interface EngineTensor extends Handle {
  bytes(): Uint8Array;
  shape(): number[];
  dtype(): EngineDType;
  /** CRC-32C of the elements, going on from the one before. */
  crc32c(before: number): number;
}

/** What one `next()` of a {@link FitRun} does. */
export const FitStep = {
  EpochBegin: 0,
  TrainBatch: 1,
  ValidationBegin: 2,
  ValidationBatch: 3,
  ValidationEnd: 4,
  EpochEnd: 5,
  TrainEnd: 6,
} as const;

export interface FitRun extends Handle {
  /** Kind of the next unit of work. */
  peek(): number;
  /** Does one unit of work; returns its kind. */
  next(): number;
  /** Gives the next batch, of validation while `peek` says so. */
  feed(x: EngineTensor[], y: EngineTensor[], sampleWeight: EngineTensor | null): void;
  /** Lets go of the batch that the run was made with, which is not the one that comes next. */
  drop(): void;
  epoch(): number;
  /** 0-based index in the epoch of the last batch done. */
  batch(): number;
  batchSize(): number;
  /** 0 as long as it is not known. */
  steps(): number;
  validationSteps(): number;
  validationBatch(): number;
  /** Running loss and metrics in the order of `Description.metricsNames`. */
  logs(): ArrayLike<number>;
  validationLogs(): ArrayLike<number>;
  /** The batches that were asked for where there was less data; else 0. */
  insufficientData(): number;
  /** Keras's `stop_training`: the epoch ends after this batch. */
  stop(): void;
  plannedBytes(): number;
  /**
   * JSON: `place`, which `fit`'s option `resume` takes, and `variables` with path, dtype and shape: all
   * that the run's future depends on. Not while validation is under way.
   */
  state(): string;
  /** The elements of one of the variables, to be read or written. */
  stateBytes(index: number): Uint8Array;
}

/** One evaluation or prediction. */
export interface InferenceRun extends Handle {
  feed(x: EngineTensor[], y: EngineTensor[], sampleWeight: EngineTensor | null): void;
  /** Does one batch; false when nothing was left. */
  next(): boolean;
  batch(): number;
  /** 0 where it is not known. */
  steps(): number;
  /** All rows of the run; 0 where not known. */
  rows(): number;
  /** Of an evaluation. */
  logs(): ArrayLike<number>;
  /** Of a prediction: those of the last batch. */
  outputs(): number;
  output(index: number): Uint8Array;
  outputShape(index: number): number[];
}

export interface EngineCheckpoint extends Handle {
  index(): Uint8Array;
  data(): Uint8Array;
}

export interface EngineModel extends Handle {
  configJson(): string;
  describe(): string;
  summary(lineLength: number): string;
  build(inputShapeJson: string): void;
  compile(json: string): void;
  compiled(): boolean;
  optimizerConfig(): string;
  learningRate(): number;
  setLearningRate(value: number): void;
  setTrainable(path: number[], trainable: boolean): void;
  weightBytes(index: number): Uint8Array;
  setWeights(tensors: EngineTensor[]): void;
  /** Lets the layer at that place in the model, and in models within, learn from data. */
  adapt(path: number[], data: EngineTensor): void;
  saveCheckpoint(optionsJson: string): EngineCheckpoint;
  loadCheckpoint(index: Uint8Array, shards: Uint8Array[]): string;
  /** JSON: what `compile` takes, each object with all its arguments. */
  compileJson(): string;
  /** JSON (src/graph/graph_json.h): the forward pass of the model, or of the layer at `path`. */
  forwardGraph(path: number[], training: boolean): string;
  /** Copies of the optimizer's variables in the order of 'legacy', 'new' or 'keras3'; none before its first step. */
  optimizerVariables(order: string): {
    readonly name: string;
    readonly dtype: EngineDType;
    readonly shape: number[];
    /** Null of one that Keras has and never reads: zeros. */
    readonly bytes: Uint8Array | null;
  }[];
  setOptimizerVariables(order: string, tensors: EngineTensor[]): void;
  fit(
    optionsJson: string,
    x: EngineTensor[],
    y: EngineTensor[],
    sampleWeight: EngineTensor | null,
    valX: EngineTensor[],
    valY: EngineTensor[],
    valWeight: EngineTensor | null,
  ): FitRun;
  evaluate(
    optionsJson: string,
    x: EngineTensor[],
    y: EngineTensor[],
    sampleWeight: EngineTensor | null,
  ): InferenceRun;
  predict(optionsJson: string, x: EngineTensor[]): InferenceRun;
  /** One step; whether it had to be compiled. */
  runOnBatch(
    optionsJson: string,
    x: EngineTensor[],
    y: EngineTensor[],
    sampleWeight: EngineTensor | null,
  ): boolean;
  onBatchLogs(): ArrayLike<number>;
  onBatchOutput(index: number): Uint8Array;
  onBatchOutputShape(index: number): number[];
}

export interface EmscriptenFs {
  mkdirTree(path: string): void;
  mount(type: unknown, options: object, mountpoint: string): unknown;
  unmount(mountpoint: string): void;
  readdir(path: string): string[];
  readFile(path: string): Uint8Array;
  stat(path: string): { mode: number; size: number; mtime: Date };
  isDir(mode: number): boolean;
  analyzePath(path: string): { exists: boolean };
}

export interface EmscriptenIdbfs {
  dbs: Record<string, IDBDatabase>;
  DB_STORE_NAME: string;
  getDB(name: string, callback: (error: unknown, database?: IDBDatabase) => void): void;
  syncfs(
    mount: { mountpoint: string },
    populate: boolean,
    callback: (error: unknown) => void,
  ): void;
}

export interface Engine {
  engineInfo(): string;
  /** JSON: Keras's names of all classes, by kind. */
  classNames(): string;
  setMaxMemory(bytes: number): void;
  Tensor: new (dtype: EngineDType, shape: number[]) => EngineTensor;
  Model: new (configJson: string, seed: number) => EngineModel;
  listVariables(index: Uint8Array): string;
  bundleShards(index: Uint8Array): number;
  latestCheckpointPath(stateFileText: string): string;
  /** JSON: Keras's names of all classes, by kind. */
  classNames(): string;
  checkpointStateText(name: string): string;
  FS: EmscriptenFs;
  IDBFS: EmscriptenIdbfs;
}

/** `EngineModel.describe()`, parsed. Shapes have `null` for the batch axis. */
export interface Description {
  readonly name: string;
  readonly className: string;
  readonly built: boolean;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly layers: readonly LayerDescription[];
  readonly weights: readonly WeightDescription[];
  readonly params: {
    readonly total: number;
    readonly trainable: number;
    readonly nonTrainable: number;
  };
  readonly metricsNames: readonly string[];
  readonly optimizer: {
    readonly class_name: string;
    readonly config: Record<string, unknown>;
  } | null;
}

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly dtype?: string;
}

export interface LayerDescription {
  readonly name: string;
  readonly className: string;
  readonly inputShape: readonly (number | null)[] | null;
  readonly outputShape: readonly (number | null)[] | null;
  readonly params: number;
  readonly trainable: boolean;
  /** Of a model that is a layer. */
  readonly layers: readonly LayerDescription[];
}

export interface WeightDescription {
  /** Keras's name, `dense/kernel`. */
  readonly name: string;
  /** The structural path, `layers/0/kernel`. */
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: EngineDType;
  /** Whether `fit` changes it as the layer stands. */
  readonly trainable: boolean;
  /** Whether it would in a layer that is not frozen. */
  readonly trains: boolean;
}
