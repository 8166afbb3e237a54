import { TabtrainError, asError } from '../../errors';
import { join } from '../proto';
import type { FileSource } from '../types';

/*
 * What `model.save('indexeddb://NAME')` of TensorFlow.js makes (tfjs-core/src/io/indexed_db.ts): database
 * `tensorflowjs`, version 1, store `models_store`, records {modelPath: NAME, modelArtifacts}.
 */
const DATABASE = 'tensorflowjs';
const STORE = 'models_store';
const WEIGHTS = 'weights.bin';

/** The artifacts, as far as they are used. */
interface Artifacts {
  readonly weightSpecs?: unknown;
  readonly weightData?: unknown;
  readonly [key: string]: unknown;
}

/** A model of TensorFlow.js's store, as the files that it would be. */
export async function fromTfjsStore(name: string): Promise<FileSource> {
  const label = `indexeddb://${name}`;
  if (typeof indexedDB === 'undefined') {
    throw new TabtrainError('UNSUPPORTED_ENVIRONMENT', `loadModel: '${label}': no IndexedDB here`);
  }
  const artifacts = await find(name).catch((error: unknown) => {
    throw new TabtrainError('STORAGE_UNAVAILABLE', `loadModel: '${label}': ${String(error)}`, {
      cause: error,
    });
  });
  if (!artifacts) {
    throw new TabtrainError('NOT_FOUND', `loadModel: TensorFlow.js stored no '${label}' here`);
  }
  const { weightSpecs, weightData, ...rest } = artifacts;
  const manifest = weightSpecs ? [{ paths: [WEIGHTS], weights: weightSpecs }] : [];
  const json = new TextEncoder().encode(JSON.stringify({ ...rest, weightsManifest: manifest }));
  const weights = bytesOf(weightData);
  return {
    label,
    single: false,
    names: ['model.json', WEIGHTS],
    read: (wanted) =>
      Promise.resolve(wanted === 'model.json' ? json : wanted === WEIGHTS ? weights : null),
  };
}

/** One buffer, or several. */
function bytesOf(data: unknown): Uint8Array | null {
  const isBuffer = (value: unknown) =>
    Object.prototype.toString.call(value) === '[object ArrayBuffer]';
  const all = Array.isArray(data) ? data : [data];
  return all.every(isBuffer)
    ? join(all.map((buffer) => new Uint8Array(buffer as ArrayBuffer)))
    : null;
}

/** Makes no database where there is none. */
function find(name: string): Promise<Artifacts | null> {
  return new Promise((resolve, reject) => {
    let isNew = false;
    const opening = indexedDB.open(DATABASE);
    opening.onupgradeneeded = () => {
      isNew = true;
      opening.transaction?.abort();
    };
    opening.onerror = () => (isNew ? resolve(null) : reject(asError(opening.error)));
    opening.onsuccess = () => {
      const database = opening.result;
      const finish = (act: () => void) => {
        database.close();
        act();
      };
      if (!database.objectStoreNames.contains(STORE)) return finish(() => resolve(null));
      const getting = database.transaction(STORE, 'readonly').objectStore(STORE).get(name);
      getting.onerror = () => finish(() => reject(asError(getting.error)));
      getting.onsuccess = () =>
        finish(() => {
          const record = getting.result as { modelArtifacts?: Artifacts } | undefined;
          resolve(record?.modelArtifacts ?? null);
        });
    };
  });
}
