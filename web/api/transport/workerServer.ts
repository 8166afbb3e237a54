import { Host, callHost, type HostPlatform } from '../host/host';
import type { HookCall, HookReply, HostClient, RunEvent } from '../host/protocol';
import { fromWire, toWire, type ToClient, type ToHost } from './messages';

/** The part of a worker's global scope that is used. */
export interface WorkerScope {
  postMessage(message: ToClient, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToHost>) => void): void;
}

/** Runs a host in this worker and answers the page. */
export async function serve(scope: WorkerScope, platform: HostPlatform): Promise<void> {
  const post = (message: ToClient, transfer: Transferable[] = []) =>
    scope.postMessage(message, transfer);
  const hooks = new Map<
    number,
    { resolve: (reply: HookReply | void) => void; reject: (error: Error) => void }
  >();
  let nextHook = 0;
  const client: HostClient = {
    event: (run: number, event: RunEvent) => post({ type: 'event', run, event }),
    hook: (run: number, call: HookCall) =>
      new Promise((resolve, reject) => {
        const id = nextHook++;
        hooks.set(id, { resolve, reject });
        post({ type: 'hook', id, run, call });
      }),
  };
  const host = new Host(platform, client);
  scope.addEventListener('message', ({ data }) => {
    if (data.type === 'hookDone') {
      const waiting = hooks.get(data.id);
      hooks.delete(data.id);
      if (data.error) waiting?.reject(fromWire(data.error));
      else waiting?.resolve(data.reply);
      return;
    }
    const { id } = data;
    callHost(host, data.method, data.args).then(
      (value) => post({ type: 'result', id, value }, buffersIn(value)),
      (error: unknown) => post({ type: 'failure', id, error: toWire(error) }),
    );
  });
  post({ type: 'ready', lock: await holdLock() });
}

/** Every buffer in an answer: the host gives out copies only, so they may move. */
function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) found.add(value.buffer as ArrayBuffer);
  else if (Array.isArray(value)) for (const item of value) buffersIn(item, found);
  else if (value !== null && typeof value === 'object') {
    for (const item of Object.values(value)) buffersIn(item, found);
  }
  return [...found];
}

/**
 * Takes a Web Lock that ends with this worker, so that the page learns of its death at once; null
 * where there are no Web Locks.
 */
function holdLock(): Promise<string | null> {
  if (typeof navigator !== 'object' || !navigator.locks) return Promise.resolve(null);
  const name = `tabtrain-worker-${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    navigator.locks
      .request(name, () => {
        resolve(name);
        return new Promise<never>(() => {});
      })
      .catch(() => resolve(null));
  });
}
