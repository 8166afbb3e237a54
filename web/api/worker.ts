import { TabtrainError } from './errors';
import { compileBytes, type EngineFiles } from './engine/load';
import { openBrowserBackend } from './storage/browserBackend';
import type { Extras, Formats, Hdf5 } from './host/host';
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

const load = <T>({ href }: URL) =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ href) as Promise<T>;

const extras = () => load<Extras>(new URL('./extras.js', import.meta.url));

void serve(self as unknown as WorkerScope, {
  files,
  openBackend: (engine) => openBrowserBackend(engine, extras),
  extras,
  formats: () => load<Formats>(new URL('./formats.js', import.meta.url)),
  hdf5: () => load<Hdf5>(new URL('./hdf5.js', import.meta.url)),
});
