import { callbacks, TabtrainError, type Sequential } from '../api/index';
import * as base from './base';
import * as checkpoints from './checkpoints';
import type { Mnist } from './data';
import { putBack } from './kept';
import { tutorial, type Origin, type Subject } from './model';
import {
  isBusy,
  type Failure,
  type Phase,
  type Place,
  type Restored,
  type SavedPlace,
} from './phases';
import { Recorder, saversOf } from './recorder';
import { loadNewest, measure } from './restore';
import { RunRecord, type RunListener } from './runRecord';
import {
  defaultSettings,
  emptyRun,
  isSameRun,
  nextTarget,
  stepsPerEpoch,
  testDigitsFor,
  truncateRun,
  type Run,
  type Settings,
} from './run';

/** One model and its training: what the page's controls do, free of the page. */
export class Trainer extends RunRecord {
  phase: Phase = 'loading';
  failure: Failure | null = null;
  restored: Restored | null = null;
  /** Where a run that was interrupted goes on; null where none was. */
  interrupted: SavedPlace | null = null;
  /** Seconds until an interrupted run goes on by itself. */
  countdown = 0;
  /** Another tab of the page owns the files: this one shows and tries what that one has saved. */
  watching = false;
  /** What the tab that has the files said of itself last. */
  reported: Phase | null = null;
  /** Whether this tab has asked for the files, and was not answered. */
  asked: 'no' | 'asked' | 'silent' = 'no';
  private training: Promise<void> = Promise.resolve();
  /** What is left of an interrupted run cannot be gone on from. */
  private leftovers = false;

  constructor(
    listener: RunListener,
    private readonly progressLine: HTMLElement,
  ) {
    super(listener);
  }

  get busy(): boolean {
    return isBusy(this.phase);
  }

  enter(phase: Phase): void {
    this.phase = phase;
    this.listener.changed();
  }

  fail(place: Place, error: unknown): void {
    this.failure = { place, error };
    this.enter('failed');
  }

  /**
   * Shows the last visit: the newest checkpoint that can be read, evaluated on the test digits that were
   * used when it was saved, or the place where an interrupted run goes on.
   */
  async restore(mnist: Mnist): Promise<void> {
    const run = (await checkpoints.readRun().catch(() => null)) ?? emptyRun(defaultSettings);
    if (this.run.epochs.length > 0 || !this.hasModelOf(run)) {
      this.begin(run.settings, await base.subjectOf(run.model));
    }
    if (!this.watching) await this.lookForInterrupted(run);
    const { epoch, skipped } = await loadNewest(this.model);
    const { interrupted } = this;
    if (epoch === 0 && skipped.length > 0 && !interrupted) throw new Error(skipped.join('; '));
    if (epoch > 0) {
      const saved = run.epochs[epoch - 1] ?? null;
      if (!interrupted) truncateRun(run, epoch);
      this.run = run;
      const measured = interrupted ? null : await measure(this.subject, mnist, run, saved);
      const files = await checkpoints.listFiles();
      this.savedAt = files.find((file) => file.epoch === epoch)?.modified ?? null;
      this.savedEpoch = epoch;
      const checkpoint = checkpoints.checkpointName(epoch);
      this.restored = { checkpoint, epoch, measured, saved, skipped };
    }
    const settled = epoch > 0 ? 'restored' : 'ready';
    this.enter(this.watching ? 'elsewhere' : interrupted ? 'interrupted' : settled);
  }

  /** Takes over what an interrupted run left, if it left anything, for `train` to go on from. */
  async lookForInterrupted(run: Run): Promise<boolean> {
    this.leftovers = false;
    this.interrupted = null;
    try {
      const found = await checkpoints.findInterrupted();
      this.warnings = found?.warnings ?? [];
      if (!found) return false;
      putBack(run, found.kept);
      this.run = run;
      this.steps = stepsPerEpoch(run.settings);
      this.interrupted = found.place;
      this.live = { ...found.place, steps: this.steps };
      return true;
    } catch (error) {
      // Training goes on from the newest checkpoint; until then the files stay as they are.
      this.leftovers = true;
      this.warnings = [
        `The state of the interrupted run cannot be used, so training goes on from the newest checkpoint: ${error instanceof Error ? error.message : String(error)}`,
      ];
      return false;
    }
  }

  /** Trains up to the target; resolves when training ended in whatever way. */
  train(mnist: Mnist, settings: Settings): Promise<void> {
    this.training = this.fit(mnist, settings);
    return this.training;
  }

