import { callbacks, type Progress } from '../api/index';
import type { Kept } from './kept';

export type Logs = Readonly<Record<string, number>> | undefined;

/** Who hears of a run as it goes on. */
export interface Recorded {
  epochBegan(epoch: number): void;
  batchEnded(batch: number, loss: number, accuracy: number): void;
  epochEnded(epoch: number, logs: Logs): void;
  checkpointSaved(): Promise<void>;
  resumed(progress: Extract<Progress, { type: 'resumed' }>): void;
  stateSaved(progress: Extract<Progress, { type: 'saved' }>): void;
  keep(): Kept;
  putBack(state: unknown): void;
}

/** Keeps the run's history as training goes on; runs before the checkpoint is saved. */
export class Recorder extends callbacks.Callback {
  constructor(private readonly recorded: Recorded) {
    super();
  }

  override onEpochBegin(epoch: number): void {
    this.recorded.epochBegan(epoch);
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.recorded.batchEnded(batch, logs?.loss ?? NaN, logs?.accuracy ?? NaN);
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.recorded.epochEnded(epoch, logs);
  }

  override onProgress(progress: Progress): void {
    if (progress.type === 'resumed') this.recorded.resumed(progress);
    if (progress.type === 'saved') this.recorded.stateSaved(progress);
  }

  override getState(): unknown {
    return this.recorded.keep();
  }

  override setState(state: unknown): void {
    this.recorded.putBack(state);
  }
}

/** Writes the run beside its checkpoint; runs after the checkpoint is saved. */
export class RunSaver extends callbacks.Callback {
  constructor(private readonly recorded: Recorded) {
    super();
  }

  override onEpochEnd(): Promise<void> {
    return this.recorded.checkpointSaved();
  }
}
