import { readFileSync } from 'node:fs';
import type { Engine } from '../../../web/api/engine/engine';
import { loadEngine } from '../../../web/api/engine/load';

const dist = new URL('../../../dist/', import.meta.url);

let compiled: Promise<WebAssembly.Module> | undefined;

/** An engine of its own, without the package around it; compiled once for all of a file. */
export async function newEngine(): Promise<Engine> {
  compiled ??= WebAssembly.compile(readFileSync(new URL('tabtrain-simd.wasm', dist)));
  const url = new URL('tabtrain-simd.mjs', dist).href;
  const { engine } = await loadEngine(
    {
      glue: () => import(url) as Promise<{ default: (options: object) => Promise<Engine> }>,
      compile: () => compiled!,
    },
    {},
  );
  return engine;
}
