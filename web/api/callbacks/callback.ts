import type { HookName } from '../host/protocol';
import type { Model } from '../model/model';

/**
 * Loss and metrics by name; in a batch hook, the running means of the epoch so far. All callbacks of one
 * hook get the same record: what one adds, as `lr`, the later ones, the progress line and the history see.
 */
export type Logs = Record<string, number>;

type Awaitable = void | Promise<void>;

/** What a callback is told about the run. */
export interface Params {
  readonly verbose: number;
  readonly epochs: number;
  /** Batches per epoch; null in a run on a dataset that does not say how many. */
  readonly steps: number | null;
}

/**
 * Progress of a run, sent without waiting for anybody: at most every 50 ms, and for the first and last
 * batch of an epoch. `time` is in milliseconds of one monotonic clock.
 */
export type Progress =
  | { readonly type: 'begin'; readonly kind: 'fit' | 'evaluate' | 'predict'; readonly time: number }
  | { readonly type: 'epochBegin'; readonly epoch: number; readonly time: number }
  | { readonly type: 'batch'; readonly batch: number; readonly logs: Logs; readonly time: number }
  | {
      readonly type: 'epochEnd';
      readonly epoch: number;
      /** Batches done. */
      readonly batches: number;
      readonly logs: Logs;
      readonly time: number;
    }
  | {
      readonly type: 'end';
      readonly batches: number;
      readonly logs: Logs;
      readonly time: number;
    }
  | {
      /** With `backupAndRestore`: the run goes on from here; `batch` batches of the epoch are done. */
      readonly type: 'resumed';
      readonly epoch: number;
      readonly batch: number;
      /** When that was saved, in milliseconds since 1970. */
      readonly savedAt: number;
      /** The epochs done before. */
      readonly history: readonly { readonly epoch: number; readonly logs: Logs }[];
      /** What was not as it should be, such as a file that did not verify. */
      readonly warnings: readonly string[];
    }
  | {
      /** With `backupAndRestore`: all up to here is stored for good. */
      readonly type: 'saved';
      readonly epoch: number;
      readonly batch: number;
      readonly generation: number;
      readonly bytes: number;
      /** How long training stood still for it, in milliseconds. */
      readonly copyMs: number;
      readonly time: number;
    }
  | {
      /** With `backupAndRestore`: this place was not stored, and why. */
      readonly type: 'unsaved';
      readonly epoch: number;
      readonly batch: number;
      readonly reason: string;
      readonly time: number;
    };

/**
 * The base of callbacks, with Keras's hooks; each may be async and is awaited before the run goes on.
 * Epochs and batches count from 0. A hook that throws ends the run with that error; the model stays
 * usable. Batch hooks that nobody overrides cost nothing. In a hook of `fit`, `model.setWeights` and
 * `model.loadWeights` are allowed, as is `model.stopTraining = true`. In a hook of `evaluate` or
 * `predict` weights change only by such a call; a `fit` of the model rests until the run has ended, so
 * a hook must not wait for it, and a new one is refused.
 */
export class Callback {
  /**
   * Names the class in the state of a run, where it has `getState`; by default its own name, which a
   * bundler may change from build to build.
   */
  static readonly className?: string;
  /** The model of the run; set before the first hook. */
  model: Model | null = null;
  params: Params = { verbose: 0, epochs: 1, steps: 0 };

  setModel(model: Model): void {
    this.model = model;
  }

  setParams(params: Params): void {
    this.params = params;
  }

  onTrainBegin(_logs: Logs): Awaitable {}
  onTrainEnd(_logs: Logs): Awaitable {}
  onEpochBegin(_epoch: number, _logs: Logs): Awaitable {}
  onEpochEnd(_epoch: number, _logs: Logs): Awaitable {}
  onTrainBatchBegin(_batch: number, _logs: Logs): Awaitable {}
  onTrainBatchEnd(_batch: number, _logs: Logs): Awaitable {}
  onTestBegin(_logs: Logs): Awaitable {}
  onTestEnd(_logs: Logs): Awaitable {}
  onTestBatchBegin(_batch: number, _logs: Logs): Awaitable {}
  onTestBatchEnd(_batch: number, _logs: Logs): Awaitable {}
  onPredictBegin(_logs: Logs): Awaitable {}
  onPredictEnd(_logs: Logs): Awaitable {}
  onPredictBatchBegin(_batch: number, _logs: Logs): Awaitable {}
  onPredictBatchEnd(_batch: number, _logs: Logs): Awaitable {}
  /** Called without being awaited; the run never waits for it. */
  onProgress(_progress: Progress): void {}

  /** State to be kept with the training state: plain values and typed arrays. */
  getState?(): unknown;
  /** Takes over such a state, after `onTrainBegin` of the run that goes on. */
  setState?(state: unknown): Awaitable;

  /** The name of its class. */
  get className(): string {
    const { className, name } = this.constructor as typeof Callback;
    return className ?? name;
  }

  /** Whether a hook is to be called; by default, whether it is overridden. */
  listens(hook: HookName): boolean {
    return this[hook] !== Callback.prototype[hook];
  }
}
