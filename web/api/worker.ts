import { TabtrainError } from './errors';
import { compileBytes, type EngineFiles } from './engine/load';
import { openBrowserBackend } from './storage/browserBackend';
import type { Extras, Formats } from './host/host';
import { serve, type WorkerScope } from './transport/workerServer';

/*
 * Bundlers copy files that are named by `new URL(..., import.meta.url)`; a plain `import()` would make
 * them split the worker, which some cannot do.
 */
const files: EngineFiles = {
  glue() {
    const url = new URL('./tabtrain-simd.mjs', import.meta.url).href;
    return import(/* @vite-ignore */ /* webpackIgnore: true */ url) as ReturnType<
      EngineFiles['glue']
    >;
  },
  async compile(_variant, given) {
    const url = given ?? new URL('./tabtrain-simd.wasm', import.meta.url).href;
    const response = await fetch(url).catch((error: unknown) => missing(url, String(error)));
    if (!response.ok) missing(url, `HTTP status ${response.status}`);
    if (response.headers.get('content-type') === 'application/wasm') {
      return WebAssembly.compileStreaming(response).catch((error: unknown) =>
        missing(url, String(error)),
      );
    }
    return compileBytes(await response.arrayBuffer());
  },
};

function missing(url: string, reason: string): never {
  throw new TabtrainError('NOT_FOUND', `the engine at ${url} did not load: ${reason}`);
}

const extras = () => {
  const url = new URL('./extras.js', import.meta.url).href;
  return import(/* @vite-ignore */ /* webpackIgnore: true */ url) as Promise<Extras>;
};
const formats = () => {
  const url = new URL('./formats.js', import.meta.url).href;
  return import(/* @vite-ignore */ /* webpackIgnore: true */ url) as Promise<Formats>;
};

void serve(self as unknown as WorkerScope, {
  files,
  openBackend: (engine) => openBrowserBackend(engine, extras),
  extras,
  formats,
});
