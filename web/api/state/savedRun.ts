import { TabtrainError, toTabtrainError } from '../errors';
import type { EngineInfo, EpochRecord, Restored } from '../host/protocol';
import type { Places } from './datasetPlaces';
import type { Loaded } from './generations';
import type { Place } from './saveQueue';
import type { Setup } from './setup';
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

export function restOf({ state, tensors, path }: Loaded<SavedRun>): Rest {
  const arrays = tensors.filter((each) => each.path.startsWith(REST));
  try {
    return decodeValue(state.rest, (index) => arrays[index]!.bytes) as Rest;
  } catch (error) {
    const reason = toTabtrainError(error).message;
    throw new TabtrainError('CORRUPT_FILE', `'${path}': ${reason}`);
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
