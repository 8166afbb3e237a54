import { came, invalid } from '../errors';
import { checkOptions, integer, number, type OptionTable } from '../config/options';
import { print } from '../text/print';
import { floatRepr } from '../text/pyNumber';
import { Callback, type Logs } from './callback';
import { MONITOR, Monitor, type Mode } from './monitor';

export interface ReduceLROnPlateauOptions {
  /** The log to watch; default `'val_loss'`. */
  readonly monitor?: string;
  /** The new rate is `factor` times the old one; below 1, default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement after which the rate is reduced; default 10. */
  readonly patience?: number;
  /** 1 prints a line for each reduction; default 0. */
  readonly verbose?: 0 | 1;
  /** `'auto'`: the larger is better for names with `acc`, otherwise the smaller. */
  readonly mode?: Mode;
  /** What a change must exceed to be an improvement; default 1e-4. */
  readonly minDelta?: number;
  /** Epochs after a reduction that do not count; default 0. */
  readonly cooldown?: number;
  /** The least rate; default 0. */
  readonly minLr?: number;
}

const WHERE = 'callbacks.reduceLROnPlateau';
const OPTIONS = {
  ...MONITOR,
  factor: (value, where) =>
    (number()(value, where) as number) < 1
      ? value
      : invalid(`${where}: expected a number below 1, came ${came(value)}`),
  patience: integer(0),
  minDelta: number(),
  cooldown: integer(0),
  minLr: number(0),
} satisfies OptionTable;

/**
 * Reduces the learning rate when a log no longer improves, and adds the rate to the logs as `lr`, as
 * Keras's ReduceLROnPlateau (tf-keras 2.21).
 */
export class ReduceLROnPlateau extends Callback {
  static override readonly className = 'ReduceLROnPlateau';
  /** Epochs since the last improvement. */
  wait = 0;
  cooldownCounter = 0;
  best: number;
  readonly #options: Required<ReduceLROnPlateauOptions>;
  readonly #monitor: Monitor;

  /** @throws TabtrainError `INVALID_ARGUMENT`. */
  constructor(options?: ReduceLROnPlateauOptions) {
    super();
    const defaults = { monitor: 'val_loss', factor: 0.1, patience: 10, verbose: 0, mode: 'auto',
      minDelta: 1e-4, cooldown: 0, minLr: 0 } as const; // prettier-ignore
    this.#options = { ...defaults, ...checkOptions(WHERE, OPTIONS, options) };
    this.#monitor = new Monitor(this.#options.monitor, this.#options.mode, /acc/);
    this.best = this.#monitor.worst;
  }

  override getState(): unknown {
    const { wait, cooldownCounter, best } = this;
    return { wait, cooldownCounter, best };
  }

  override setState(state: unknown): void {
    Object.assign(this, state);
  }

  override onTrainBegin(): void {
    this.setState({ wait: 0, cooldownCounter: 0, best: this.#monitor.worst });
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const { cooldown, factor, minDelta, minLr, patience, verbose } = this.#options;
    const { optimizer } = this.model!;
    const rate = Math.fround(optimizer.learningRate);
    logs['lr'] = rate;
    const current = logs[this.#monitor.name];
    if (current === undefined) {
      const what = 'Learning rate reduction is conditioned on';
      if (verbose > 0) print(this.#monitor.missing(what, logs));
      return;
    }
    if (this.cooldownCounter > 0) {
      --this.cooldownCounter;
      this.wait = 0;
    }
    if (this.#monitor.isBetter(current, this.#monitor.better(this.best, minDelta))) {
      this.best = current;
      this.wait = 0;
    } else if (this.cooldownCounter <= 0 && ++this.wait >= patience) {
      if (rate <= Math.fround(minLr)) return;
      // In float32, as numpy computes with a float32 rate.
      const scaled = Math.fround(rate * Math.fround(factor));
      const next = Math.fround(minLr) > scaled ? minLr : scaled;
      optimizer.learningRate = next;
      if (verbose > 0) {
        print(
          `\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${floatRepr(next)}.\n`,
        );
      }
      this.cooldownCounter = cooldown;
      this.wait = 0;
    }
  }
}
