/** How long code runs before it lets the event loop have a turn, in milliseconds: one frame. */
export const SLICE_MS = 16;

let port: MessagePort | undefined;
const resumed: (() => void)[] = [];

/**
 * Resolves in a macrotask of its own, so that messages, timers and input are served in between.
 * `setTimeout` would be clamped to 4 ms; a message channel is not.
 */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    if (!port) {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => resumed.shift()?.();
      port = channel.port2;
    }
    resumed.push(resolve);
    port.postMessage(null);
  });
}

/** Lets the event loop have a turn whenever a slice has passed since the last one. */
export class Slicer {
  #since = performance.now();

  due(): boolean {
    return performance.now() - this.#since >= SLICE_MS;
  }

  async yield(): Promise<void> {
    await macrotask();
    this.#since = performance.now();
  }
}
