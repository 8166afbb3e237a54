import type { Description, EngineDType } from '../engine/engine';
import type { EngineOptions } from '../engine/load';
import type { StorageKind } from '../storage/backend';
import type { StorageApi } from '../storage/storage';

/** What runs: the variant, memory in bytes, where files go, and why nothing faster or safer was taken. */
export interface EngineInfo {
  readonly version: string;
  readonly variant: string;
  readonly threads: number;
  readonly storage: StorageKind;
  /** One sentence for each fallback taken. */
  readonly why: readonly string[];
  readonly memory: {
    /** Bytes in live tensors, plans and weights. */
    readonly liveBytes: number;
    /** Bytes of the whole WebAssembly heap. */
    readonly heapBytes: number;
    /** The most that the heap may grow to. */
    readonly maxMemory: number;
  };
}

/** What the caller's side knows of a model; sent whenever it changed. */
export interface ModelState {
  readonly description: Description;
  readonly configJson: string;
  /** Null before `compile`. */
  readonly learningRate: number | null;
  readonly optimizerConfig: string | null;
}

/** The answer of a method on a model. */
export interface Reply<T> {
  readonly value: T;
  readonly state?: ModelState;
}

/** Hooks of a callback, in Keras's order of calling. */
export type HookName =
  | 'onTrainBegin'
  | 'onTrainEnd'
  | 'onEpochBegin'
  | 'onEpochEnd'
  | 'onTrainBatchBegin'
  | 'onTrainBatchEnd'
  | 'onTestBegin'
  | 'onTestEnd'
  | 'onTestBatchBegin'
  | 'onTestBatchEnd'
  | 'onPredictBegin'
  | 'onPredictEnd'
  | 'onPredictBatchBegin'
  | 'onPredictBatchEnd';

/** A hook to be called and awaited. Logs are in the order of `metricsNames`. */
export interface HookCall {
  readonly name: HookName;
  /** Epoch or batch, from 0; null for hooks without. */
  readonly index: number | null;
  readonly logs: readonly number[] | null;
  readonly valLogs: readonly number[] | null;
  /** With `onTrainBegin` of a run that is taken up. */
  readonly restored?: Restored;
}

/** What a run that is backed up is told by the caller's side after a hook. */
export interface HookReply {
  /** States of the callbacks that were called, by their place among those that have state. */
  readonly states: readonly (readonly [index: number, state: unknown])[];
  /** After `onEpochEnd`: the logs as the callbacks left them. */
  readonly epoch: EpochRecord | null;
}

export interface EpochRecord {
  readonly epoch: number;
  readonly logs: Readonly<Record<string, number>>;
}

/** A run as it was saved. */
export interface Restored {
  /** From 0; the last one begun. */
  readonly epoch: number;
  /** Batches done in it. */
  readonly batch: number;
  /** The `FitStep` that comes. */
  readonly next: number;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
  readonly history: readonly EpochRecord[];
  readonly callbacks: readonly unknown[];
  /** Sentences about what was not as it should be. */
  readonly warnings: readonly string[];
}

/** What happened in a run; sent, never awaited. `time` in milliseconds of one monotonic clock. */
export type RunEvent =
  | {
      readonly type: 'begin';
      readonly kind: 'fit' | 'evaluate' | 'predict';
      /** Batches per epoch; 0 where not known yet. */
      readonly steps: number;
      readonly batchSize: number;
      /** Bytes that the plan needs, known before the first batch; 0 where not known. */
      readonly plannedBytes: number;
      readonly state?: ModelState;
      readonly time: number;
    }
  | { readonly type: 'epochBegin'; readonly epoch: number; readonly time: number }
  | {
      readonly type: 'batch';
      readonly batch: number;
      readonly logs: readonly number[] | null;
      readonly time: number;
    }
  | {
      readonly type: 'epochEnd';
      readonly epoch: number;
      /** Batches done. */
      readonly batches: number;
      readonly logs: readonly number[];
      readonly valLogs: readonly number[] | null;
      readonly time: number;
    }
  | {
      readonly type: 'end';
      readonly batches: number;
      readonly logs: readonly number[] | null;
      readonly time: number;
    }
  | {
      /** The training state at this place is stored. */
      readonly type: 'saved';
      readonly epoch: number;
      readonly batch: number;
      readonly generation: number;
      readonly bytes: number;
      readonly copyMs: number;
      readonly time: number;
    }
  | {
      /** The training state at this place was not stored, and the run goes on. */
      readonly type: 'unsaved';
      readonly epoch: number;
      readonly batch: number;
      readonly reason: string;
      readonly time: number;
    }
  | BatchRequest;

