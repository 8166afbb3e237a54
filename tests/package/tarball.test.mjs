// The packed tarball, used the four ways that the README names, and looked at from outside.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build as esbuild } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build as vite } from 'vite';
import { run } from '../../emscripten/toolchain/host.mjs';
import { root } from '../../emscripten/toolchain/npm.mjs';
import { checkResult, installTarball, runInChromium, writePage } from './project.mjs';

let packed;

before(() => {
  packed = installTarball();
});

after(() => rmSync(packed.work, { recursive: true, force: true }));

function directoryFor(name) {
  const directory = join(packed.project, name);
  mkdirSync(directory);
  return directory;
}

test('contents: what exports names, the licence, and no sources', () => {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const named = Object.values({ ...exports, ...bin }).flatMap((value) =>
    typeof value === 'string' ? [value] : Object.values(value),
  );
  for (const path of ['./README.md', './LICENSE', ...named]) {
    assert.ok(packed.files.includes(path.slice(2)), path);
  }
  const others = packed.files.filter(
    (path) => !/^(dist\/|package\.json|README\.md|LICENSE|CHANGELOG\.md)/.test(path),
  );
  assert.deepEqual(others, []);
});

test('dist imports nothing but its own files, and node: only from those of Node', () => {
  for (const path of packed.files.filter((name) => /^dist\/[^/]*\.m?js$/.test(name))) {
    const text = readFileSync(join(packed.installed, path), 'utf8');
    const specifiers = [
      ...text.matchAll(/(?<!\.)(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g),
    ].map((match) => match[1]);
    const strange = specifiers.filter(
      (specifier) =>
        !specifier.startsWith('./') &&
        !(/^dist\/(node|cli)\b/.test(path) && specifier.startsWith('node:')),
    );
    assert.deepEqual(strange, [], path);
  }
});

test('Node', () => {
  const main = join(packed.project, 'main.mjs');
  writeFileSync(
    main,
    `import * as tabtrain from 'tabtrain';
     import { useTabtrain } from './consumer.mjs';
     console.log(JSON.stringify(await useTabtrain(tabtrain)));`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [main], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  checkResult(JSON.parse(stdout));
});

test('the command line', () => {
  const tabtrain = (...args) =>
    spawnSync('npx', ['--offline', 'tabtrain', ...args], {
      ...{ cwd: packed.project, encoding: 'utf8', timeout: 60_000 },
    });
  const save = `import { layers, sequential } from 'tabtrain';
    const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
    await model.build();
    await model.save('model');`;
  writeFileSync(join(packed.project, 'save.mjs'), save);
  run(process.execPath, ['save.mjs'], { cwd: packed.project });
  assert.equal(tabtrain('convert', 'model', 'converted/model.json').stderr, '');
  const { status, stdout } = tabtrain('inspect', 'converted');
  assert.equal(status, 0);
  assert.match(stdout, /^format +tfjs\n[^]*^dense\/kernel +float32 +\[2, 1\]$/m);
  assert.equal(tabtrain('verify', 'missing').status, 1);
});

test('a plain module script in Chromium', async () => {
  const site = directoryFor('plain');
  cpSync(join(packed.project, 'consumer.mjs'), join(site, 'consumer.mjs'));
  writeFileSync(
    join(site, 'main.js'),
    `import * as tabtrain from './tabtrain/index.js';
     import { useTabtrain } from './consumer.mjs';
     globalThis.result = await useTabtrain(tabtrain);`,
  );
  writePage(site, './main.js');
  checkResult(await runInChromium({ '/tabtrain/': join(packed.installed, 'dist'), '/': site }));
});

test('a Vite build in Chromium', async () => {
  const site = directoryFor('vite');
  writeFileSync(
    join(site, 'main.js'),
    `import * as tabtrain from 'tabtrain';
     import { useTabtrain } from '../consumer.mjs';
     useTabtrain(tabtrain).then((result) => { globalThis.result = result; });`,
  );
  writePage(site, './main.js');
  await vite({
    root: site,
    configFile: false,
    logLevel: 'warn',
    build: { outDir: 'out', modulePreload: false },
  });
  checkResult(await runInChromium({ '/': join(site, 'out') }));
});

test('esbuild with copied files, workerUrl and wasmUrl in Chromium', async () => {
  const site = directoryFor('esbuild');
  writeFileSync(
    join(site, 'source.js'),
    `import * as tabtrain from 'tabtrain';
     import { useTabtrain } from '../consumer.mjs';
     const urls = { workerUrl: '/tabtrain/worker.js', wasmUrl: '/tabtrain/tabtrain-simd.wasm' };
     globalThis.result = await useTabtrain(tabtrain, urls);`,
  );
  const { warnings } = await esbuild({
    entryPoints: { main: join(site, 'source.js') },
    bundle: true,
    format: 'esm',
    outdir: site,
    logLevel: 'silent',
  });
  assert.deepEqual(warnings, []);
  cpSync(join(packed.installed, 'dist'), join(site, 'tabtrain'), { recursive: true });
  writePage(site, './main.js');
  checkResult(await runInChromium({ '/': site }));
});

test('TypeScript finds the types in both module resolutions', () => {
  const file = join(packed.project, 'types.ts');
  writeFileSync(
    file,
    `import { layers, sequential, type Model } from 'tabtrain';
     const model: Model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
     model.compile({ optimizer: 'adam', loss: 'mse' });
     // @ts-expect-error units is a number
     layers.dense({ units: 'many' });`,
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  for (const module of [
    ['--module', 'nodenext'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ]) {
    const lib = ['--target', 'es2022', '--lib', 'es2022,esnext.disposable,dom'];
    const args = [tsc, '--noEmit', '--strict', ...module, ...lib, file];
    const { status, stdout } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      cwd: packed.project,
    });
    assert.equal(stdout, '', module.join(' '));
    assert.equal(status, 0);
  }
});

test('publint', async () => {
  const { messages, pkg } = await publint({ pkgDir: packed.installed, strict: true, pack: false });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg, { color: false })),
    [],
  );
});
