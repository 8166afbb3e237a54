import { TabtrainError, type Progress, type Sequential } from '../api/index';
import * as checkpoints from './checkpoints';
import { asKept, keep, putBack, type Kept } from './kept';
import type { Feed } from './feed';
import { tutorial, type Origin } from './model';
import type { LiveBatch, SavedPlace } from './phases';
import { accuracyOf, type Logs, type Recorded } from './recorder';
import {
  addBatchPoint,
  defaultSettings,
  emptyRun,
  pointsPerEpoch,
  testDigitsFor,
  type EpochRecord,
  type Run,
} from './run';
import { Speedometer } from './speed';

export interface RunListener {
  /** The phase, the failure or what is saved changed. */
  changed(): void;
  batch(): void;
  /** An epoch ended and is part of the run; its checkpoint is being saved. */
  epoch(record: EpochRecord): void;
}

/** What is known of the run, from what its callbacks hear. */
export class RunRecord implements Recorded {
  run: Run = emptyRun(defaultSettings);
  live: LiveBatch | null = null;
  /** Where the run in progress went on. */
  resumedAt: SavedPlace | null = null;
  /** Sentences about files that were damaged. */
  warnings: readonly string[] = [];
  /** Where the newest state of the run in progress was saved, and when. */
  savedPlace: SavedPlace | null = null;
  /** When the newest checkpoint was committed, in milliseconds since 1970. */
  savedAt: number | null = null;
  /** Its epoch; 0 for none. */
  savedEpoch = 0;
  /** The browser gives no storage: files are in this tab's memory. */
  inMemory = false;
  /** False once somebody chose to train on without saving. */
  keeps = true;
  readonly speed = new Speedometer();
  protected subject = tutorial();
  protected abort = new AbortController();
  protected saving = false;
  protected diverged: TabtrainError | null = null;
  protected steps = 0;

  constructor(protected readonly listener: RunListener) {}

  get model(): Sequential {
    return this.subject.model;
  }

  get feed(): Feed {
    return this.subject.feed;
  }

  /** Null for the page's own model. */
  get origin(): Origin | null {
    return this.subject.origin;
  }

  /** Whether the model is the one that the run began with. */
  hasModelOf({ model }: Run): boolean {
    return model?.id === this.origin?.id;
  }

  epochBegan(epoch: number): void {
    this.saving = false;
    this.diverged = null;
    this.live = { epoch: epoch + 1, batch: 0, steps: this.steps };
    this.speed.epochBegan();
  }

  batchEnded(batch: number, loss: number, accuracy: number): void {
    const done = batch + 1;
    this.live = { epoch: this.run.epochs.length + 1, batch: done, steps: this.steps };
    this.speed.batchEnded(done, this.steps);
    if (!Number.isFinite(loss)) {
      const where = `in batch ${done} of ${this.steps}`;
      this.diverged = new TabtrainError('NOT_FINITE', `loss is ${loss} ${where}`);
      this.abort.abort();
    }
    const every = Math.ceil(this.steps / pointsPerEpoch);
    if (done % every === 0 || done === this.steps) {
      addBatchPoint(this.run.batches, this.run.epochs.length + done / this.steps, loss, accuracy);
    }
    this.listener.batch();
  }

  epochEnded(epoch: number, logs: Logs): void {
    const { digits, batchSize } = this.run.settings;
    const record = {
      epoch: epoch + 1,
      loss: logs?.loss ?? NaN,
      accuracy: accuracyOf(logs),
      valLoss: logs?.val_loss ?? NaN,
      valAccuracy: accuracyOf(logs, 'val_'),
      testDigits: testDigitsFor(digits),
      batchSize,
    };
    this.run.epochs.push(record);
    this.saving = this.keeps;
    this.speed.epochEnded();
    this.listener.epoch(record);
  }

  keep(): Kept {
    return keep(this.run);
  }

  putBack(state: unknown): void {
    const { target } = this.run;
    const kept = asKept(state);
    // More epochs than the state knew of are welcome.
    if (kept) putBack(this.run, { ...kept, settings: this.run.settings, target });
  }

  /** The run goes on where its state was saved: in the middle of an epoch, as a rule. */
  resumed({ batch, savedAt, warnings }: Extract<Progress, { type: 'resumed' }>): void {
    const epoch = this.run.epochs.length + 1;
    this.live = { epoch, batch: batch % this.steps, steps: this.steps };
    this.resumedAt = { epoch, batch: batch % this.steps, at: savedAt };
    this.warnings = warnings;
    this.saving = false;
    this.diverged = null;
    this.speed.epochBegan();
    this.listener.changed();
  }

  stateSaved({ epoch, batch }: Extract<Progress, { type: 'saved' }>): void {
    this.savedPlace = { epoch: epoch + 1, batch, at: Date.now() };
    this.listener.changed();
  }

  async checkpointSaved(): Promise<void> {
    await checkpoints.saveRun(this.run);
    this.saving = false;
    this.savedAt = Date.now();
    this.savedEpoch = this.run.epochs.length;
    this.listener.changed();
  }
}