/** The run needs the next batch of a dataset; `feed` answers. */
export interface BatchRequest {
  readonly type: 'need';
  readonly of: 'train' | 'validation';
  /** Whether it is the first of an epoch, of a validation, or of the run. */
  readonly anew: boolean;
  /** Names the request. */
  readonly id: number;
  /** What the dataset's `setState` is to be given first. */
  readonly state?: readonly [unknown] | undefined;
}

/** The caller's side as the host sees it. */
export interface HostClient {
  event(run: number, event: RunEvent): void;
  hook(run: number, call: HookCall): Promise<HookReply | void>;
}

export type RunAction = 'pause' | 'resume' | 'stop' | 'abort' | 'save';

/** What a run is told besides its data; `engine` is the engine's own options record. */
export interface RunRequest {
  readonly run: number;
  readonly engine: Record<string, unknown>;
  /** The hooks that somebody listens to; no other is sent. */
  readonly hooks: readonly HookName[];
  readonly paused?: boolean;
  readonly backup?: BackupRequest;
}

/** How the training state of a run is kept. */
export interface BackupRequest {
  readonly dir: string;
  readonly saveFreq: 'epoch' | 'never' | number | { readonly seconds: number };
  readonly deleteCheckpoint: boolean;
  /** Generations. */
  readonly keep: number;
  /** The class names of those that have `getState`. */
  readonly statefulCallbacks: readonly string[];
  /** The datasets that have `getState` and `setState`. */
  readonly statefulDatasets: readonly BatchRequest['of'][];
}

/** Elements in the engine's type. */
export interface WireTensor {
  readonly dtype: EngineDType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** One batch; no targets for predictions. */
export interface WireBatch {
  readonly x: readonly WireTensor[];
  readonly y: readonly WireTensor[];
  readonly sampleWeight: WireTensor | null;
}

/**
 * Tensors of a run by the numbers that `createTensor` was given; the run frees them at its end. None
 * where the engine's options say that batches are fed.
 */
export interface RunData {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly sampleWeight: number | null;
  readonly valX: readonly number[];
  readonly valY: readonly number[];
  readonly valSampleWeight: number | null;
}

export interface RawTensor {
  readonly bytes: Uint8Array;
  readonly shape: readonly number[];
}

/** How a run ended. */
export interface Outcome<T> {
  readonly result: T;
  /** The batches that were asked for where there was less data; else 0. */
  readonly missing: number;
}

/** The engine's own options record of a single step. */
export interface OnBatchRequest {
  readonly kind: 'train' | 'test' | 'predict';
  readonly reset_metrics?: boolean;
  readonly class_weight?: Readonly<Record<string, number>> | null;
}

export interface LoadReport {
  readonly restored: readonly string[];
  readonly unusedInFile: readonly string[];
  readonly missingInFile: readonly string[];
  /** Sentences about what was converted. */
  readonly notes?: readonly string[];
}

/** Where a whole model is read from: a path of the storage, an address, or files. */
export type ModelSource =
  /** Also `https:`, `http:`, or `indexeddb://NAME` of TensorFlow.js's own store. */
  | { readonly path: string }
  | { readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[] };

export interface SaveModelOptions {
  readonly format: string;
  readonly includeOptimizer: boolean;
  readonly optimizerLayout: 'auto' | 'legacy' | 'new' | 'keras3' | 'none';
  readonly overwrite: boolean;
}

export interface SaveWeightsOptions {
  /** `'keras'` is the layout of Keras 3. */
  readonly format: 'tf' | 'h5' | 'keras';
  readonly optimizerLayout: 'auto' | 'legacy' | 'new' | 'keras3' | 'none';
  readonly overwrite: boolean;
}

export interface LoadWeightsOptions {
  readonly byName: boolean;
  readonly skipMismatch: boolean;
}

/** A file that was opened, until `closeModel`. */
export interface OpenedModel {
  readonly id: number;
  readonly format: string;
  readonly version: string;
  /** In the words of Keras 2.8. */
  readonly config: object;
  /** The options of `compile`, configs in place of objects. */
  readonly compile: object | null;
  readonly notes: readonly string[];
}

/** The engine's methods; numbers for models, tensors and runs are chosen by the caller. */
export interface EngineApi {
  start(options: EngineOptions): Promise<EngineInfo>;
  info(): Promise<EngineInfo>;

