import { TabtrainError, came, invalid } from '../errors';
import { connect } from '../client/engine';
import { filesOf, type FilesSource } from '../client/files';
import { checkRecord, flag } from '../config/options';
import {
  checkCustomObjects,
  knownNames,
  withCustomObjects,
  type CustomObjects,
} from '../custom/objects';
import type { ModelSource, OpenedModel } from '../host/protocol';
import type { CompileOptions } from './compile';
import { modelFromJson, type Sequential } from './sequential';

export interface LoadModelOptions {
  /** Whether to compile as the file says, optimizer state included; default true. */
  readonly compile?: boolean;
  /** Classes and functions of your own, by the names that the file has for them. */
  readonly customObjects?: CustomObjects;
  /** Called with each sentence about what was converted or left out, such as a metric that Keras does not have. */
  readonly onNote?: (sentence: string) => void;
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
  const { model, opened } = await load(source, options);
  for (const sentence of opened.notes) options.onNote?.(sentence);
  return model;
}

/** @internal The same, with what is known of the file. */
export async function load(
  source: ModelFile,
  options: LoadModelOptions,
): Promise<{ model: Sequential; opened: OpenedModel }> {
  const where = 'loadModel';
  checkRecord(where, options, ['compile', 'customObjects', 'onNote']);
  const { compile = true, onNote } = options;
  if (onNote !== undefined && typeof onNote !== 'function') {
    invalid(`${where}: onNote: expected a function, came ${came(onNote)}`);
  }
  const customObjects = checkCustomObjects(options.customObjects ?? {}, where);
  flag(compile, `${where}: compile`);
  const connection = await connect();
  const opened = await connection.call('openModel', [
    await toSource(source, where),
    knownNames(customObjects),
  ]);
  try {
    const model = modelFromJson(opened.config, { customObjects });
    try {
      const chosen = compile ? (opened.compile as CompileOptions | null) : null;
      if (chosen) withCustomObjects(customObjects, () => model.compile(chosen));
      await model.restore(opened.id);
      return { model, opened };
    } catch (error) {
      model.dispose();
      throw withHint(error);
    }
  } finally {
    await connection.call('closeModel', [opened.id]);
  }
}

/** A class that nobody here knows is likely one of the user's. */
function withHint(error: unknown): unknown {
  if (!(error instanceof TabtrainError) || error.code !== 'UNKNOWN_CLASS') return error;
  const hint =
    'a class or function of your own is passed as loadModel(file, { customObjects: { Name } }), ' +
    'or made known by registerSerializable';
  return new TabtrainError('UNKNOWN_CLASS', `${error.message}; ${hint}`, { cause: error });
}

async function toSource(source: unknown, where: string): Promise<ModelSource> {
  if (typeof source === 'string') {
    if (source === '') invalid(`${where}: path: expected a text, came ''`);
    return { path: source };
  }
  if (source === null || typeof source !== 'object') {
    invalid(`${where}: expected a path or files, came ${came(source)}`);
  }
  return { files: await filesOf(source as FilesSource, where) };
}
