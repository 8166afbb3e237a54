import { TabtrainError, invalid } from '../errors';
import { MOST_JSON_BYTES } from './limits';
import { besides, oneFile } from './oneFile';
import type { FileSource } from './types';

/** The largest file that is taken for a whole model. */
const MOST_BYTES = 2 ** 31;

/** A model at an address: a file, or the JSON file that names others below its own directory. */
export async function fromUrl(address: string): Promise<FileSource> {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    invalid(
      `loadModel: expected a path, 'https://', 'http://' or 'indexeddb://', came '${address}'`,
    );
  }
  const path = url.pathname;
  const isJson = path.endsWith('.json');
  const main = await download(url, isJson ? MOST_JSON_BYTES : MOST_BYTES);
  if (!main) throw new TabtrainError('NOT_FOUND', `loadModel: there is no '${address}'`);
  const name = decoded(path.slice(path.lastIndexOf('/') + 1)) || 'model';
  if (!isJson) return oneFile(name, main.bytes, address);
  const directory = new URL('.', main.url);
  return besides(name, main.bytes, address, async (other, most) => {
    const target = new URL(other, directory);
    const isBelow = (found: URL) => found.href.startsWith(directory.href);
    if (!isBelow(target)) invalid(`loadModel: '${address}' names '${other}', which is elsewhere`);
    // As TensorFlow.js: what is asked for with the model is asked for with its files.
    target.search = url.search;
    const file = await download(target, most ?? MOST_BYTES);
    if (file && !isBelow(file.url)) {
      invalid(`loadModel: '${address}': '${other}' was redirected elsewhere`);
    }
    return file?.bytes ?? null;
  });
}

/** An address may have a percent sign that stands for itself. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Null where there is none. Stops at the first byte that is one too many. */
async function download(url: URL, most: number): Promise<{ bytes: Uint8Array; url: URL } | null> {
  const failed = (reason: string): never => {
    throw new TabtrainError(
      'STORAGE_UNAVAILABLE',
      `loadModel: '${url.href}' did not load: ${reason}`,
    );
  };
  const response = await fetch(url).catch((error: unknown) => failed(String(error)));
  if (response.status === 404 || response.status === 410) return null;
  if (!response.ok) failed(`HTTP status ${response.status}`);
  const tooMuch = (): never => {
    throw new TabtrainError('CORRUPT_FILE', `loadModel: '${url.href}' has more than ${most} bytes`);
  };
  // Of a compressed body that is the length on the way.
  const isPlain = !response.headers.get('content-encoding');
  if (isPlain && Number(response.headers.get('content-length')) > most) {
    await response.body?.cancel();
    tooMuch();
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read().catch((error: unknown) => failed(String(error)));
    if (!next || next.done) break;
    length += next.value.length;
    if (length > most) {
      await reader!.cancel();
      tooMuch();
    }
    chunks.push(next.value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { bytes, url: new URL(response.url || url) };
}
