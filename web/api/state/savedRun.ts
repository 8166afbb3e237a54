import { FitStep } from '../engine/engine';
import { came, toTabtrainError, unsupported } from '../errors';
import type { EngineInfo, EpochRecord, Restored } from '../host/protocol';
import type { Places } from './datasetPlaces';
import type { Loaded } from './generations';
import type { Place } from './saveQueue';
import type { Setup } from './setup';
import { corrupt, type StateContents } from './stateFile';
import { decodeValue } from './values';

/** The record in a file of training state; the tensors beside it are the run's variables, and bytes. */
export interface SavedRun {
  readonly engine: Pick<EngineInfo, 'version' | 'variant'>;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly setup: Setup;
  readonly place: Place;
  /** {@link Rest}, encoded. */
  readonly rest: unknown;
}

/** What is kept beside the engine's state, in plain values. */
export interface Rest {
  readonly history: readonly EpochRecord[];
  /** Class names of the callbacks that have state. */
  readonly callbackNames: readonly string[];
  /** Their states. */
  readonly callbacks: readonly unknown[];
  readonly datasets: Places;
  readonly last: unknown;
}

/** Paths of the tensors that hold the typed arrays of {@link Rest}. */
export const REST = 'rest/';

/** What a place consists of, as the engine writes it (`model/resume.cpp`). */
export const PLACE = [
  'next', 'initial_epoch', 'epoch', 'batch', 'pass', 'batch_of_pass', 'steps', 'validation_steps',
  'insufficient_data', 'stopped', 'data_ended', 'seed', 'shuffles', 'traced',
] as const; // prettier-ignore

/** The steps that a run can go on with: those outside validation. */
const NEXT: readonly unknown[] = [
  FitStep.EpochBegin,
  FitStep.TrainBatch,
  FitStep.ValidationBegin,
  FitStep.EpochEnd,
  FitStep.TrainEnd,
];

/**
 * Throws `CORRUPT_FILE` for what no version writes, so that nobody who goes on has to expect it, and
 * `UNSUPPORTED` for a place with more than this one knows.
 */
export function checkRun(contents: StateContents<SavedRun>): void {
  const { engine, time, setup, place } = recordOf(contents.state, 'a record of a run');
  const { version, variant } = recordOf(engine, 'an engine');
  if (typeof version !== 'string' || typeof variant !== 'string') expected('an engine', engine);
  if (typeof time !== 'number') expected('a time', time);
  const parts = recordOf(setup, 'a setup');
  for (const part of ['model', 'compile', 'options', 'data'])
    recordOf(parts[part], `setup.${part}`);
  checkPlace(recordOf(place, 'a place'));
  const { history, callbackNames, callbacks, datasets } = recordOf(restOf(contents), 'the rest');
  const states = listOf(callbacks, 'the states of callbacks');
  const names = listOf(callbackNames, 'the names of callbacks');
  if (names.length !== states.length || !names.every((name) => typeof name === 'string')) {
    expected(`${states.length} names of callbacks`, names);
  }
  for (const each of listOf(history, 'a history')) {
    const { epoch, logs } = recordOf(each, 'an epoch');
    if (!Number.isSafeInteger(epoch)) expected('the number of an epoch', epoch);
    for (const value of Object.values(recordOf(logs, 'logs'))) {
      if (typeof value !== 'number') expected('numbers in logs', value);
    }
  }
  checkDatasets(recordOf(datasets, 'the places of datasets'));
}

function checkDatasets({ rows, passes, states }: Readonly<Record<string, unknown>>): void {
  if (!Number.isSafeInteger(rows)) expected('the rows of a batch', rows);
  recordOf(states, 'the states of datasets');
  for (const each of listOf(passes, 'passes over datasets')) {
    const [of, taken, crc] = listOf(each, 'a pass over a dataset');
    const isPass = ['train', 'validation'].includes(of as string);
    if (!isPass || !Number.isSafeInteger(taken) || typeof crc !== 'number') {
      expected('a pass over a dataset', each);
    }
  }
}

function checkPlace(place: Readonly<Record<string, unknown>>): void {
  const more = Object.keys(place).find((key) => !(PLACE as readonly string[]).includes(key));
  if (more !== undefined) {
    unsupported(`it was written by a later version: its place has '${more}'`);
  }
  for (const key of PLACE) {
    const value = place[key] as number;
    const isIn = Number.isInteger(value) && value >= -1 && value <= 2 ** 53;
    if (!isIn) expected(`a number as place.${key}`, value);
  }
  if (!NEXT.includes(place['next'])) expected('a step as place.next', place['next']);
  if (place['batch_of_pass'] === -1) expected('a batch as place.batch_of_pass', -1);
}

function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) expected(what, value);
  return value as Readonly<Record<string, unknown>>;
}

function listOf(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : expected(what, value);
}

function expected(what: string, value: unknown): never {
  corrupt(`expected ${what}, came ${came(value)}`);
}

/** Throws `CORRUPT_FILE` in a sentence that says what is wrong. */
export function restOf({ state, tensors }: StateContents<SavedRun>): Rest {
  const arrays = tensors.filter((each) => each.path.startsWith(REST));
  try {
    return decodeValue(state.rest, (index) => arrays[index]!.bytes) as Rest;
  } catch (error) {
    return corrupt(toTabtrainError(error).message);
  }
}

/** What the caller's side is told; `engine` is the one that runs now. */
export function restoredOf(
  { state, refused, path }: Loaded<SavedRun>,
  { history, callbacks }: Rest,
  engine: SavedRun['engine'],
): Restored {
  const warnings = refused.map((each) => `'${each.path}' was not used: ${each.reason}`);
  const { version, variant } = state.engine;
  if (version !== engine.version || variant !== engine.variant) {
    warnings.push(
      `'${path}' was saved by ${version} (${variant}): from here on the bits may differ from that build's`,
    );
  }
  const { epoch, batch, next } = state.place as Record<'epoch' | 'batch' | 'next', number>;
  return { epoch, batch, next, warnings, savedAt: state.time, history, callbacks };
}
