import type { HostApi, HostClient } from '../host/protocol';

/** Carries calls to the host and its events back: by `postMessage`, or directly in one thread. */
export interface Transport {
  /** Rejects with a TabtrainError; `transfer` lists buffers that may move instead of being copied. */
  call<K extends keyof HostApi>(
    method: K,
    args: Parameters<HostApi[K]>,
    transfer?: readonly ArrayBufferLike[],
  ): ReturnType<HostApi[K]>;
  /** True where bytes cross a thread: then they must be copied before they are sent. */
  readonly crossesThreads: boolean;
  /** Resolves with the reason once the other side is gone for good; pending calls reject by then. */
  readonly closed: Promise<Error>;
  /** Ends the other side, as far as it is a thread of its own. */
  close(): void;
}

/** Opens a transport whose host talks back to `client`. */
export type OpenTransport = (client: HostClient) => Promise<Transport>;
