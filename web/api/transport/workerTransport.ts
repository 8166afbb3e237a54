import { TabtrainError } from '../errors';
import type { HostApi, HostClient } from '../host/protocol';
import { fromWire, toWire, type ToClient, type ToHost } from './messages';
import type { Transport } from './transport';

/** How long a worker may take to load its script, in milliseconds. */
const LOAD_TIMEOUT_MS = 60_000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The host in a module worker. */
export class WorkerTransport implements Transport {
  readonly crossesThreads = true;
  readonly closed: Promise<Error>;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #dead: Error | null = null;
  #close!: (reason: Error) => void;

  private constructor(worker: Worker) {
    this.#worker = worker;
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  /** Resolves when the worker answers; `UNSUPPORTED_ENVIRONMENT` if it cannot be loaded. */
  static open(worker: Worker, client: HostClient): Promise<WorkerTransport> {
    const transport = new WorkerTransport(worker);
    return new Promise((resolve, reject) => {
      const fail = (message: string) => {
        const error = new TabtrainError('UNSUPPORTED_ENVIRONMENT', message);
        transport.#die(error);
        reject(error);
      };
      const timer = setTimeout(
        () => fail(`the worker did not answer within ${LOAD_TIMEOUT_MS / 1000} s`),
        LOAD_TIMEOUT_MS,
      );
      let ready = false;
      worker.onerror = (event) => {
        event.preventDefault?.();
        clearTimeout(timer);
        const reason = event.message || 'its script could not be loaded';
        if (!ready) fail(`the worker did not start: ${reason}`);
        else transport.#die(new TabtrainError('INTERNAL', `the worker died: ${reason}`));
      };
      worker.onmessageerror = () =>
        transport.#die(new TabtrainError('INTERNAL', 'a message of the worker could not be read'));
      worker.onmessage = ({ data }: MessageEvent<ToClient>) => {
        if (data.type !== 'ready') return transport.#receive(data, client);
        ready = true;
        clearTimeout(timer);
        transport.#watch(data.lock);
        resolve(transport);
      };
    });
  }

  call<K extends keyof HostApi>(
    method: K,
    args: Parameters<HostApi[K]>,
    transfer: readonly ArrayBufferLike[] = [],
  ): ReturnType<HostApi[K]> {
    const result = new Promise<unknown>((resolve, reject) => {
      if (this.#dead) return reject(this.#dead);
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#post({ type: 'call', id, method, args }, transfer);
    });
    return result as ReturnType<HostApi[K]>;
  }

  close(): void {
    this.#die(new TabtrainError('INTERNAL', 'the engine was closed'));
  }

  #post(message: ToHost, transfer: readonly ArrayBufferLike[] = []): void {
    this.#worker.postMessage(message, transfer as Transferable[]);
  }

  #receive(data: Exclude<ToClient, { type: 'ready' }>, client: HostClient): void {
    switch (data.type) {
      case 'event':
        client.event(data.run, data.event);
        break;
      case 'hook':
        client.hook(data.run, data.call).then(
          (reply) => this.#post({ type: 'hookDone', id: data.id, reply }),
          (error: unknown) => this.#post({ type: 'hookDone', id: data.id, error: toWire(error) }),
        );
        break;
      case 'result':
        this.#take(data.id)?.resolve(data.value);
        break;
      case 'failure':
        this.#take(data.id)?.reject(fromWire(data.error));
        break;
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /** The worker holds a Web Lock as long as it lives; getting it means that the worker is gone. */
  #watch(lock: string | null): void {
    if (lock === null || typeof navigator !== 'object' || !navigator.locks) return;
    navigator.locks
      .request(lock, () =>
        this.#die(new TabtrainError('INTERNAL', 'the worker died: it was terminated')),
      )
      .catch(() => {});
  }

  /** Nobody talks to the worker any more: it must not keep its memory and its lock. */
  #die(error: Error): void {
    if (this.#dead) return;
    this.#dead = error;
    this.#worker.terminate();
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    this.#close(error);
  }
}
