import { TabtrainError } from '../errors';
import type { EngineOptions } from '../engine/load';
import type { HostClient } from '../host/protocol';
import type { Transport } from '../transport/transport';

/** Options of `init`. */
export interface InitOptions extends Omit<EngineOptions, 'wasmUrl'> {
  /** Where the engine's `.wasm` is; default: beside the package's files. */
  readonly wasmUrl?: string | URL;
  /** Where the package's `worker.js` is (browsers); default: beside the package's files. */
  readonly workerUrl?: string | URL;
  /** A module worker that runs the package's `worker.js` (browsers), or a function that makes one. */
  readonly worker?: Worker | (() => Worker);
}

/** What differs between browsers and Node on the caller's side. */
export interface Platform {
  open(options: InitOptions, client: HostClient): Promise<Transport>;
  /** Writes to the terminal as it is; null where there is none. */
  readonly terminal: ((text: string) => void) | null;
  /** The MNIST file of this name from an installed package; null where that cannot be. */
  installedMnist(name: string): Promise<Uint8Array | null>;
  /** A file as the caller is given it. */
  file(bytes: Uint8Array, type: string): Blob | Uint8Array;
  /** Asks that storage survive eviction; whether it does. */
  persist(): Promise<boolean>;
  persisted(): Promise<boolean>;
}

let chosen: Platform | null = null;

/** Called once by each entry; touches nothing of the environment. */
export function definePlatform(platform: Platform): void {
  chosen ??= platform;
}

export function platform(): Platform {
  if (!chosen) throw new TabtrainError('INTERNAL', 'no entry of the package was loaded');
  return chosen;
}
