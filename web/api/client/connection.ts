import type { HookCall, HookReply, HostApi, HostClient, RunEvent } from '../host/protocol';
import type { OpenTransport, Transport } from '../transport/transport';

/** Who hears of a run. */
export interface RunListener {
  event(event: RunEvent): void;
  hook(call: HookCall): Promise<HookReply | void>;
}

/** The caller's side of one host: numbers for handles, and events to whom they concern. */
export class Connection implements HostClient {
  readonly #runs = new Map<number, RunListener>();
  #transport!: Transport;
  #nextId = 1;

  private constructor() {}

  static async open(open: OpenTransport): Promise<Connection> {
    const connection = new Connection();
    connection.#transport = await open(connection);
    return connection;
  }

  get crossesThreads(): boolean {
    return this.#transport.crossesThreads;
  }

  get closed(): Promise<Error> {
    return this.#transport.closed;
  }

  close(): void {
    this.#transport.close();
  }

  /** A number that names one model, tensor or run of this connection. */
  newId(): number {
    return this.#nextId++;
  }

  call<K extends keyof HostApi>(
    method: K,
    args: Parameters<HostApi[K]>,
    transfer?: readonly ArrayBufferLike[],
  ): ReturnType<HostApi[K]> {
    return this.#transport.call(method, args, transfer);
  }

  listen(run: number, listener: RunListener): void {
    this.#runs.set(run, listener);
  }

  forget(run: number): void {
    this.#runs.delete(run);
  }

  event(run: number, event: RunEvent): void {
    this.#runs.get(run)?.event(event);
  }

  hook(run: number, call: HookCall): Promise<HookReply | void> {
    return this.#runs.get(run)?.hook(call) ?? Promise.resolve();
  }
}
