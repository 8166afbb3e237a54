/** What a training run is made of, and how it is kept as JSON beside its checkpoints. */
import type { Origin } from './model';

export interface Settings {
  /** How many of MNIST's training digits are used. */
  readonly digits: number;
  /** Epochs to train; what is left of them after a stop or a reload is trained next. */
  readonly epochs: number;
  readonly batchSize: number;
  /** 0: the one that the model came with. */
  readonly learningRate: number;
}

export const defaultSettings: Settings = {
  digits: 1000,
  epochs: 10,
  batchSize: 32,
  learningRate: 0.001,
};

/** One finished epoch, in Keras's terms: means over the epoch, then over the test digits. */
export interface EpochRecord {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
  readonly testDigits: number;
  readonly batchSize: number;
}

/** Columns of the curves: `x` in epochs (2.5 = half of the third), running means of the epoch. */
export interface BatchCurve {
  readonly x: number[];
  readonly loss: number[];
  readonly accuracy: number[];
}

export interface Run {
  /** What the run began with; null for the page's own model. */
  model: Origin | null;
  settings: Settings;
  /** The epoch at which training is finished, 1-based. */
  target: number;
  epochs: EpochRecord[];
  batches: BatchCurve;
}

/** At most so many batch points are kept of one epoch. */
export const pointsPerEpoch = 200;
/** At most so many are kept in all; beyond that, every second one goes. */
const maxPoints = 4000;

export function emptyRun(settings: Settings, model: Origin | null = null): Run {
  return { model, settings, target: 0, epochs: [], batches: { x: [], loss: [], accuracy: [] } };
}

/** The epoch to train up to when "Train" is pressed now. */
export function nextTarget(run: Run, settings: Settings): number {
  const done = run.epochs.length;
  if (run.target > done && settings.epochs === run.settings.epochs) return run.target;
  return settings.epochs > done ? settings.epochs : done + settings.epochs;
}

export function stepsPerEpoch({ digits, batchSize }: Settings): number {
  return Math.ceil(digits / batchSize);
}

/** Whether training with other settings is the same run: it may well be longer. */
export function isSameRun(a: Settings, b: Settings): boolean {
  const { digits, batchSize, learningRate } = a;
  return digits === b.digits && batchSize === b.batchSize && learningRate === b.learningRate;
}

/** The test set grows with the training set, as in TensorFlow's tutorial: 1,000 beside 1,000. */
export function testDigitsFor(digits: number): number {
  return Math.min(digits, 10000);
}

/** Adds a point, thinning the older ones rather than growing without end. */
export function addBatchPoint(curve: BatchCurve, x: number, loss: number, accuracy: number): void {
  // Six digits are what the kept file holds; rounded here, a restored curve is the same curve.
  const round = (value: number): number => Number(value.toPrecision(6));
  curve.x.push(round(x));
  curve.loss.push(round(loss));
  curve.accuracy.push(round(accuracy));
  if (curve.x.length <= maxPoints) return;
  for (const column of [curve.x, curve.loss, curve.accuracy]) {
    const kept = column.filter((_, index) => index % 2 === 1);
    column.splice(0, column.length, ...kept);
  }
}

/** Forgets everything after `epoch`: what an interrupted epoch left, or what no file holds. */
export function truncateRun(run: Run, epoch: number): void {
  run.epochs.length = Math.min(run.epochs.length, epoch);
  const end = run.batches.x.findIndex((x) => x > epoch + 1e-9);
  if (end < 0) return;
  for (const column of [run.batches.x, run.batches.loss, run.batches.accuracy]) column.length = end;
}

const formatVersion = 1;

export function encodeRun(run: Run): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      version: formatVersion,
      model: run.model,
      settings: run.settings,
      target: run.target,
      epochs: run.epochs,
      batches: run.batches,
    }),
  );
}

type Json = Record<string, unknown>;

function record(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('not a record');
  return value as Json;
}

/** JSON writes NaN and infinities as null: an epoch that diverged. */
function number(value: unknown): number {
  if (value === null) return NaN;
  if (typeof value !== 'number') throw new TypeError('not a number');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value;
}

/** The id is part of a path. */
function origin(value: unknown): Origin | null {
  if (value === null || value === undefined) return null;
  const { id, name, kind, rate } = record(value);
  if (!/^[\w-]+$/.test(text(id))) throw new RangeError('not an id');
  return {
    id: text(id),
    name: text(name),
    kind: text(kind),
    rate: rate === null ? null : positive(rate),
  };
}

function positive(value: unknown): number {
  const checked = number(value);
  if (!(checked > 0)) throw new RangeError('not positive');
  return checked;
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value;
}

/** The run of `encodeRun`; null for anything else, since the files can be edited by anyone. */
export function decodeRun(bytes: Uint8Array): Run | null {
  try {
    const json = record(JSON.parse(new TextDecoder().decode(bytes)));
    if (json.version !== formatVersion) return null;
    const settings = record(json.settings);
    const batches = record(json.batches);
    const columns = [batches.x, batches.loss, batches.accuracy].map((column) =>
      list(column).map(number),
    );
    const [x = [], loss = [], accuracy = []] = columns;
    if (loss.length !== x.length || accuracy.length !== x.length) return null;
    const model = origin(json.model);
    const rate = number(settings.learningRate);
    return {
      model,
      settings: {
        digits: positive(settings.digits),
        epochs: positive(settings.epochs),
        batchSize: positive(settings.batchSize),
        learningRate: model && rate === 0 ? 0 : positive(rate),
      },
      target: number(json.target),
      epochs: list(json.epochs).map((entry, index) => {
        const epoch = record(entry);
        return {
          epoch: index + 1,
          loss: number(epoch.loss),
          accuracy: number(epoch.accuracy),
          valLoss: number(epoch.valLoss),
          valAccuracy: number(epoch.valAccuracy),
          testDigits: positive(epoch.testDigits),
          batchSize: positive(epoch.batchSize),
        };
      }),
      batches: { x, loss, accuracy },
    };
  } catch {
    return null;
  }
}
