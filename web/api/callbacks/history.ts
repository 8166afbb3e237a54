import { Callback, type Logs } from './callback';

/** What `fit` resolves to: the logs of each epoch. */
export class History extends Callback {
  /** Epochs done, from 0. */
  readonly epoch: number[] = [];
  /** One list per name: `loss`, the metrics, and `val_*`. */
  readonly history: Record<string, number[]> = {};

  /** The records without the model, so that a history can be kept as JSON. */
  toJSON(): { epoch: number[]; history: Record<string, number[]> } {
    return { epoch: this.epoch, history: this.history };
  }

  override onTrainBegin(): void {
    this.epoch.length = 0;
  }

  /** The epochs of the run before. */
  restore(epochs: readonly { readonly epoch: number; readonly logs: Logs }[]): void {
    for (const { epoch, logs } of epochs) this.onEpochEnd(epoch, logs);
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.history[name] ??= []).push(value);
  }
}
