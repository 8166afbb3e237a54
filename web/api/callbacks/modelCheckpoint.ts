import { TabtrainError, came, invalid } from '../errors';
import { checkOptions, flag, required, text, type OptionTable } from '../config/options';
import type { HookName } from '../host/protocol';
import type * as formatting from '../text/pyFormat';
import { fixed } from '../text/pyNumber';
import { print } from '../text/print';
import { Callback, type Logs } from './callback';
import { MONITOR, Monitor, type Mode } from './monitor';

export interface ModelCheckpointOptions {
  /**
   * Where to save; a Python format template over `epoch` (from 1), `batch` (from 1, for batch saves)
   * and the logs, such as `training_2/cp-{epoch:04d}.ckpt`.
   */
  readonly filepath: string;
  /** The log to compare for `saveBestOnly`; default `'val_loss'`. */
  readonly monitor?: string;
  /** 1 prints a line for each save; default 0. */
  readonly verbose?: 0 | 1;
  readonly saveBestOnly?: boolean;
  /** Whether `saveWeights` is called rather than `save`; default false. */
  readonly saveWeightsOnly?: boolean;
  /** `'auto'`: the larger is better for names with `acc` and for `fmeasure*`, otherwise the smaller. */
  readonly mode?: Mode;
  /** `'epoch'`, or a number of batches, counted across epochs. */
  readonly saveFreq?: 'epoch' | number;
  /** What the first value must beat; default infinity in the worse direction. */
  readonly initialValueThreshold?: number | null;
}

const OPTIONS = {
  ...MONITOR,
  filepath: required(text),
  saveBestOnly: flag,
  saveWeightsOnly: flag,
  saveFreq: (value, where) =>
    value === 'epoch' || (Number.isInteger(value) && (value as number) > 0)
      ? value
      : invalid(`${where}: expected 'epoch' or a positive integer, came ${came(value)}`),
  initialValueThreshold: (value, where) =>
    value === null || typeof value === 'number'
      ? value
      : invalid(`${where}: expected a number or null, came ${came(value)}`),
} satisfies OptionTable;

const WHERE = 'callbacks.modelCheckpoint';

const MISSING = (monitor: string) =>
  `Can save best model only with ${monitor} available, skipping.`;

/** Saves the model or its weights during training, as Keras 2.8's ModelCheckpoint; it never deletes a file. */
export class ModelCheckpoint extends Callback {
  static override readonly className = 'ModelCheckpoint';
  readonly filepath: string;
  readonly monitor: string;
  /** The best value so far. */
  best: number;
  readonly #verbose: number;
  readonly #bestOnly: boolean;
  readonly #weightsOnly: boolean;
  readonly #saveFreq: 'epoch' | number;
  readonly #monitor: Monitor;
  #epoch = 0;
  #batchesSinceSave = 0;
  /** Python's format templates; loaded before training, so that no save can want for it. */
  #formatting: typeof formatting | null = null;

  constructor(options: ModelCheckpointOptions) {
    super();
    const checked = checkOptions(WHERE, OPTIONS, options) as unknown as ModelCheckpointOptions;
    const {
      filepath,
      monitor = 'val_loss',
      verbose = 0,
      mode = 'auto',
      saveFreq = 'epoch',
    } = checked;
    const { saveBestOnly = false, saveWeightsOnly = false, initialValueThreshold = null } = checked;
    this.#weightsOnly = saveWeightsOnly;
    this.filepath = filepath;
    this.monitor = monitor;
    this.#verbose = verbose;
    this.#bestOnly = saveBestOnly;
    this.#saveFreq = saveFreq;
    this.#monitor = new Monitor(monitor, mode, /acc|^fmeasure/);
    this.best = initialValueThreshold ?? this.#monitor.worst;
  }

  override listens(hook: HookName): boolean {
    if (hook === 'onTrainBatchEnd') return this.#saveFreq !== 'epoch';
    if (hook === 'onEpochEnd') return this.#saveFreq === 'epoch';
    return super.listens(hook);
  }

  override getState(): unknown {
    return { best: this.best, batchesSinceSave: this.#batchesSinceSave, epoch: this.#epoch };
  }

  override setState(state: unknown): void {
    const { best, batchesSinceSave, epoch } = state as Record<string, number>;
    this.best = best!;
    this.#batchesSinceSave = batchesSinceSave!;
    this.#epoch = epoch!;
  }

  override async onTrainBegin(): Promise<void> {
    this.#formatting ??= await import('../text/pyFormat');
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override async onTrainBatchEnd(batch: number, logs: Logs): Promise<void> {
    if (++this.#batchesSinceSave < (this.#saveFreq as number)) return;
    this.#batchesSinceSave = 0;
    await this.#save(this.#epoch, batch, logs);
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    await this.#save(epoch, null, logs);
  }

  async #save(epoch: number, batch: number | null, logs: Logs): Promise<void> {
    await this.onTrainBegin();
    const path = this.#path(epoch, batch, logs);
    const say = (message: string) => {
      if (this.#verbose > 0) print(`\nEpoch ${epoch + 1}: ${message}\n`);
    };
    if (this.#bestOnly) {
      const current = logs[this.monitor];
      if (current === undefined) {
        if (this.#verbose > 0) print(`${MISSING(this.monitor)}\n`);
        return;
      }
      const best = fixed(this.best, 5);
      if (!this.#monitor.isBetter(current, this.best)) {
        say(`${this.monitor} did not improve from ${best}`);
        return;
      }
      const change = `improved from ${best} to ${fixed(current, 5)}`;
      say(`${this.monitor} ${change}, saving model to ${path}`);
      this.best = current;
    } else {
      say(`saving model to ${path}`);
    }
    await (this.#weightsOnly ? this.model!.saveWeights(path) : this.model!.save(path));
  }

  #path(epoch: number, batch: number | null, logs: Logs): string {
    const ints = { epoch: epoch + 1, ...(batch === null ? {} : { batch: batch + 1 }) };
    const { FormatError, pyFormat } = this.#formatting!;
    try {
      return pyFormat(this.filepath, { ints, floats: logs });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new TabtrainError(
        'INVALID_ARGUMENT',
        `Failed to format this callback filepath: "${this.filepath}". Reason: ${error.message}`,
      );
    }
  }
}
