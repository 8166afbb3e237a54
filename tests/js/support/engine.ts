import { readFileSync } from 'node:fs';
import type { Engine } from '../../../web/api/engine/engine';
import { loadEngine } from '../../../web/api/engine/load';

const dist = new URL('../../../dist/', import.meta.url);

/** An engine of its own, without the package around it. */
export async function newEngine(): Promise<Engine> {
  const wasmBinary = readFileSync(new URL('tabtrain-simd.wasm', dist));
  const url = new URL('tabtrain-simd.mjs', dist).href;
  const { engine } = await loadEngine(
    {
      glue: () => import(url) as Promise<{ default: (options: object) => Promise<Engine> }>,
      compile: () => Promise.reject(new Error('not asked for')),
    },
    { wasmBinary },
  );
  return engine;
}
