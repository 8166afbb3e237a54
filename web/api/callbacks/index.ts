import { BackupAndRestore, type BackupAndRestoreOptions } from './backupAndRestore';
import { Callback } from './callback';
import { CsvLogger, type CsvLoggerOptions } from './csvLogger';
import { EarlyStopping, type EarlyStoppingOptions } from './earlyStopping';
import { History } from './history';
import { LambdaCallback, type LambdaHooks } from './lambdaCallback';
import { LearningRateScheduler, type LearningRateSchedule } from './learningRateScheduler';
import { ModelCheckpoint, type ModelCheckpointOptions } from './modelCheckpoint';
import { ProgressBar } from './progressBar';
import { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './reduceLROnPlateau';
import { TerminateOnNaN } from './terminateOnNaN';

/** The callbacks of `fit`, `evaluate` and `predict`. */
export const callbacks = {
  /** The base class of your own callbacks. */
  Callback,
  /** Saves weights as training goes; see {@link ModelCheckpointOptions}. */
  modelCheckpoint: (options: ModelCheckpointOptions): ModelCheckpoint =>
    new ModelCheckpoint(options),
  /** A callback made of functions. */
  lambdaCallback: (hooks: LambdaHooks): LambdaCallback => new LambdaCallback(hooks),
  /** Keeps the logs of each epoch; `fit` resolves to one anyway. */
  history: (): History => new History(),
  /** Keras's progress lines in an element of a page. */
  progressBar: (element: Pick<Element, 'textContent'>): ProgressBar => new ProgressBar(element),
  /** Lets `fit` go on where it was, bit for bit; see {@link BackupAndRestoreOptions}. */
  backupAndRestore: (options: BackupAndRestoreOptions): BackupAndRestore =>
    new BackupAndRestore(options),
  /** Stops training when a log no longer improves; see {@link EarlyStoppingOptions}. */
  earlyStopping: (options?: EarlyStoppingOptions): EarlyStopping => new EarlyStopping(options),
  /** Reduces the rate when a log no longer improves; see {@link ReduceLROnPlateauOptions}. */
  reduceLROnPlateau: (options?: ReduceLROnPlateauOptions): ReduceLROnPlateau =>
    new ReduceLROnPlateau(options),
  /** Sets the rate of each epoch to what `schedule(epoch, lr)` gives; `verbose` 1 prints it. */
  learningRateScheduler: (
    schedule: LearningRateSchedule,
    options?: { readonly verbose?: 0 | 1 },
  ): LearningRateScheduler => new LearningRateScheduler(schedule, options),
  /** Stops training when the loss is no finite number. */
  terminateOnNaN: (): TerminateOnNaN => new TerminateOnNaN(),
  /** Writes the logs of each epoch to a CSV file; see {@link CsvLoggerOptions}. */
  csvLogger: (options: CsvLoggerOptions): CsvLogger => new CsvLogger(options),
} as const;
