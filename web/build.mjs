// Builds everything that ships: the engine's wasm, the npm package in dist/, the page in dist-page/.
import { fileURLToPath } from 'node:url';
import { buildEngine } from '../emscripten/build.mjs';
import { entry } from '../emscripten/toolchain/host.mjs';
import { ensureNodeModules } from '../emscripten/toolchain/npm.mjs';

/** Brings dist/ and dist-page/ up to date; what is up to date already is not made again. */
export async function build() {
  ensureNodeModules();
  const engineDirectory = buildEngine('wasm');
  // These need the npm dependencies, so they load only now.
  const { bundlePackage } = await import('./bundle-package.mjs');
  const { bundlePage } = await import('./bundle-page.mjs');
  const { emitTypes } = await import('./emit-types.mjs');
  await bundlePackage(engineDirectory);
  await bundlePage();
  emitTypes();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(build);
}
