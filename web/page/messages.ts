import { TabtrainError } from '../api/index';
import { checkpointName } from './checkpoints';
import type { Failure, Place } from './trainer';

/** A failure in the three sentences that a person needs. */
export interface Explanation {
  readonly what: string;
  readonly safe: string;
  readonly todo: string;
}

const whatFailed: Record<Place, string> = {
  start: 'The engine could not start',
  data: 'MNIST could not be loaded',
  restore: 'The checkpoints of your last visit could not be loaded',
  train: 'Training stopped',
  save: 'The checkpoint could not be saved',
  files: 'That did not work on the files',
  predict: 'The model could not answer',
};

const todoByPlace: Record<Place, string> = {
  start: 'Reload the page. If it stays so, try a current Chrome, Edge, Firefox or Safari.',
  data: 'Check the connection, then press “Try again”.',
  restore: 'Download the files if you want to keep them, then press “Start over” for a new model.',
  train: 'Press “Train” to go on. If it happens again, reload the page.',
  save: 'Press “Train” to go on; the next epoch tries to save again.',
  files: 'Try again, or reload the page.',
  predict: 'Draw again.',
};

const todoByCode: Record<string, string> = {
  QUOTA_EXCEEDED:
    'Delete checkpoints below or free space on this device, then press “Train” to go on.',
  STORAGE_UNAVAILABLE:
    'Download what you want to keep. Outside a private window the browser keeps files.',
  LOCKED: 'Close the other tab that has this page open, then reload this one.',
  NOT_FINITE: 'Choose a smaller learning rate, then press “Train”.',
  OUT_OF_MEMORY:
    'Choose fewer training digits or a smaller batch, or close other tabs, then reload the page.',
  UNSUPPORTED_ENVIRONMENT:
    'Use a current Chrome, Edge, Firefox or Safari, and open the page over https or localhost.',
};

/** The message of anything thrown, without a trailing full stop. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\.$/, '');
}

/** @param savedEpoch the newest epoch that is known to be saved; 0 for none */
export function explain({ place, error }: Failure, savedEpoch: number): Explanation {
  const code = error instanceof TabtrainError ? error.code : '';
  const saved =
    savedEpoch > 0
      ? `Safe: ${checkpointName(savedEpoch)} and the older files below are as they were.`
      : 'Nothing was saved yet, so nothing is lost but this run.';
  const safe =
    place === 'data' || place === 'start'
      ? 'Safe: checkpoints of earlier visits are not touched.'
      : place === 'save'
        ? `${saved} The weights in this tab are complete.`
        : saved;
  return {
    what: `${whatFailed[place]}: ${reason(error)}${code ? ` (${code})` : ''}.`,
    safe,
    todo: todoByCode[code] ?? todoByPlace[place],
  };
}
