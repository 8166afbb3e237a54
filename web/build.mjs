// Builds everything that ships: the engine's wasm, the npm package in dist/, the page in dist-page/.
import { fileURLToPath } from 'node:url';
import { buildEngine } from '../emscripten/build.mjs';
import { entry, SetupError } from '../emscripten/toolchain/host.mjs';
import { ensureNodeModules } from '../emscripten/toolchain/npm.mjs';

/** Brings dist/ and dist-page/ up to date; what is up to date already is not made again. */
export async function build() {
  ensureNodeModules();
  const engineDirectory = buildEngine('wasm');
  // These need the npm dependencies, so they load only now.
  const { bundlePackage } = await import('./bundle-package.mjs');
  const { bundlePage } = await import('./bundle-page.mjs');
  const { emitTypes } = await import('./emit-types.mjs');
  try {
    await bundlePackage(engineDirectory);
    await bundlePage();
  } catch (error) {
    // esbuild has printed its errors already.
    if (error.errors) throw new SetupError('the JavaScript bundles cannot be made (errors above).');
    throw error;
  }
  emitTypes();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(build);
}
