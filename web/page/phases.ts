import type { EpochRecord } from './run';

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
  | 'leaving'
  | 'finished'
  | 'stopped'
  | 'failed';

/** Phases in which a run is under way. */
export function isBusy(phase: Phase): boolean {
  return ['preparing', 'training', 'paused', 'stopping', 'leaving'].includes(phase);
}

/** Where a failure happened: it decides what is safe and what to do. */
export type Place =
  | 'start'
  | 'data'
  | 'restore'
  | 'train'
  | 'save'
  | 'files'
  | 'predict'
  | 'open'
  | 'evaluate'
  | 'adopt'
  | 'export';

export interface Failure {
  readonly place: Place;
  readonly error: unknown;
}

/** How the last visit's weights came back. */
export interface Restored {
  readonly checkpoint: string;
  readonly epoch: number;
  /** Measured now; null where an interrupted run is to go on, whose weights are newer. */
  readonly measured: { readonly accuracy: number; readonly loss: number } | null;
  /** As written down when the checkpoint was saved; null without such a note. */
  readonly saved: EpochRecord | null;
  /** Newer checkpoints that could not be read, with the reason. */
  readonly skipped: readonly string[];
}

/** The batch that was done last; `batch` counts from 1, 0 before the first one of the epoch. */
export interface LiveBatch {
  readonly epoch: number;
  readonly batch: number;
  readonly steps: number;
}

/** A place of a run that is stored; `at` in milliseconds since 1970. */
export interface SavedPlace {
  readonly epoch: number;
  readonly batch: number;
  readonly at: number;
}

/** "epoch 7, step 12" */
export function placeText({ epoch, batch }: Pick<SavedPlace, 'epoch' | 'batch'>): string {
  return `epoch ${epoch}, step ${batch}`;
}
