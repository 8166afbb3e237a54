// Loaded where files are given: the first fit does without.
import { TabtrainError, came, invalid } from '../errors';
import { throwIfAborted } from './upload';

/** Files by name; or the browser's, one or many. */
export type FilesSource =
  Blob | FileList | readonly File[] | Readonly<Record<string, Uint8Array | Blob>>;

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Who follows the reading of files, and may end it. */
export interface Reading {
  /** Bytes so far, of all files together. */
  readonly onProgress?: (progress: { readonly loaded: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/** Bytes of a file that are read in one go, and copied in one task. */
const CHUNK_BYTES = 4 << 20;

/** The bytes of files, under the paths that they had; those of blobs are new. */
export async function filesOf(
  source: FilesSource,
  where: string,
  { onProgress, signal }: Reading = {},
): Promise<NamedBytes[]> {
  const isBlob = (value: unknown) => typeof Blob === 'function' && value instanceof Blob;
  const isList =
    Array.isArray(source) || (typeof FileList === 'function' && source instanceof FileList);
  const list = isBlob(source) ? [source as File] : Array.from(source as ArrayLike<File>);
  const given: [string, Blob | Uint8Array][] =
    isBlob(source) || isList
      ? list.map((file) => [file.webkitRelativePath || (file.name ?? 'model'), file])
      : Object.entries(source as Readonly<Record<string, Uint8Array | Blob>>);
  let [loaded, total] = [0, 0];
  for (const [name, content] of given) {
    if (!isBlob(content) && !ArrayBuffer.isView(content)) {
      invalid(`${where}: '${name}': expected a Uint8Array or a Blob, came ${came(content)}`);
    }
    total += (content as Blob).size ?? (content as Uint8Array).byteLength;
  }
  const tell = (bytes: number) => onProgress?.({ loaded: (loaded += bytes), total });
  const files: NamedBytes[] = [];
  for (const [name, content] of given) {
    const bytes = ArrayBuffer.isView(content)
      ? content
      : await bytesOf(content, `${where}: '${name}'`, tell, signal);
    if (bytes === content) tell(bytes.byteLength);
    files.push({ name, bytes });
  }
  return files;
}

async function bytesOf(
  blob: Blob,
  what: string,
  tell: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(blob.size);
  } catch {
    throw new TabtrainError('OUT_OF_MEMORY', `${what}: its ${blob.size} bytes do not fit`);
  }
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    throwIfAborted(signal, what);
    const part = blob.slice(at, at + CHUNK_BYTES);
    const read = await part.arrayBuffer().catch((error: unknown) => {
      throw new TabtrainError('STORAGE_UNAVAILABLE', `${what} was not read: ${String(error)}`);
    });
    bytes.set(new Uint8Array(read), at);
    tell(read.byteLength);
  }
  return bytes;
}