  createTensor(tensor: number, dtype: string, shape: readonly number[]): Promise<void>;
  writeTensor(tensor: number, offset: number, bytes: Uint8Array): Promise<void>;
  freeTensors(tensors: readonly number[]): Promise<void>;

  createModel(model: number, configJson: string, seed: number): Promise<Reply<null>>;
  disposeModel(model: number): Promise<void>;
  build(model: number, inputShapeJson: string): Promise<Reply<null>>;
  compile(model: number, json: string): Promise<Reply<null>>;
  setLearningRate(model: number, value: number): Promise<Reply<null>>;
  setTrainable(model: number, path: readonly number[], trainable: boolean): Promise<Reply<null>>;
  summary(model: number, lineLength: number): Promise<Reply<string>>;
  getWeights(model: number): Promise<Reply<Uint8Array[]>>;
  setWeights(model: number, tensors: readonly number[]): Promise<Reply<null>>;
  adaptLayer(model: number, path: readonly number[], tensor: number): Promise<Reply<null>>;
  saveWeights(model: number, path: string, options: SaveWeightsOptions): Promise<Reply<null>>;
  loadWeights(model: number, path: string, options: LoadWeightsOptions): Promise<Reply<LoadReport>>;

  saveModel(model: number, path: string, options: SaveModelOptions): Promise<Reply<null>>;
  /** The one file, or the zip of the directory, that `saveModel` would write. */
  modelFile(model: number, path: string, options: SaveModelOptions): Promise<Reply<Uint8Array>>;
  /** @param own names of classes and functions of the user's own: what a file says that they do is not needed */
  openModel(source: ModelSource, own: readonly string[]): Promise<OpenedModel>;
  /** Fills a model that was made from the opened file's configs. */
  restoreModel(model: number, file: number): Promise<Reply<LoadReport>>;
  closeModel(file: number): Promise<void>;

  fit(model: number, request: RunRequest, data: RunData): Promise<Reply<Outcome<null>>>;
  evaluate(model: number, request: RunRequest, data: RunData): Promise<Reply<Outcome<number[]>>>;
  predict(model: number, request: RunRequest, data: RunData): Promise<Reply<Outcome<RawTensor[]>>>;
  /** Answers a run's request with a batch, or with null at the end of the data. */
  feed(run: number, request: number, batch: WireBatch | null, state?: unknown): Promise<void>;
  /** One step over one batch: loss and metrics, or the outputs. */
  runOnBatch(
    model: number,
    options: OnBatchRequest,
    batch: WireBatch,
  ): Promise<Reply<number[] | RawTensor[]>>;
  control(run: number, action: RunAction): Promise<void>;
  interrupted(dir: string): Promise<Restored | null>;

  latestCheckpoint(dir: string): Promise<string | null>;
  listVariables(path: string): Promise<{ name: string; dtype: string; shape: number[] }[]>;
}

/** Every method that can be called across the transport; storage's carry its prefix. */
export type HostApi = EngineApi & {
  [K in keyof StorageApi as `storage.${K}`]: StorageApi[K];
};
