import { came, invalid } from '../errors';
import { oneOf, text, type Check } from '../config/options';
import type { Logs } from './callback';

/** Which way a log is better. */
export type Mode = 'auto' | 'min' | 'max';

/** The options of every callback that watches one log. */
export const MONITOR = {
  monitor: text,
  mode: oneOf('auto', 'min', 'max'),
  verbose: ((value, where) =>
    value === 0 || value === 1
      ? value
      : invalid(`${where}: expected 0 or 1, came ${came(value)}`)) satisfies Check,
};

/** What the callbacks that watch one log share: which way is better. */
export class Monitor {
  readonly name: string;
  readonly #larger: boolean;

  /** @param larger the names that `'auto'` takes for better the larger they are. */
  constructor(name: string, mode: Mode, larger: RegExp) {
    this.name = name;
    this.#larger = mode === 'max' || (mode === 'auto' && larger.test(name));
  }

  /** What every value is better than. */
  get worst(): number {
    return this.#larger ? -Infinity : Infinity;
  }

  isBetter(value: number, than: number): boolean {
    return this.#larger ? value > than : value < than;
  }

  /** `value`, better by `delta`. */
  better(value: number, delta: number): number {
    return this.#larger ? value + delta : value - delta;
  }

  /** Keras's warning where the logs lack the value. */
  missing(what: string, logs: Logs): string {
    const names = Object.keys(logs).join(',');
    return `${what} metric \`${this.name}\` which is not available. Available metrics are: ${names}\n`;
  }
}
