// The size budget, in bytes after gzip -9.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { root } from '../../emscripten/toolchain/npm.mjs';

const dist = join(root, 'dist');
const budget = { wasm: 250_000, javaScript: 60_000, page: 60_000 };

function compressedSize(...path) {
  return gzipSync(readFileSync(join(...path)), { level: 9 }).length;
}

/** `names` and every file that they import statically. */
function withStaticImports(...names) {
  const found = new Set();
  const visit = (name) => {
    if (found.has(name)) return;
    found.add(name);
    const text = readFileSync(join(dist, name), 'utf8');
    for (const [, specifier] of text.matchAll(/\b(?:from|import)\s*"\.\/([^"]+)"/g))
      visit(specifier);
  };
  names.forEach(visit);
  return [...found];
}

test('wasm of each variant', (t) => {
  const modules = readdirSync(dist).filter((name) => name.endsWith('.wasm'));
  assert.ok(modules.length > 0);
  for (const name of modules) {
    const size = compressedSize(dist, name);
    t.diagnostic(`${name}: ${size} of ${budget.wasm} bytes`);
    assert.ok(size <= budget.wasm, `${name} is ${size} bytes`);
  }
});

test('JavaScript up to the first fit in a browser', (t) => {
  const sizes = withStaticImports('index.js', 'worker.js', 'tabtrain-simd.mjs').map((name) => [
    name,
    compressedSize(dist, name),
  ]);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  t.diagnostic(
    `${total} of ${budget.javaScript} bytes: ${JSON.stringify(Object.fromEntries(sizes))}`,
  );
  assert.ok(total <= budget.javaScript, `${total} bytes`);
});

test('the page beside the package', (t) => {
  const directory = join(root, 'dist-page');
  const names = readdirSync(directory).filter((name) => /\.(js|css|html)$/.test(name));
  assert.ok(names.includes('main.js'));
  const total = names.reduce((sum, name) => sum + compressedSize(directory, name), 0);
  t.diagnostic(`${total} of ${budget.page} bytes`);
  assert.ok(total <= budget.page, `${total} bytes`);
});
