import type { Batches } from '../client/batches';
import { connect } from '../client/engine';
import { came, invalid } from '../errors';
import type { BackupRequest, BatchRequest } from '../host/protocol';
import {
  checkOptions,
  flag,
  integer,
  number,
  required,
  text,
  type OptionTable,
} from '../config/options';
import { Callback, type Logs } from './callback';

export interface BackupAndRestoreOptions {
  /** The directory that keeps the training state, for this run alone. */
  readonly backupDir: string;
  /**
   * `'epoch'`, a number of batches, or `{ seconds }`; default `'epoch'`. A run that is paused, or whose page
   * is hidden, is saved at once as well; in a validation pass, when that has ended. `'never'` takes up what
   * is there and saves nothing at all: for storage that is full.
   */
  readonly saveFreq?: 'epoch' | 'never' | number | { readonly seconds: number };
  /** Whether the state goes when training has ended; default true, as in Keras. */
  readonly deleteCheckpoint?: boolean;
  /** How many generations of the state are kept; default 3. */
  readonly keep?: number;
}

const OPTIONS = {
  backupDir: required(text),
  saveFreq: (value, where) => {
    if (value !== null && typeof value === 'object' && 'seconds' in value) {
      return checkOptions(where, { seconds: number(0) }, value);
    }
    const isCount = Number.isInteger(value) && (value as number) > 0;
    return value === 'epoch' || value === 'never' || isCount
      ? value
      : invalid(
          `${where}: expected 'epoch', 'never', a positive integer or { seconds }, came ${came(value)}`,
        );
  },
  deleteCheckpoint: flag,
  keep: integer(1),
} satisfies OptionTable;

/** Where a run that was interrupted would go on. */
export interface InterruptedRun {
  /** From 0; the last one begun. */
  readonly epoch: number;
  /** Batches done in it. */
  readonly batch: number;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
  /** The epochs done before. */
  readonly history: readonly { readonly epoch: number; readonly logs: Logs }[];
  /** What the callbacks that have `getState` had given, in their order. */
  readonly callbacks: readonly unknown[];
  /** What was not as it should be, such as a file that did not verify. */
  readonly warnings: readonly string[];
}

/**
 * Keeps all that a run in progress is, so that `fit`, called again with the same model, data and options,
 * goes on from where it was, bit for bit: after a closed tab, a crash, a killed process. As Keras's
 * BackupAndRestore, but exact: weights, optimizer, place in the epoch, order of samples, random numbers,
 * running metrics, history and the states of callbacks (their `getState`).
 *
 * `fit` then rejects with `INVALID_ARGUMENT` where model, data or options differ, `LOCKED` where another
 * tab or process has the directory, `CORRUPT_FILE` where none of the states verifies, and with what a save
 * failed with, such as `QUOTA_EXCEEDED`; what was saved before is unchanged.
 */
export class BackupAndRestore extends Callback {
  readonly backupDir: string;
  readonly options: Required<BackupAndRestoreOptions>;

  /** @throws TabtrainError `INVALID_ARGUMENT`. */
  constructor(options: BackupAndRestoreOptions) {
    super();
    const checked = checkOptions('callbacks.backupAndRestore', OPTIONS, options);
    this.options = {
      ...{ saveFreq: 'epoch', deleteCheckpoint: true, keep: 3 },
      ...(checked as unknown as BackupAndRestoreOptions),
    };
    this.backupDir = this.options.backupDir;
  }

  /**
   * What `fit` would go on from, to be shown before; null where it would begin anew. Takes no lock, so it
   * also tells how far the run of another tab or process is.
   * @throws TabtrainError `CORRUPT_FILE` where none of the states verifies, naming each.
   */
  async interrupted(): Promise<InterruptedRun | null> {
    return (await connect()).call('interrupted', [this.backupDir]);
  }

  /** What the run is told. */
  request(
    stateful: readonly Callback[],
    datasets: Readonly<Partial<Record<BatchRequest['of'], Batches>>>,
  ): BackupRequest {
    const { backupDir: dir, ...options } = this.options;
    const all = Object.keys(datasets) as BatchRequest['of'][];
    const statefulDatasets = all.filter((of) => datasets[of]!.hasState);
    const statefulCallbacks = stateful.map((each) => each.className);
    return { dir, ...options, statefulCallbacks, statefulDatasets };
  }
}
