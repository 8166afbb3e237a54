import { addBatchPoint, truncateRun, type EpochRecord, type Run, type Settings } from './run';

/**
 * What the training state keeps of the page, so that an interrupted run shows what it showed. It goes to the
 * worker with each batch: so numbers are packed, and the curves of finished epochs, which are stored with
 * their checkpoints, are left out.
 */
export interface Kept {
  readonly settings: Settings;
  readonly target: number;
  /** The finished epochs, seven numbers each. */
  readonly epochs: Float64Array;
  /** The points of the unfinished epoch's curves: x, loss, accuracy. */
  readonly points: Float64Array;
}

const fields = [
  'epoch',
  'loss',
  'accuracy',
  'valLoss',
  'valAccuracy',
  'testDigits',
  'batchSize',
] as const satisfies readonly (keyof EpochRecord)[];

/** Numbers of one epoch in {@link Kept}. */
export const epochNumbers = fields.length;

export function keep(run: Run): Kept {
  const { x, loss, accuracy } = run.batches;
  const done = run.epochs.length;
  const points: number[] = [];
  for (let i = x.length - 1; i >= 0 && (x[i] ?? 0) > done + 1e-9; --i) {
    points.push(accuracy[i] ?? NaN, loss[i] ?? NaN, x[i] ?? NaN);
  }
  return {
    settings: run.settings,
    target: run.target,
    epochs: Float64Array.from(run.epochs.flatMap((each) => fields.map((field) => each[field]))),
    points: Float64Array.from(points.reverse()),
  };
}

/** What `keep` gave; null for anything else, as a page of another version may have left. */
export function asKept(state: unknown): Kept | null {
  const { settings, target, epochs, points } = (state ?? {}) as Partial<
    Record<keyof Kept, unknown>
  >;
  const isKept =
    typeof settings === 'object' &&
    settings !== null &&
    typeof target === 'number' &&
    epochs instanceof Float64Array &&
    points instanceof Float64Array;
  return isKept ? (state as Kept) : null;
}

/** Makes `run`, which has the older curves, what it was. */
export function putBack(run: Run, { settings, target, epochs, points }: Kept): void {
  run.settings = settings;
  run.target = target;
  run.epochs = [];
  for (let at = 0; at < epochs.length; at += fields.length) {
    const number = (field: keyof EpochRecord): number => epochs[at + fields.indexOf(field)] ?? NaN;
    run.epochs.push({
      epoch: number('epoch'),
      loss: number('loss'),
      accuracy: number('accuracy'),
      valLoss: number('valLoss'),
      valAccuracy: number('valAccuracy'),
      testDigits: number('testDigits'),
      batchSize: number('batchSize'),
    });
  }
  truncateRun(run, run.epochs.length);
  for (let at = 0; at < points.length; at += 3) {
    const [x = NaN, loss = NaN, accuracy = NaN] = points.subarray(at, at + 3);
    addBatchPoint(run.batches, x, loss, accuracy);
  }
}
