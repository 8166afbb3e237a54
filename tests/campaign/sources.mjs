// Parts of web/api that the package does not export, bundled for the campaign's own use.
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../../emscripten/toolchain/npm.mjs';

const MODULES = [
  'engine/load',
  'errors',
  'state/generations',
  'state/stateFile',
  'storage/idbfsBackend',
  'storage/memoryBackend',
  'storage/nodeBackend',
  'storage/storage',
];

let loaded;

/** All that these modules export, as one module. */
export function sources() {
  loaded ??= load();
  return loaded;
}

async function load() {
  const contents = MODULES.map((path) => `export * from './${path}';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(root, 'web/api'), loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${code}`);
}
