import { exponential, fixed } from './pyNumber';

/** Columns of the bar itself. */
const WIDTH = 30;

/** A dynamic bar is redrawn at most this often, in seconds. */
const INTERVAL = 0.05;

/** Metrics in the order in which they are shown. */
export type Values = readonly (readonly [name: string, value: number])[];

/**
 * The text of Keras 2.8's progress bar, for one epoch or evaluation: `update` returns what to write.
 * All times are seconds of one monotonic clock. Source: keras/utils/generic_utils.py, Progbar.
 */
export class Progbar {
  #target: number | null;
  readonly #verbose: 1 | 2;
  readonly #start: number;
  #lastUpdate = -Infinity;
  #firstStepEnd: number | null = null;
  #drawnWidth = 0;

  /**
   * @param target the number of batches; null where it is known at the last line only.
   * @param now when the epoch began.
   */
  constructor(target: number | null, verbose: 1 | 2, now: number) {
    this.#target = target;
    this.#verbose = verbose;
    this.#start = now;
  }

  /**
   * What to write after `current` batches; '' where Keras would not draw.
   *
   * @param finalize true for the last line, which ends with a line feed.
   */
  update(current: number, values: Values, finalize: boolean, now: number): string {
    if (finalize) this.#target ??= current;
    if (this.#verbose === 2) return finalize ? this.#epochLine(current, values, now) : '';
    if (!finalize && now - this.#lastUpdate < INTERVAL) return '';
    this.#lastUpdate = now;
    const erase = '\b'.repeat(this.#drawnWidth) + '\r';
    const unit = this.#timePerStep(current, now);
    const info =
      (finalize || this.#target === null
        ? ` - ${fixed(now - this.#start, 0)}s${perUnit(unit, 'step')}`
        : ` - ETA: ${clock(unit * (this.#target - current))}`) +
      metricsText(values, (value) => Math.abs(value) > 1e-3);
    const line = this.#bar(current) + info;
    const width = line.length;
    const padding = ' '.repeat(Math.max(0, this.#drawnWidth - width));
    this.#drawnWidth = width;
    return erase + line + padding + (finalize ? '\n' : '');
  }

  #bar(current: number): string {
    if (this.#target === null) return `${String(current).padStart(7)}/Unknown`;
    const filled = Math.trunc((WIDTH * current) / this.#target);
    const head = current < this.#target ? '>' : '=';
    const done = filled > 0 ? '='.repeat(filled - 1) + head : '';
    return `${this.#count(current)} [${done}${'.'.repeat(WIDTH - filled)}]`;
  }

  #count(current: number): string {
    return `${String(current).padStart(String(this.#target).length)}/${this.#target}`;
  }

  #epochLine(current: number, values: Values, now: number): string {
    const seconds = now - this.#start;
    return (
      `${this.#count(current)} - ${fixed(seconds, 0)}s` +
      // Here Keras compares without the absolute value.
      metricsText(values, (value) => value > 1e-3) +
      ` -${perUnit(seconds, 'epoch')} -${perUnit(seconds / this.#target!, 'step')}\n`
    );
  }

  /** Seconds a step; the first one, which sets things up, is left out once there are more. */
  #timePerStep(current: number, now: number): number {
    const first = this.#firstStepEnd;
    if (current === 1) this.#firstStepEnd = now;
    return first !== null && current > 1
      ? (now - first) / (current - 1)
      : (now - this.#start) / Math.max(current, 1);
  }
}

function metricsText(values: Values, plain: (value: number) => boolean): string {
  return values
    .map(([name, value]) => ` - ${name}: ${plain(value) ? fixed(value, 4) : exponential(value, 4)}`)
    .join('');
}

function perUnit(seconds: number, unit: string): string {
  if (seconds >= 1 || seconds === 0) return ` ${fixed(seconds, 0)}s/${unit}`;
  if (seconds >= 1e-3) return ` ${fixed(seconds * 1e3, 0)}ms/${unit}`;
  return ` ${fixed(seconds * 1e6, 0)}us/${unit}`;
}

function clock(seconds: number): string {
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0');
  if (seconds > 3600) {
    return `${Math.trunc(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  }
  if (seconds > 60) return `${Math.trunc(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.trunc(seconds)}s`;
}
