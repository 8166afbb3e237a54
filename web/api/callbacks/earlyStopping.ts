import { checkOptions, flag, integer, nullable, number, type OptionTable } from '../config/options';
import type { NamedTensor } from '../data/tensor';
import { print } from '../text/print';
import { Callback, type Logs } from './callback';
import { MONITOR, Monitor, type Mode } from './monitor';

export interface EarlyStoppingOptions {
  /** The log to watch; default `'val_loss'`. */
  readonly monitor?: string;
  /** What a change must exceed to be an improvement; default 0. */
  readonly minDelta?: number;
  /** Epochs without improvement after which training stops; default 0. */
  readonly patience?: number;
  /** 1 prints a line when it stops and when it restores weights; default 0. */
  readonly verbose?: 0 | 1;
  /** `'auto'`: the larger is better for names that end in `acc`, `accuracy` or `auc`, else the smaller. */
  readonly mode?: Mode;
  /** What the log must beat too for the wait to start anew. */
  readonly baseline?: number | null;
  /** Whether training ends with the weights of the best epoch; default false: with the last ones. */
  readonly restoreBestWeights?: boolean;
  /** Epochs before this one, from 0, do not count. */
  readonly startFromEpoch?: number;
}

const OPTIONS = {
  ...MONITOR,
  minDelta: number(),
  patience: integer(0),
  baseline: nullable(number()),
  restoreBestWeights: flag,
  startFromEpoch: integer(0),
} satisfies OptionTable;

/** Stops training when a log no longer improves, as Keras's EarlyStopping (tf-keras 2.21). */
export class EarlyStopping extends Callback {
  static override readonly className = 'EarlyStopping';
  /** Epochs since the last improvement. */
  wait = 0;
  best: number;
  bestEpoch = 0;
  /** The epoch at whose end training was stopped; 0 where it was not. */
  stoppedEpoch = 0;
  bestWeights: NamedTensor[] | null = null;
  readonly #options: Required<EarlyStoppingOptions>;
  readonly #monitor: Monitor;

  /** @throws TabtrainError `INVALID_ARGUMENT`. */
  constructor(options?: EarlyStoppingOptions) {
    super();
    const defaults = { monitor: 'val_loss', minDelta: 0, patience: 0, verbose: 0, mode: 'auto',
      baseline: null, restoreBestWeights: false, startFromEpoch: 0 } as const; // prettier-ignore
    this.#options = {
      ...defaults,
      ...checkOptions('callbacks.earlyStopping', OPTIONS, options),
    };
    this.#monitor = new Monitor(this.#options.monitor, this.#options.mode, /(acc|accuracy|auc)$/);
    this.best = this.#monitor.worst;
  }

  override getState(): unknown {
    const { wait, best, bestEpoch, stoppedEpoch, bestWeights } = this;
    return { wait, best, bestEpoch, stoppedEpoch, bestWeights };
  }

  override setState(state: unknown): void {
    Object.assign(this, state);
  }

  override onTrainBegin(): void {
    const best = this.#monitor.worst;
    this.setState({ wait: 0, best, bestEpoch: 0, stoppedEpoch: 0, bestWeights: null });
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { baseline, patience, restoreBestWeights, startFromEpoch, verbose } = this.#options;
    const current = logs[this.#monitor.name];
    if (current === undefined) {
      if (verbose > 0) print(this.#monitor.missing('Early stopping conditioned on', logs));
      return;
    }
    if (epoch < startFromEpoch) return;
    const isBetter = this.#beats(current, this.best);
    // The first weights are kept too, for a run that never improves.
    if (restoreBestWeights && (isBetter || this.bestWeights === null)) {
      this.bestWeights = await this.model!.getWeights();
      this.bestEpoch = epoch;
    }
    ++this.wait;
    if (isBetter) {
      this.best = current;
      this.bestEpoch = epoch;
      if (baseline === null || this.#beats(current, baseline)) this.wait = 0;
    } else if (this.wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model!.stopTraining = true;
    }
  }

  override async onTrainEnd(): Promise<void> {
    const say = (line: string) => {
      if (this.#options.verbose > 0) print(`${line}\n`);
    };
    if (this.stoppedEpoch > 0) say(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (this.bestWeights === null) return;
    say(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    await this.model!.setWeights(this.bestWeights);
  }

  #beats(value: number, than: number): boolean {
    const delta = -Math.abs(this.#options.minDelta);
    return this.#monitor.isBetter(this.#monitor.better(value, delta), than);
  }
}
