import { callbacks, type Callback, type Progress } from '../api/index';
import * as checkpoints from './checkpoints';
import type { Kept } from './kept';

export type Logs = Readonly<Record<string, number>> | undefined;

/** The metric that the page shows, under whatever name a model has it. */
export function accuracyOf(logs: Logs, prefix = ''): number {
  const isOne = (name: string): boolean =>
    name.startsWith(prefix) && /^\w*acc(uracy)?$/.test(name.slice(prefix.length));
  const [, value = NaN] =
    Object.entries(logs ?? {}).find(
      ([name]) => isOne(name) && (prefix !== '' || !name.startsWith('val_')),
    ) ?? [];
  return value;
}

/** Who hears of a run as it goes on. */
export interface Recorded {
  readonly keeps: boolean;
  readonly inMemory: boolean;
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
  static override readonly className = 'Recorder';

  constructor(private readonly recorded: Recorded) {
    super();
  }

  override onEpochBegin(epoch: number): void {
    this.recorded.epochBegan(epoch);
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.recorded.batchEnded(batch, logs?.loss ?? NaN, accuracyOf(logs));
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
class RunSaver extends callbacks.Callback {
  constructor(private readonly recorded: Recorded) {
    super();
  }

  override onEpochEnd(): Promise<void> {
    return this.recorded.checkpointSaved();
  }
}

/** What saves a run: checkpoints, and the state from which it goes on. */
export function saversOf(recorded: Recorded): Callback[] {
  const { keeps, inMemory } = recorded;
  const state = { backupDir: checkpoints.runDirectory };
  // The same callbacks have state either way, as the state of a run asks for.
  const weights = callbacks.modelCheckpoint({
    filepath: checkpoints.filepath,
    saveWeightsOnly: true,
    ...(keeps ? {} : { saveFreq: Number.MAX_SAFE_INTEGER }),
  });
  if (!keeps) {
    const never = { ...state, saveFreq: 'never', deleteCheckpoint: false } as const;
    return [weights, callbacks.backupAndRestore(never)];
  }
  const seconds = callbacks.backupAndRestore({ ...state, saveFreq: { seconds: 1 } });
  return [weights, new RunSaver(recorded), ...(inMemory ? [] : [seconds])];
}
