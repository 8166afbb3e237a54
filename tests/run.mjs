// npm test: GoogleTest on the native engine, Jest in Node on the wasm, the page in real Chromium.
import { ensureNodeModules } from '../emscripten/toolchain/npm.mjs';
import { build } from '../web/build.mjs';
import { close, ctest, ensureBrowser, jest, nodeTests, runSuite } from './suites.mjs';

/** Runs all suites of `npm test` and returns their results. */
export async function runTests() {
  // The native tests read MNIST.
  ensureNodeModules();
  const results = [runSuite('native', () => ctest('native'))];
  const built = await build().then(
    () => true,
    (error) => {
      console.error(error.message);
      return false;
    },
  );
  if (!built) return [...results, { name: 'build', passed: 0, failed: 1 }];
  return [
    ...results,
    runSuite('jest', jest),
    runSuite('browser', () => {
      ensureBrowser();
      return nodeTests('browser');
    }),
  ];
}

if (import.meta.filename === process.argv[1]) close(await runTests());
