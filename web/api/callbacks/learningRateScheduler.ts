import { came, invalid } from '../errors';
import { checkOptions, number } from '../config/options';
import { print } from '../text/print';
import { floatRepr } from '../text/pyNumber';
import { Callback, type Logs } from './callback';
import { MONITOR } from './monitor';

/** The learning rate of an epoch, from 0, given the one that it was. */
export type LearningRateSchedule = (epoch: number, lr: number) => number | Promise<number>;

const WHERE = 'callbacks.learningRateScheduler';

/**
 * Sets the learning rate at the begin of each epoch, and adds it to the logs as `lr`, as Keras's
 * LearningRateScheduler.
 */
export class LearningRateScheduler extends Callback {
  readonly #schedule: LearningRateSchedule;
  readonly #verbose: 0 | 1;

  /** @throws TabtrainError `INVALID_ARGUMENT`. */
  constructor(schedule: LearningRateSchedule, options?: { readonly verbose?: 0 | 1 }) {
    super();
    if (typeof schedule !== 'function') {
      invalid(`${WHERE}: schedule: expected a function, came ${came(schedule)}`);
    }
    const { verbose = 0 } = checkOptions(WHERE, { verbose: MONITOR.verbose }, options);
    this.#schedule = schedule;
    this.#verbose = verbose as 0 | 1;
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    const { optimizer } = this.model!;
    const rate = await this.#schedule(epoch, Math.fround(optimizer.learningRate));
    number(0)(rate, `${WHERE}: schedule(${epoch}, lr)`);
    optimizer.learningRate = rate;
    if (this.#verbose > 0) {
      print(
        `\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${floatRepr(rate)}.\n`,
      );
    }
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    logs['lr'] = Math.fround(this.model!.optimizer.learningRate);
  }
}
