import { unsupported } from '../errors';
import { Callback } from './callback';
import { History } from './history';
import { LambdaCallback, type LambdaHooks } from './lambdaCallback';
import { ModelCheckpoint, type ModelCheckpointOptions } from './modelCheckpoint';
import { ProgressBar } from './progressBar';

const missing = (name: string) => (): never =>
  unsupported(`callbacks.${name}: this callback is not in this version`);

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
  /** Not in this version: throws `UNSUPPORTED`. */
  backupAndRestore: missing('backupAndRestore'),
  /** Not in this version: throws `UNSUPPORTED`. */
  earlyStopping: missing('earlyStopping'),
  /** Not in this version: throws `UNSUPPORTED`. */
  reduceLROnPlateau: missing('reduceLROnPlateau'),
  /** Not in this version: throws `UNSUPPORTED`. */
  learningRateScheduler: missing('learningRateScheduler'),
  /** Not in this version: throws `UNSUPPORTED`. */
  terminateOnNaN: missing('terminateOnNaN'),
  /** Not in this version: throws `UNSUPPORTED`. */
  csvLogger: missing('csvLogger'),
} as const;
