import { Host, callHost, type HostPlatform } from '../host/host';
import type { HostApi, HostClient } from '../host/protocol';
import type { Transport } from './transport';

/** The host in this very thread, as in Node. */
export class DirectTransport implements Transport {
  readonly crossesThreads = false;
  readonly closed = new Promise<Error>(() => {});
  readonly #host: Host;

  constructor(platform: HostPlatform, client: HostClient) {
    this.#host = new Host(platform, client);
  }

  call<K extends keyof HostApi>(method: K, args: Parameters<HostApi[K]>): ReturnType<HostApi[K]> {
    return callHost(this.#host, method, args) as ReturnType<HostApi[K]>;
  }

  close(): void {}
}
