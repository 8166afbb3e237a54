// web/api and the engine -> dist/, one flat directory whose files find each other by relative URLs.
//
//   index.js       browsers: the facade; starts worker.js as a module worker
//   worker.js      the worker's side
//   <hash>.js      what index.js and worker.js share, or load on demand
//   node.js        Node: the facade with the engine in-process
//   cli.js         the command line
//   node-<hash>.js  what node.js and cli.js share, or load on demand
//   extras.js, formats.js, hdf5.js  what the engine's side loads only where it is needed; they import nothing
//   hdf5.LICENSE.txt  of what hdf5.js has from others
//   tabtrain-<variant>.mjs, .wasm    the engine: Emscripten's glue, minified, and the module
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { build, transform } from 'esbuild';
import { SetupError } from '../emscripten/toolchain/host.mjs';
import { root } from '../emscripten/toolchain/npm.mjs';

const api = join(root, 'web/api');
const dist = join(root, 'dist');

/** The engine's glue stays a file of its own beside the bundle, however the source's relative import is written. */
const engineIsExternal = {
  name: 'engine-is-external',
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\/tabtrain-[a-z-]+\.mjs$/ }, ({ path }) => ({
      path: `./${basename(path)}`,
      external: true,
    }));
  },
};

/** h5wasm without its classes, which are all that the package exports. */
const h5wasm = join(root, 'node_modules/h5wasm');
const h5wasmLibrary = {
  name: 'h5wasm-library',
  setup({ onResolve }) {
    onResolve({ filter: /^h5wasm-library$/ }, () => ({
      path: join(h5wasm, 'dist/esm/hdf5_util.js'),
    }));
  },
};

const common = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  outdir: dist,
  metafile: true,
  logLevel: 'warning',
  plugins: [engineIsExternal],
};

export async function bundlePackage(engineDirectory) {
  mkdirSync(dist, { recursive: true });
  const browser = await build({
    ...common,
    entryPoints: [join(api, 'index.ts'), join(api, 'worker.ts')],
    platform: 'browser',
    splitting: true,
    chunkNames: '[hash]',
    minify: true,
  });
  const node = await build({
    ...common,
    entryPoints: { node: join(api, 'node.ts'), cli: join(root, 'web/cli/main.ts') },
    platform: 'node',
    splitting: true,
    chunkNames: 'node-[hash]',
  });
  // No split: bundlers that copy the worker's files as they are must find all of it in this one.
  const extras = await build({
    ...common,
    entryPoints: [join(api, 'extras.ts'), join(api, 'formats.ts')],
    platform: 'neutral',
    minify: true,
  });
  const { version } = JSON.parse(readFileSync(join(h5wasm, 'package.json'), 'utf8'));
  const hdf5 = await build({
    ...common,
    entryPoints: [join(api, 'hdf5.ts')],
    platform: 'neutral',
    minify: true,
    // The library is in a string, which would be twice as long in ASCII, and have a map of megabytes.
    charset: 'utf8',
    sourcemap: false,
    plugins: [h5wasmLibrary],
    banner: {
      js: `/*! With h5wasm ${version} by the National Institute of Standards and Technology, minified and otherwise unchanged; see hdf5.LICENSE.txt */`,
    },
  });
  copyFileSync(join(h5wasm, 'LICENSE.txt'), join(dist, 'hdf5.LICENSE.txt'));
  checkImports(extras.metafile, /^$/);
  checkImports(hdf5.metafile, /^$/);
  checkImports(browser.metafile, /^\.\//);
  checkImports(node.metafile, /^(\.\/|node:)/);
  const engine = await copyEngine(engineDirectory);
  const outputs = [browser, node, extras, hdf5].flatMap(({ metafile }) =>
    Object.keys(metafile.outputs),
  );
  const others = [...engine, 'hdf5.LICENSE.txt', 'types'];
  removeAllBut([...outputs.map((path) => basename(path)), ...others]);
}

/** What dist/ imports must resolve without a bundler: `allowed` matches the specifiers that may stay. */
function checkImports(metafile, allowed) {
  for (const [file, { imports }] of Object.entries(metafile.outputs)) {
    for (const { path, external } of imports) {
      if (external && !allowed.test(path)) throw new SetupError(`${file} would import '${path}'.`);
    }
  }
}

/** Copies the engine's files into dist/ and returns their names. */
async function copyEngine(directory) {
  const names = readdirSync(directory).filter((name) =>
    /^tabtrain-[a-z-]+\.(mjs|wasm)$/.test(name),
  );
  if (names.length === 0) throw new SetupError(`no engine in ${directory}.`);
  for (const name of names) {
    const [source, target] = [join(directory, name), join(dist, name)];
    const isCurrent =
      statSync(target, { throwIfNoEntry: false })?.mtimeMs > statSync(source).mtimeMs;
    if (isCurrent) continue;
    if (name.endsWith('.wasm')) {
      copyFileSync(source, target);
    } else {
      const { code } = await transform(readFileSync(source, 'utf8'), {
        minify: true,
        format: 'esm',
        target: 'es2022',
      });
      writeFileSync(target, code);
    }
  }
  return names;
}

/** Chunks carry a hash in their names, so earlier ones would pile up. */
function removeAllBut(names) {
  for (const name of readdirSync(dist)) {
    if (!names.includes(name)) rmSync(join(dist, name), { recursive: true });
  }
}
