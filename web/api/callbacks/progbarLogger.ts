import { print } from '../text/print';
import { Progbar } from '../text/progbar';
import { Callback, type Logs, type Progress } from './callback';

/**
 * Keras's progress lines, from a run's progress: `verbose` 1 draws a bar, 2 prints a line per epoch.
 * Never awaited, so it costs the run nothing.
 */
export class ProgbarLogger extends Callback {
  readonly #verbose: 1 | 2;
  readonly #write: (text: string) => void;
  #bar: Progbar | null = null;
  /** Batches per epoch; null in the first epoch of a dataset that does not say how many. */
  #target: number | null = null;
  #kind: 'fit' | 'evaluate' | 'predict' = 'fit';

  constructor(verbose: 1 | 2, write: (text: string) => void = print) {
    super();
    this.#verbose = verbose;
    this.#write = write;
  }

  override onProgress(progress: Progress): void {
    switch (progress.type) {
      case 'begin':
        this.#kind = progress.kind;
        this.#target = this.params.steps;
        if (this.#kind !== 'fit') this.#begin(progress.time);
        break;
      case 'epochBegin':
        if (this.params.epochs > 1) {
          this.#write(`Epoch ${progress.epoch + 1}/${this.params.epochs}\n`);
        }
        this.#begin(progress.time);
        break;
      case 'batch':
        this.#draw(progress.batch + 1, progress.logs, false, progress.time);
        break;
      case 'epochEnd':
        this.#finish(progress);
        break;
      case 'end':
        if (this.#kind !== 'fit') this.#finish(progress);
        break;
    }
  }

  #begin(now: number): void {
    this.#bar = new Progbar(this.#target, this.#verbose, now / 1000);
  }

  #finish({ batches, logs, time }: Extract<Progress, { batches: number }>): void {
    this.#target ??= batches;
    this.#draw(this.#target, logs, true, time);
  }

  #draw(current: number, logs: Logs, finalize: boolean, now: number): void {
    const text = this.#bar?.update(current, Object.entries(logs), finalize, now / 1000);
    if (text) this.#write(text);
  }
}
