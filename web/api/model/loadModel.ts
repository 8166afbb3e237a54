import { TabtrainError, came, invalid } from '../errors';
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
import type { ModelSource, OpenedModel } from '../host/protocol';
import type { CompileOptions } from './compile';
import { checkSignal } from './options';
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
  return (await load(source, options)).model;
}

/** @internal The same, with what is known of the file. */
export async function load(
  source: ModelFile,
  options: LoadModelOptions,
): Promise<{ model: Sequential; opened: OpenedModel }> {
  checkRecord(WHERE, options, ['compile', 'customObjects', 'onProgress', 'signal']);
  const { onProgress, signal } = options;
  flag(options.compile ?? true, `${WHERE}: compile`);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    invalid(`${WHERE}: onProgress: expected a function, came ${came(onProgress)}`);
  }
  checkSignal(signal, WHERE);
  const work = loadWhole(source, options);
  return signal ? unlessAborted(work, signal) : work;
}

async function loadWhole(
  source: ModelFile,
  { compile = true, signal, ...options }: LoadModelOptions,
): Promise<{ model: Sequential; opened: OpenedModel }> {
  const customObjects = checkCustomObjects(options.customObjects ?? {}, WHERE);
  const connection = await connect();
  const [given, own] = await toSource(source, { ...options, ...(signal && { signal }) });
  throwIfAborted(signal, WHERE);
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
      await model.restore(opened.id);
      throwIfAborted(signal, WHERE);
      model.loadedFrom = { format, version, notes, compile: said };
      return { model, opened };
    } catch (error) {
      model.dispose();
      throw withHint(error);
    }
  } finally {
    await connection.call('closeModel', [opened.id]);
  }
}

/** The engine cannot leave off in the middle of a file: who gave up need not wait for that. */
function unlessAborted<T extends { readonly model: Sequential }>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      const cause: unknown = signal.reason;
      reject(new TabtrainError('ABORTED', `${WHERE}: aborted by its signal`, { cause }));
    };
    signal.addEventListener('abort', abort);
    work
      .then((loaded) => (signal.aborted ? loaded.model.dispose() : resolve(loaded)), reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

/** A class that nobody here knows is likely one of the user's. */
function withHint(error: unknown): unknown {
  if (!(error instanceof TabtrainError) || error.code !== 'UNKNOWN_CLASS') return error;
  const hint =
    'a class or function of your own is passed as loadModel(file, { customObjects: { Name } }), ' +
    'or made known by registerSerializable';
  return new TabtrainError('UNKNOWN_CLASS', `${error.message}; ${hint}`, { cause: error });
}

/** What the host reads, and the buffers in it that may move there. */
async function toSource(
  source: unknown,
  reading: Reading,
): Promise<[ModelSource, ArrayBufferLike[]]> {
  if (typeof source === 'string') {
    if (source === '') invalid(`${WHERE}: path: expected a text, came ''`);
    return [{ path: source }, []];
  }
  if (source === null || typeof source !== 'object') {
    invalid(`${WHERE}: expected a path or files, came ${came(source)}`);
  }
  const { filesOf } = await import('../client/readFiles');
  const files = await filesOf(source as FilesSource, WHERE, reading);
  const given = new Set(Object.values(source));
  return [{ files }, files.flatMap(({ bytes }) => (given.has(bytes) ? [] : bytes.buffer))];
}
