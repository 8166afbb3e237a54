// web/page -> dist-page/: main.js, style sheets, and the package as users get it in dist-page/tabtrain/.
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../emscripten/toolchain/npm.mjs';

const source = join(root, 'web/page');
const target = join(root, 'dist-page');

/** The page runs the built package, worker and wasm included, so the package is not bundled again. */
const packageIsExternal = {
  name: 'package-is-external',
  setup({ onResolve }) {
    onResolve({ filter: /^tabtrain$|\/api\/index(\.[jt]s)?$/ }, () => ({
      path: './tabtrain/index.js',
      external: true,
    }));
  },
};

export async function bundlePage() {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const files = readdirSync(source).filter((name) => !/\.(ts|mjs|json|md)$/.test(name));
  const styles = files.filter((name) => name.endsWith('.css'));
  await build({
    entryPoints: ['main.ts', ...styles].map((name) => join(source, name)),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    outdir: target,
    logLevel: 'warning',
    plugins: [packageIsExternal],
  });
  for (const name of files.filter((name) => !styles.includes(name))) {
    cpSync(join(source, name), join(target, name), { recursive: true });
  }
  cpSync(join(root, 'dist'), join(target, 'tabtrain'), {
    recursive: true,
    filter: (path) => !/\/types$|\/node\.js(\.map)?$/.test(path),
  });
}
