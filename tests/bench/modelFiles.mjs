// Models that are saved and loaded in a page of real Chromium: how much WebAssembly memory that takes, and how long.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { serve } from '../../web/serve.mjs';
import { launchChromium } from '../chromium.mjs';

const root = join(import.meta.dirname, '../..');

export const formats = {
  tf: 'bench/saved_model',
  h5: 'bench/model.h5',
  keras: 'bench/model.keras',
  tfjs: 'bench/tfjs/model.json',
};

/** The package's worker, with a note of every WebAssembly memory in it: the engine's, and HDF5's. */
const worker = `
  const memories = [];
  const note = (result, imports) => {
    const instance = result.instance ?? result;
    const all = [instance.exports, ...Object.values(imports ?? {})].flatMap(Object.values);
    for (const each of all) if (each instanceof WebAssembly.Memory && !memories.some((known) => known.deref() === each)) {
      memories.push(new WeakRef(each));
    }
    return result;
  };
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (source, imports) => note(await original(source, imports), imports);
  }
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (module, imports) {
    return note(new Instance(module, imports), imports);
  };
  WebAssembly.Instance.prototype = Instance.prototype;
  const channel = new BroadcastChannel('memories');
  channel.onmessage = () => {
    // HDF5 has a memory for each file, which goes with it.
    gc();
    channel.postMessage(memories.map((memory) => memory.deref()?.buffer.byteLength ?? 0));
  };
  await import('/tabtrain/worker.js');
`;

/** Opens a document of the page's own server, with the package in it, gives it to `body`, and closes all. */
export async function inPage(body) {
  const site = mkdtempSync(join(tmpdir(), 'tabtrain-bench-'));
  await build({
    entryPoints: [join(root, 'web/api/state/crc32c.ts')],
    bundle: true,
    format: 'esm',
    outdir: site,
  });
  writeFileSync(join(site, 'worker.js'), worker);
  const server = await serve({
    port: 0,
    mounts: { '/bench/': site, '/': join(root, 'dist-page') },
  });
  const browser = await launchChromium({ args: ['--js-flags=--expose-gc'] });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}tabtrain/worker.js`);
    await page.evaluate(async () => {
      const tabtrain = await import('/tabtrain/index.js');
      await tabtrain.init({ workerUrl: '/bench/worker.js' });
      globalThis.tabtrain = tabtrain;
      globalThis.makeModel = (parameters) => {
        const { layers, sequential } = tabtrain;
        // inputs * units + units, twice and more than the rest
        const units = Math.round(Math.sqrt(parameters));
        const model = sequential([layers.dense({ units, inputShape: [units - 1] })]);
        model.compile({ optimizer: 'adam', loss: 'mse' });
        return model;
      };
    });
    return await body(page, browser);
  } finally {
    await browser.close();
    await server.close();
    rmSync(site, { recursive: true });
  }
}

/**
 * Saves and loads a model `rounds` times. Resolves to its parameters, to the bytes of all WebAssembly memories together
 * after each round, and to how many memories there ever were.
 */
export function saveAndLoad(page, { parameters, rounds, path }) {
  return page.evaluate(
    async ([count, times, target]) => {
      const { loadModel } = globalThis.tabtrain;
      const channel = new BroadcastChannel('memories');
      const memories = () =>
        new Promise((resolve) => {
          channel.onmessage = ({ data }) => resolve(data);
          channel.postMessage(null);
        });
      const model = globalThis.makeModel(count);
      const bytes = [];
      let seen = 0;
      for (let round = 0; round < times; ++round) {
        await model.save(target);
        const loaded = await loadModel(target);
        if (round === 0) {
          const before = await model.getWeights();
          const after = await loaded.getWeights();
          const isSame = before.every(({ data }, i) =>
            data.every((v, at) => v === after[i].data[at]),
          );
          if (!isSame) throw new Error('the loaded model is another one');
        }
        loaded.dispose();
        const all = await memories();
        seen = all.length;
        bytes.push(all.reduce((sum, each) => sum + each, 0));
      }
      const made = model.countParams();
      model.dispose();
      channel.close();
      return { parameters: made, bytes, seen };
    },
    [parameters, rounds, path],
  );
}

/**
 * Milliseconds, by turns: to load a checkpoint, and to read its bytes and take their CRC-32C, which its own
 * checksums are.
 */
export function loadAndRead(page, { parameters, rounds }) {
  return page.evaluate(
    async ([count, times]) => {
      const { storage } = globalThis.tabtrain;
      const { crc32c } = await import('/bench/crc32c.js');
      const model = globalThis.makeModel(count);
      const prefix = 'bench/cp.ckpt';
      await model.saveWeights(prefix);
      const names = [`${prefix}.index`, `${prefix}.data-00000-of-00001`];
      const timed = async (work) => {
        const start = performance.now();
        await work();
        return performance.now() - start;
      };
      const result = { bytes: 0, load: [], read: [] };
      const load = () => model.loadWeights(prefix);
      const read = async () => {
        result.bytes = 0;
        for (const name of names) {
          const bytes = await storage.read(name);
          result.bytes += bytes.length;
          crc32c(bytes);
        }
      };
      // What is compiled while it runs is compiled now.
      await load();
      await read();
      for (let round = 0; round < times; ++round) {
        result.read.push(await timed(read));
        result.load.push(await timed(load));
      }
      return result;
    },
    [parameters, rounds],
  );
}
