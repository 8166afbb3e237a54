import {
  callbacks,
  layers,
  losses,
  optimizers,
  sequential,
  TabtrainError,
  type Progress,
} from '../api/index';
import * as checkpoints from './checkpoints';
import type { Mnist } from './data';
import {
  addBatchPoint,
  defaultSettings,
  emptyRun,
  nextTarget,
  pointsPerEpoch,
  testDigitsFor,
  truncateRun,
  type EpochRecord,
  type Run,
  type Settings,
} from './run';
import { Speedometer } from './speed';

export type Phase =
  | 'loading'
  | 'restoring'
  | 'ready'
  | 'interrupted'
  | 'restored'
  | 'elsewhere'
  | 'preparing'
  | 'training'
  | 'paused'
  | 'stopping'
  | 'finished'
  | 'stopped'
  | 'failed';

/** Where a failure happened: it decides what is safe and what to do. */
export type Place = 'start' | 'data' | 'restore' | 'train' | 'save' | 'files' | 'predict';

export interface Failure {
  readonly place: Place;
  readonly error: unknown;
}

/** How the last visit's weights came back. */
export interface Restored {
  readonly checkpoint: string;
  readonly epoch: number;
  /** Measured now. */
  readonly accuracy: number;
  readonly loss: number;
  /** As written down when the checkpoint was saved; null without such a note. */
  readonly saved: EpochRecord | null;
  /** Newer checkpoints that could not be read, with the reason. */
  readonly skipped: readonly string[];
}

/** The batch that was done last; `batch` counts from 1. */
export interface LiveBatch {
  readonly epoch: number;
  readonly batch: number;
  readonly steps: number;
}

type Model = ReturnType<typeof createModel>;
type Logs = Readonly<Record<string, number>> | undefined;

