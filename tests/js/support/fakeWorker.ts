import { MemoryBackend } from '../../../web/api/storage/memoryBackend';
import type { Hdf5 } from '../../../web/api/host/host';
import type { ToClient, ToHost } from '../../../web/api/transport/messages';
import { newEngine } from './engine';

/** A Worker whose scope is in this thread: messages are cloned and transferred as between threads. */
export class FakeWorker {
  onmessage: ((event: { data: ToClient }) => void) | null = null;
  onerror: ((event: { message: string; preventDefault(): void }) => void) | null = null;
  onmessageerror: (() => void) | null = null;
  terminated = false;
  readonly received: ToHost[] = [];
  #listener: ((event: MessageEvent<ToHost>) => void) | null = null;

  readonly scope = {
    postMessage: (message: ToClient, transfer: Transferable[] = []) => {
      const data = structuredClone(message, { transfer: transfer as ArrayBuffer[] });
      setImmediate(() => this.onmessage?.({ data }));
    },
    addEventListener: (_: 'message', listener: (event: MessageEvent<ToHost>) => void) => {
      this.#listener = listener;
    },
  };

  postMessage(message: ToHost, transfer: Transferable[] = []): void {
    const data = structuredClone(message, { transfer: transfer as ArrayBuffer[] });
    this.received.push(data);
    setImmediate(() => this.#listener?.({ data } as MessageEvent<ToHost>));
  }

  terminate(): void {
    this.terminated = true;
  }

  fail(message = ''): void {
    this.onerror?.({ message, preventDefault: () => {} });
  }

  get worker(): Worker {
    return this as unknown as Worker;
  }
}

/** What a worker needs beside the engine; it keeps nothing. */
export const fakePlatform = {
  files: {
    glue: () => Promise.resolve({ default: () => newEngine() }),
    compile: () => Promise.resolve({} as WebAssembly.Module),
  },
  openBackend: () => Promise.resolve({ backend: new MemoryBackend(), why: ['memory only'] }),
  extras: () => import('../../../web/api/extras'),
  formats: () => import('../../../web/api/formats'),
  // The bundler puts a library in.
  hdf5: () => import(new URL('../../../dist/hdf5.js', import.meta.url).href) as Promise<Hdf5>,
};
