import { TabtrainError } from './errors';
import type { InitOptions, Platform } from './client/platform';
import { pickVariant } from './engine/variants';
import type { HostClient } from './host/protocol';
import type { Transport } from './transport/transport';
import { WorkerTransport } from './transport/workerTransport';

/** A page: the engine runs in a module worker, files are kept in IndexedDB. */
export const browserPlatform: Platform = {
  terminal: null,
  installedMnist: () => Promise.resolve(null),
  file: (bytes, type) => new Blob([bytes as BlobPart], { type }),

  async open(options: InitOptions, client: HostClient): Promise<Transport> {
    if (globalThis.isSecureContext === false) {
      unsupportedHere('this page is not a secure context; serve it over https or from localhost');
    }
    pickVariant(options.variant ?? 'auto');
    return WorkerTransport.open(startWorker(options), client);
  },

  persist: async () => (await navigator.storage?.persist?.()) ?? false,
  persisted: async () => (await navigator.storage?.persisted?.()) ?? false,
};

function startWorker({ worker, workerUrl }: InitOptions): Worker {
  if (typeof worker === 'function') return worker();
  if (worker) return worker;
  if (typeof Worker === 'undefined') unsupportedHere('there are no workers here');
  try {
    return workerUrl === undefined
      ? new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
      : new Worker(workerUrl, { type: 'module' });
  } catch (error) {
    return unsupportedHere(`the worker did not start: ${String(error)}; see init's workerUrl`);
  }
}

function unsupportedHere(message: string): never {
  throw new TabtrainError('UNSUPPORTED_ENVIRONMENT', message);
}