/** The model of TensorFlow's save-and-load tutorial; `train` sets the learning rate. */
function createModel() {
  const model = sequential([
    layers.dense({ units: 512, activation: 'relu', inputShape: [784] }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 10 }),
  ]);
  model.compile({
    optimizer: optimizers.adam(),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
  return model;
}

/** Keeps the run's history as training goes on; runs before the checkpoint is saved. */
class Recorder extends callbacks.Callback {
  constructor(private readonly trainer: Trainer) {
    super();
  }

  override onEpochBegin(epoch: number): void {
    this.trainer.epochBegan(epoch);
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.trainer.batchEnded(batch, logs?.loss ?? NaN, logs?.accuracy ?? NaN);
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.trainer.epochEnded(epoch, logs);
  }

  override onProgress(progress: Progress): void {
    if (progress.type === 'resumed') this.trainer.resumed(progress);
    if (progress.type === 'saved') this.trainer.stateSaved(progress);
  }
}

/** Writes the run beside its checkpoint; runs after the checkpoint is saved. */
class RunSaver extends callbacks.Callback {
  constructor(private readonly trainer: Trainer) {
    super();
  }

  override async onEpochEnd(): Promise<void> {
    await this.trainer.checkpointSaved();
  }
}

export interface TrainerListener {
  /** The phase, the failure or what is saved changed. */
  changed(): void;
  batch(): void;
  /** An epoch ended and is part of the run; its checkpoint is being saved. */
  epoch(record: EpochRecord): void;
}

/** One model and its training: what the page's controls do, free of the page. */
export class Trainer {
  phase: Phase = 'loading';
  run: Run = emptyRun(defaultSettings);
  live: LiveBatch | null = null;
  failure: Failure | null = null;
  restored: Restored | null = null;
  /** Where the newest state of the run in progress was saved, and when. */
  savedPlace: { readonly epoch: number; readonly batch: number; readonly at: number } | null = null;
  /** Seconds until an interrupted run goes on by itself. */
  countdown = 0;
  /** When the newest checkpoint was committed, in milliseconds since 1970. */
  savedAt: number | null = null;
  /** Another tab of the page owns the files: this one shows and tries what that one has saved. */
  watching = false;
  readonly speed = new Speedometer();
  model: Model = createModel();
  private abort = new AbortController();

  constructor(
    private readonly listener: TrainerListener,
    private readonly progressLine: HTMLElement,
  ) {}

  get busy(): boolean {
    return ['preparing', 'training', 'paused', 'stopping'].includes(this.phase);
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
   * Loads the newest checkpoint that can be read, falling back to older ones, and evaluates it on
   * the test digits that were used when it was saved.
   */
  async restore(mnist: Mnist): Promise<void> {
    const epochs = await checkpoints.restorableEpochs();
    const run = (await checkpoints.readRun().catch(() => null)) ?? emptyRun(defaultSettings);
    const isInterrupted = !this.watching && (await checkpoints.isInterrupted());
    const skipped: string[] = [];
    if (this.run.epochs.length > 0) this.begin(defaultSettings);
    for (const epoch of epochs) {
      const name = checkpoints.checkpointName(epoch);
      try {
        await this.model.loadWeights(`${checkpoints.directory}/${name}`);
      } catch (error) {
        skipped.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        continue;
      }
      const saved = run.epochs[epoch - 1] ?? null;
      truncateRun(run, epoch);
      this.run = run;
      const batchSize = saved?.batchSize ?? run.settings.batchSize;
      const [loss, accuracy] = await this.evaluate(
        mnist,
        saved?.testDigits ?? testDigitsFor(run.settings.digits),
        batchSize,
      );
      const files = await checkpoints.listFiles();
      this.savedAt = files.find((file) => file.epoch === epoch)?.modified ?? null;
      this.restored = { checkpoint: name, epoch, accuracy, loss, saved, skipped };
      this.enter(this.watching ? 'elsewhere' : isInterrupted ? 'interrupted' : 'restored');
      return;
    }
    if (skipped.length > 0) throw new Error(skipped.join('; '));
    if (isInterrupted) this.run = { ...run, epochs: [] };
    this.enter(this.watching ? 'elsewhere' : isInterrupted ? 'interrupted' : 'ready');
  }

  private async evaluate(
    mnist: Mnist,
    count: number,
    batchSize: number,
  ): Promise<[number, number]> {
    const images = await mnist.test.images(count);
    const labels = mnist.test.labels(count);
    const [loss = NaN, accuracy = NaN] = await this.model.evaluate(images, labels, {
      batchSize,
      verbose: 0,
    });
    return [loss, accuracy];
  }

  /** Trains from the next epoch up to the target; resolves when training ended in whatever way. */
  async train(mnist: Mnist, settings: Settings): Promise<void> {
    const done = this.run.epochs.length;
    const isSame = JSON.stringify(settings) === JSON.stringify(this.run.settings);
    this.run.target = nextTarget(this.run, settings);
    this.run.settings = settings;
    this.savedPlace = null;
    this.steps = Math.ceil(settings.digits / settings.batchSize);
    this.failure = null;
    this.restored = null;
    this.abort = new AbortController();
    this.enter('preparing');
    try {
      // With other settings it is another run, which goes on from the weights.
      if (!isSame) await checkpoints.forgetInterrupted();
      await checkpoints.saveRun(this.run);
      const images = await mnist.train.images(settings.digits);
      const testDigits = testDigitsFor(settings.digits);
      const testImages = await mnist.test.images(testDigits);
      this.model.optimizer.learningRate = settings.learningRate;
      this.speed.start(settings, this.run.target - done);
      this.enter('training');
      await this.model.fit(images, mnist.train.labels(settings.digits), {
        batchSize: settings.batchSize,
        epochs: this.run.target,
        initialEpoch: done,
        verbose: 0,
        validationData: [testImages, mnist.test.labels(testDigits)],
        validationBatchSize: settings.batchSize,
        signal: this.abort.signal,
        callbacks: [
          callbacks.progressBar(this.progressLine),
          new Recorder(this),
          callbacks.modelCheckpoint({ filepath: checkpoints.filepath, saveWeightsOnly: true }),
          new RunSaver(this),
          callbacks.backupAndRestore({
            backupDir: checkpoints.runDirectory,
            saveFreq: { seconds: 1 },
          }),
        ],
      });
      this.live = null;
      this.enter(this.run.epochs.length >= this.run.target ? 'finished' : 'stopped');
    } catch (error) {
      this.live = null;
      truncateRun(this.run, this.run.epochs.length);
      const engineLost = error instanceof TabtrainError && error.code === 'INTERNAL';
      if (this.diverged || engineLost) {
        try {
          if (this.diverged) await checkpoints.forgetInterrupted();
          await this.rollBack();
        } catch (reason) {
          this.fail('start', reason);
          return;
        }
      }
      this.fail(this.saving && !engineLost ? 'save' : 'train', this.diverged ?? error);
    }
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

  /**
   * Replaces weights that diverged, or that went with their worker, by those of the newest checkpoint,
   * or by new ones without one. Rejects if no engine can be started.
   */
  private async rollBack(): Promise<void> {
    this.model.dispose();
    this.model = createModel();
    for (const epoch of await checkpoints.restorableEpochs()) {
      const name = checkpoints.checkpointName(epoch);
      try {
        await this.model.loadWeights(`${checkpoints.directory}/${name}`);
      } catch {
        continue;
      }
      truncateRun(this.run, epoch);
      return;
    }
    truncateRun(this.run, 0);
  }

  /** A new untrained model; the files of the old one are removed. */
  async startOver(settings: Settings): Promise<void> {
    await checkpoints.removeAll();
    this.begin(settings);
    this.enter('ready');
  }

  private begin(settings: Settings): void {
    this.model.dispose();
    this.model = createModel();
    this.run = emptyRun(settings);
    this.failure = null;
    this.restored = null;
    this.savedAt = null;
    this.savedPlace = null;
    this.live = null;
  }

  private saving = false;
  private diverged: TabtrainError | null = null;
  private steps = 0;

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
      this.diverged = new TabtrainError(
        'NOT_FINITE',
        `loss is ${loss} in batch ${done} of ${this.steps}`,
      );
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
    const record = this.recordOf(epoch, logs, testDigitsFor(digits), batchSize);
    this.run.epochs.push(record);
    this.saving = true;
    this.speed.epochEnded();
    this.listener.epoch(record);
  }

  private recordOf(epoch: number, logs: Logs, testDigits: number, batchSize: number): EpochRecord {
    return {
      epoch: epoch + 1,
      loss: logs?.loss ?? NaN,
      accuracy: logs?.accuracy ?? NaN,
      valLoss: logs?.val_loss ?? NaN,
      valAccuracy: logs?.val_accuracy ?? NaN,
      testDigits,
      batchSize,
    };
  }

  /** The run goes on where its state was saved: in the middle of an epoch, as a rule. */
  resumed({ epoch, batch, history }: Extract<Progress, { type: 'resumed' }>): void {
    const { digits, batchSize } = this.run.settings;
    this.run.epochs = history.map(({ epoch: done, logs }) =>
      this.recordOf(done, logs, testDigitsFor(digits), batchSize),
    );
    truncateRun(this.run, this.run.epochs.length);
    this.live = { epoch: epoch + 1, batch, steps: this.steps };
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
    this.listener.changed();
  }
}
