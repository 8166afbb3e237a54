import { came, invalid } from '../errors';
import { storage } from '../client/files';
import { checkOptions, flag, required, text, type OptionTable } from '../config/options';
import { float32Repr, floatRepr } from '../text/pyNumber';
import { Callback, type Logs } from './callback';

export interface CsvLoggerOptions {
  /** The path of the file, as `storage` takes it. */
  readonly filename: string;
  /** One character; default `','`. */
  readonly separator?: string;
  /** Whether a file that is there is continued; default false: it is replaced. */
  readonly append?: boolean;
}

const OPTIONS = {
  filename: required(text),
  separator: (value, where) =>
    typeof value === 'string' && [...value].length === 1 && !/["\r\n]/.test(value)
      ? value
      : invalid(`${where}: expected one character, came ${came(value)}`),
  append: flag,
} satisfies OptionTable;

/**
 * Writes the logs of each epoch to a file, byte for byte as Keras's CSVLogger (tf-keras 2.21): Python's
 * `csv.excel` dialect, `epoch` from 0, then the logs by name; `NA` for a log that the epoch lacks. The
 * file is whole after each epoch.
 */
export class CsvLogger extends Callback {
  static override readonly className = 'CsvLogger';
  readonly #filename: string;
  readonly #separator: string;
  readonly #append: boolean;
  /** The logs that are written; null before the first epoch. */
  #keys: string[] | null = null;
  /** What the file holds; null before the first epoch of the run. */
  #content: Uint8Array | null = null;
  /** How much of the file a run that goes on keeps; null for one that begins. */
  #kept: number | null = null;

  /** @throws TabtrainError `INVALID_ARGUMENT`. */
  constructor(options: CsvLoggerOptions) {
    super();
    const checked = checkOptions('callbacks.csvLogger', OPTIONS, options);
    const { filename, separator = ',', append = false } = checked as unknown as CsvLoggerOptions;
    this.#filename = filename;
    this.#separator = separator;
    this.#append = append;
  }

  override getState(): unknown {
    return { keys: this.#keys, size: this.#content?.length ?? this.#kept };
  }

  override setState(state: unknown): void {
    const { keys, size } = state as { keys: string[] | null; size: number | null };
    this.#keys = keys;
    this.#kept = size;
    this.#content = null;
  }

  override onTrainBegin(): void {
    this.#content = this.#kept = null;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    this.#keys ??= columns(logs);
    let added = '';
    if (this.#content === null) {
      this.#content = await this.#read();
      if (this.#kept === null && this.#content.length === 0) {
        added = this.#row(['epoch', ...this.#keys]);
      }
    }
    const values = this.#keys.map((key) => (key in logs ? valueText(key, logs[key]!) : 'NA'));
    added += this.#row([String(epoch), ...values]);
    const bytes = new TextEncoder().encode(added);
    const whole = new Uint8Array(this.#content.length + bytes.length);
    whole.set(this.#content);
    whole.set(bytes, this.#content.length);
    await storage.write(this.#filename, whole);
    this.#content = whole;
  }

  async #read(): Promise<Uint8Array> {
    const isContinued = this.#append || this.#kept !== null;
    if (!isContinued || !(await storage.exists(this.#filename))) return new Uint8Array();
    return (await storage.read(this.#filename)).subarray(0, this.#kept ?? undefined);
  }

  #row(fields: readonly string[]): string {
    const quoted = fields.map((field) =>
      /["\r\n]/.test(field) || field.includes(this.#separator)
        ? `"${field.replaceAll('"', '""')}"`
        : field,
    );
    return `${quoted.join(this.#separator)}\r\n`;
  }
}

/** Logs of a first epoch without validation may be followed by some with it. */
function columns(logs: Logs): string[] {
  const keys = Object.keys(logs).sort();
  const isValidated = keys.some((key) => key.startsWith('val_'));
  return isValidated ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
}

/** The rate is a float32 of numpy's, all other logs are Python's floats. */
function valueText(key: string, value: number): string {
  return key === 'lr' ? float32Repr(value) : floatRepr(value);
}
