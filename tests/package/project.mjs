// Projects that use the packed tarball, each in a directory of its own.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../emscripten/toolchain/host.mjs';
import { root } from '../../emscripten/toolchain/npm.mjs';
import { serve } from '../../web/serve.mjs';
import { launchChromium } from '../chromium.mjs';

/** Packs the package into a new directory and installs it into an empty project there; returns the project. */
export function installTarball() {
  const work = mkdtempSync(join(tmpdir(), 'tabtrain-package-'));
  const [{ filename, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work], { cwd: root }),
  );
  const project = join(work, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(work, filename)], {
    cwd: project,
  });
  copyFileSync(join(import.meta.dirname, 'consumer.mjs'), join(project, 'consumer.mjs'));
  return {
    work,
    project,
    tarball: join(work, filename),
    files: files.map(({ path }) => path),
    installed: join(project, 'node_modules/tabtrain'),
  };
}

/** Opens index.html of `mounts` in Chromium and returns what its script leaves in globalThis.result. */
export async function runInChromium(mounts) {
  const server = await serve({ port: 0, mounts });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(message.text());
    });
    page.on('response', (response) => {
      if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(server.url);
    const finished = page.waitForFunction(() => globalThis.result, null, { timeout: 60_000 });
    const result = await finished
      .then((handle) => handle.jsonValue())
      .catch((error) => ({ error: error.message }));
    assert.deepEqual(problems, []);
    assert.equal(result.error, undefined);
    return result;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** A page whose only script is `name`: the policy of the server allows no inline code. */
export function writePage(directory, name) {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,"></head>`;
  writeFileSync(
    join(directory, 'index.html'),
    `${html}<body><script type="module" src="${name}"></script></body></html>`,
  );
}

/** Asserts what useTabtrain() returned: it learned, on the variant that this browser or Node can run. */
export function checkResult({ losses, shape, prediction, variant }) {
  assert.equal(losses.length, 30);
  assert.ok(losses.every(Number.isFinite), `losses ${losses}`);
  assert.ok(losses.at(-1) < 0.5 * losses[0], `losses ${losses}`);
  assert.deepEqual(shape, [64, 1]);
  assert.ok(Number.isFinite(prediction));
  assert.equal(variant, 'simd');
}
