import { TabtrainError } from '../api/index';
import { checkpointName } from './checkpoints';
import { placeText, type Failure, type Place, type SavedPlace } from './phases';

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
  open: 'The model was not opened',
  evaluate: 'The model was not evaluated',
  adopt: 'The model was not taken up',
  export: 'The model was not saved',
};

const todoByPlace: Record<Place, string> = {
  start: 'Reload the page. If it stays so, try a current Chrome, Edge, Firefox or Safari.',
  data: 'Check the connection, then press “Try again”.',
  restore: 'Download the files if you want to keep them, then press “Start over” for a new model.',
  train: 'Press “Train” to go on. If it happens again, reload the page.',
  save: 'Press “Train” to go on; the next epoch tries to save again.',
  files: 'Try again, or reload the page.',
  predict: 'Draw again.',
  open: 'Drop or open a SavedModel folder, an .h5 or .keras file, a model.json with its shards, or a zip of a folder.',
  evaluate: 'Open the file again, or compile the model in Keras with a loss for ten classes.',
  adopt: 'Try again, or reload the page.',
  export: 'Choose another format.',
};

/** What to do about an error of this code, at these places. */
const todoByPlaceAndCode: Partial<Record<Place, Record<string, string>>> = {
  open: {
    CORRUPT_FILE: 'Get the file anew: this copy is damaged, or a part of it is missing.',
    SHAPE_MISMATCH: 'Get the file anew: its weights do not fit its layers.',
    NOT_FOUND: 'Drop or pick the whole folder: a file that belongs to the model is missing.',
    UNKNOWN_CLASS:
      'Save it as a SavedModel, which brings its own layers along, or load it with the npm package and customObjects.',
    OUT_OF_MEMORY: 'Close other tabs, or take a smaller model.',
  },
  adopt: {
    QUOTA_EXCEEDED: 'Free space on this device, or download and delete checkpoints below.',
    LOCKED: 'Close the other tab that trains here.',
  },
};

const todoByCode: Record<string, string> = {
  QUOTA_EXCEEDED:
    'Free space on this device, or download and delete checkpoints below; then press “Train” to go on. Or go on without saving: then what is trained is lost when this tab is closed.',
  STORAGE_UNAVAILABLE:
    'Press “Train” to try again; reload the page if it stays so. Or go on without saving: then what is trained is lost when this tab is closed.',
  LOCKED: 'Close the other tab that trains here, then press “Train”.',
  CORRUPT_FILE: 'Press “Start over” for a new model; download the files before, to keep them.',
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

/** Who uses the page called nothing. */
const withoutCall = (text: string): string => text.replace(/^(loadModel|model\.\w+): /, '');

/** Whether saving alone failed, so that training can go on without it. */
export function canGoOnUnsaved({ place, error }: Failure): boolean {
  const isStorage =
    error instanceof TabtrainError &&
    ['QUOTA_EXCEEDED', 'STORAGE_UNAVAILABLE'].includes(error.code);
  return isStorage && (place === 'train' || place === 'save');
}

/** What is known to be stored: the newest checkpoint's epoch, 0 for none, and where a run would go on. */
export interface Safe {
  readonly epoch: number;
  readonly place: SavedPlace | null;
}

export function explain(failure: Failure, { epoch, place: where }: Safe): Explanation {
  const { place, error } = failure;
  const code = error instanceof TabtrainError ? error.code : '';
  const isOfModel = ['open', 'evaluate', 'adopt', 'export'].includes(place);
  const byCode = isOfModel ? todoByPlaceAndCode[place] : todoByCode;
  const isFull = code === 'QUOTA_EXCEEDED' && canGoOnUnsaved(failure);
  const happened = isFull
    ? 'The browser has no more room for this page, so nothing more can be saved'
    : `${whatFailed[place]}: ${isOfModel ? withoutCall(reason(error)) : reason(error)}`;
  const stored = [
    ...(where ? [`the run up to ${placeText(where)}`] : []),
    ...(epoch > 0 ? [`${checkpointName(epoch)} and the older files below`] : []),
  ];
  const saved =
    stored.length > 0
      ? `Safe: ${stored.join(', ')}.`
      : 'Nothing was saved yet, so nothing is lost but this run.';
  const safe = isOfModel
    ? 'Safe: the model of this page and its files are as they were.'
    : place === 'data' || place === 'start'
      ? 'Safe: checkpoints of earlier visits are not touched.'
      : place === 'save'
        ? `${saved} The weights in this tab are complete.`
        : saved;
  return {
    what: `${happened}${code ? ` (${code})` : ''}.`,
    safe,
    todo: byCode?.[code] ?? todoByPlace[place],
  };
}
