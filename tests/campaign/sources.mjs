// Parts of web/api that the package does not export, bundled for the campaign's own use.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../../emscripten/toolchain/npm.mjs';

const MODULES = [
  'engine/load',
  'errors',
  'state/backup',
  'state/crc32c',
  'state/generations',
  'state/savedRun',
  'state/stateFile',
  'storage/checkpointFiles',
  'storage/idbfsBackend',
  'storage/memoryBackend',
  'storage/nodeBackend',
  'storage/storage',
];

let loaded;

/** All that these modules export, as one module. */
export function sources() {
  loaded ??= sourcesWith({});
  return loaded;
}

/** The same, made from a module that was changed: `find`, which is there once, is `replace`. */
export async function sourcesWith({ file, find, replace }) {
  const contents = MODULES.map((path) => `export * from './${path}';`).join('\n');
  const change = {
    name: 'change',
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`/${file}\\.ts$`) }, ({ path }) => {
        const parts = readFileSync(path, 'utf8').split(find);
        if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times '${find}'`);
        return { contents: parts.join(replace), loader: 'ts' };
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(root, 'web/api'), loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    plugins: file ? [change] : [],
    write: false,
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${code}`);
}
