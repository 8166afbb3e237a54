import { connect } from '../client/engine';
import type { FilesSource, Reading } from '../client/readFiles';
import { throwIfAborted } from '../client/upload';
import { checkRecord, flag } from '../config/options';
import {
  checkCustomObjects,
  knownNames,
  withCustomObjects,
  type CustomObjects,
} from '../custom/objects';
import type { CompileOptions } from './compile';
import { checkSignal } from './options';
import type * as modelSource from './modelSource';
import { modelFromJson, type Sequential } from './sequential';

const WHERE = 'loadModel';

/**
 * `onProgress` hears of the reading of files that were given, not of those that a path or an address names.
 * Once `signal` aborts, `loadModel` rejects with `ABORTED`, and nothing of the model stays.
 */
export interface LoadModelOptions extends Reading {
  /** Whether to compile as the file says, optimizer state included; default true. */
  readonly compile?: boolean;
  /** Classes and functions of your own, by the names that the file has for them. */
  readonly customObjects?: CustomObjects;
}

/**
 * What `loadModel` reads: a path of the storage, a file, the files of a directory, an `https:` or `http:`
 * address, or `indexeddb://NAME`, a model that TensorFlow.js stored in this origin.
 */
export type ModelFile = string | FilesSource;

/**
 * A model from a file or directory that Keras or `model.save` wrote: its layers, weights and, where it was
 * compiled, optimizer, loss and metrics with the optimizer's state. The format is recognised by content.
 * @throws TabtrainError `NOT_FOUND`, `CORRUPT_FILE`, `UNSUPPORTED` for what this version does not have,
 *   `UNKNOWN_CLASS`, `INVALID_ARGUMENT`, `OUT_OF_MEMORY`.
 */
export async function loadModel(
  source: ModelFile,
  options: LoadModelOptions = {},
): Promise<Sequential> {
  checkRecord(WHERE, options, ['compile', 'customObjects', 'onProgress', 'signal']);
  const { signal } = options;
  flag(options.compile ?? true, `${WHERE}: compile`);
  checkSignal(signal, WHERE);
  // Who trains a new model need not fetch it.
  const reader = await import('./modelSource');
  const work = load(source, options, reader);
  return signal ? reader.unlessAborted(work, signal) : work;
}

async function load(
  source: ModelFile,
  options: LoadModelOptions,
  { toSource, withHint }: Pick<typeof modelSource, 'toSource' | 'withHint'>,
): Promise<Sequential> {
  const { compile = true, signal } = options;
  const customObjects = checkCustomObjects(options.customObjects ?? {}, WHERE);
  const connection = await connect();
  const [given, own] = await toSource(source, options);
  const opened = await connection.call(
    'openModel',
    [given, knownNames(customObjects)],
    connection.crossesThreads ? own : [],
  );
  try {
    throwIfAborted(signal, WHERE);
    const model = modelFromJson(opened.config, { customObjects });
    try {
      const { format, version, notes } = opened;
      const said = opened.compile as CompileOptions | null;
      if (compile && said) withCustomObjects(customObjects, () => model.compile(said));
      const { notes: more = [] } = await model.restore(opened.id);
      throwIfAborted(signal, WHERE);
      model.loadedFrom = { format, version, notes: [...notes, ...more], compile: said };
      return model;
    } catch (error) {
      model.dispose();
      throw withHint(error, source);
    }
  } finally {
    await connection.call('closeModel', [opened.id]);
  }
}
