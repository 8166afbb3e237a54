// Loaded where `loadModel` is called: the first fit does without.
import { TabtrainError, came, invalid } from '../errors';
import { filesOf, type FilesSource, type Reading } from '../client/readFiles';
import type { ModelSource } from '../host/protocol';
import type { Sequential } from './sequential';

const WHERE = 'loadModel';

/** The engine cannot leave off in the middle of a file: who gave up need not wait for that. */
export function unlessAborted(work: Promise<Sequential>, signal: AbortSignal): Promise<Sequential> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      const cause: unknown = signal.reason;
      reject(new TabtrainError('ABORTED', `${WHERE}: aborted by its signal`, { cause }));
    };
    signal.addEventListener('abort', abort);
    work
      .then((model) => (signal.aborted ? model.dispose() : resolve(model)), reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

/** A name of what `toSource` takes. */
function labelOf(source: unknown): string {
  if (typeof source === 'string') return source;
  const { name } = source as { name?: unknown };
  if (typeof name === 'string') return name;
  const [key, file] = Object.entries(source as object)[0] as [string, { name?: string }];
  return file?.name ?? key;
}

/** A class that nobody here knows is likely one of the user's. */
export function withHint(error: unknown, source: unknown): unknown {
  if (!(error instanceof TabtrainError) || error.code !== 'UNKNOWN_CLASS') return error;
  const hint =
    'a class or function of your own is passed as loadModel(file, { customObjects: { Name } }), ' +
    'or made known by registerSerializable';
  const message = `${WHERE}: '${labelOf(source)}': ${error.message}; ${hint}`;
  return new TabtrainError('UNKNOWN_CLASS', message, { cause: error });
}

/** What the host reads, and the buffers in it that may move there. */
export async function toSource(
  source: unknown,
  reading: Reading,
): Promise<[ModelSource, ArrayBufferLike[]]> {
  const { onProgress } = reading;
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    invalid(`${WHERE}: onProgress: expected a function, came ${came(onProgress)}`);
  }
  if (typeof source === 'string') {
    if (source === '') invalid(`${WHERE}: path: expected a text, came ''`);
    return [{ path: source }, []];
  }
  if (source === null || typeof source !== 'object') {
    invalid(`${WHERE}: expected a path or files, came ${came(source)}`);
  }
  const files = await filesOf(source as FilesSource, WHERE, reading);
  const given = new Set(Object.values(source));
  return [{ files }, files.flatMap(({ bytes }) => (given.has(bytes) ? [] : bytes.buffer))];
}