  private async fit(mnist: Mnist, settings: Settings): Promise<void> {
    const isSame = isSameRun(settings, this.run.settings);
    const done = this.run.epochs.length;
    this.run.target = nextTarget(this.run, settings);
    this.run.settings = settings;
    this.savedPlace = null;
    this.resumedAt = isSame ? this.interrupted : null;
    this.steps = stepsPerEpoch(settings);
    this.failure = null;
    this.restored = null;
    this.abort = new AbortController();
    this.enter('preparing');
    try {
      if (!isSame || this.leftovers) {
        // It is another run, which goes on from the weights.
        await checkpoints.forgetInterrupted();
        truncateRun(this.run, done);
        this.leftovers = false;
        this.warnings = [];
      }
      this.interrupted = null;
      if (this.keeps) await checkpoints.saveRun(this.run);
      const { feed } = this;
      const images = await feed.images(mnist.train, settings.digits);
      const testDigits = testDigitsFor(settings.digits);
      const testImages = await feed.images(mnist.test, testDigits);
      const rate = settings.learningRate || this.origin?.rate;
      // Where a schedule sets the rate there is none to set.
      if (rate) this.model.optimizer.learningRate = rate;
      this.speed.start(settings, this.run.target - done);
      if (!this.abort.signal.aborted) this.enter('training');
      await this.model.fit(images, feed.labels(mnist.train, settings.digits), {
        batchSize: settings.batchSize,
        epochs: this.run.target,
        initialEpoch: done,
        verbose: 0,
        validationData: [testImages, feed.labels(mnist.test, testDigits)],
        validationBatchSize: settings.batchSize,
        signal: this.abort.signal,
        callbacks: [
          callbacks.progressBar(this.progressLine),
          new Recorder(this),
          ...saversOf(this),
        ],
      });
      this.live = null;
      this.enter(this.run.epochs.length >= this.run.target ? 'finished' : 'stopped');
    } catch (error) {
      await this.endedBy(error);
    }
  }

  private async endedBy(error: unknown): Promise<void> {
    const isLeaving = this.phase === 'leaving';
    const { diverged } = this;
    this.diverged = null;
    this.live = null;
    truncateRun(this.run, this.run.epochs.length);
    if (isLeaving) return;
    const engineLost = error instanceof TabtrainError && error.code === 'INTERNAL';
    try {
      if (diverged) await checkpoints.forgetInterrupted();
      if (diverged || engineLost) await this.rollBack();
    } catch (reason) {
      this.fail('start', reason);
      return;
    }
    if (!this.inMemory && !diverged) await this.lookForInterrupted(this.run);
    this.fail(this.saving && !engineLost ? 'save' : 'train', diverged ?? error);
  }

  pause(): void {
    if (this.phase !== 'training') return;
    this.speed.pause();
    this.enter('paused');
    // A run that ends instead of resting says so through `fit`.
    this.model.pause().catch(() => undefined);
  }

  resume(): void {
    if (this.phase !== 'paused') return;
    this.model.resume();
    this.speed.resume();
    this.enter('training');
  }

  /** Ends the epoch after the batch in progress; it is validated and saved as a shorter epoch. */
  stop(): void {
    if (this.phase !== 'training' && this.phase !== 'paused') return;
    const paused = this.phase === 'paused';
    this.model.stopTraining = true;
    if (paused) {
      this.model.resume();
      this.speed.resume();
    }
    this.enter('stopping');
  }

  /** Ends the run where it is, saved, so that another tab can go on from there. */
  async letGo(): Promise<void> {
    if (['preparing', 'training', 'paused'].includes(this.phase)) {
      this.enter('leaving');
      // Resting, it is saved; what is being written is waited for when the run ends.
      await Promise.race([this.model.pause(), this.training]);
      this.abort.abort();
    }
    await this.training;
    this.failure = null;
  }

  /**
   * Replaces weights that diverged, or that went with their worker, by those of the newest checkpoint,
   * or by those that the run began with. Rejects if no engine can be started.
   */
  private async rollBack(): Promise<void> {
    const subject = await base.subjectOf(this.origin);
    this.model.dispose();
    this.subject = subject;
    this.savedEpoch = (await loadNewest(this.model)).epoch;
    truncateRun(this.run, this.savedEpoch);
  }

  /** Saves what was trained without saving, now that there may be room. */
  async saveNow(): Promise<void> {
    const epoch = this.run.epochs.length;
    const path = `${checkpoints.directory}/${checkpoints.checkpointName(epoch)}`;
    await this.model.saveWeights(path);
    await checkpoints.forgetInterrupted();
    this.keeps = true;
    this.interrupted = this.failure = null;
    await this.checkpointSaved();
    this.enter(epoch >= this.run.target ? 'finished' : 'stopped');
  }

  /** A new untrained model; the files of the old one are removed. */
  async startOver(settings: Settings): Promise<void> {
    await checkpoints.removeAll();
    await base.removeAllBut(null);
    this.begin(settings, tutorial());
    this.enter('ready');
  }

  /**
   * Begins a run with a model from a file, in place of this one, whose files are removed once the new one is
   * stored.
   */
  async adopt(model: Sequential, origin: Origin, settings: Settings): Promise<void> {
    const subject = await base.keep(model, origin);
    try {
      await checkpoints.removeAll();
    } catch (error) {
      subject.model.dispose();
      await base.removeAllBut(this.origin);
      throw error;
    }
    this.begin(settings, subject);
    await checkpoints.saveRun(this.run);
    await base.removeAllBut(origin);
    this.enter('ready');
  }

  private begin(settings: Settings, subject: Subject): void {
    this.model.dispose();
    this.subject = subject;
    this.run = emptyRun(settings, subject.origin);
    this.failure = this.restored = this.interrupted = this.resumedAt = null;
    this.savedAt = this.savedPlace = this.live = null;
    this.savedEpoch = 0;
    this.warnings = [];
    this.keeps = true;
    this.leftovers = false;
  }
}
