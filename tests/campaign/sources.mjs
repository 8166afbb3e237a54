// Modules of web/api that the package does not export, bundled for a campaign's own use.
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../../emscripten/toolchain/npm.mjs';

const loaded = new Map();

/** The module web/api/PATH.ts. */
export function source(path) {
  if (!loaded.has(path)) loaded.set(path, load(path));
  return loaded.get(path);
}

async function load(path) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'web/api', `${path}.ts`)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  return import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  );
}

export const stateFile = () => source('state/stateFile');
