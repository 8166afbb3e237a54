// A long run with many saves: what was taken is given back, exactly in the engine, its bytes and the handles that
// JavaScript has of its objects, within 1 MB in the heap of JavaScript, and the directory stays as small as it was.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAlone } from './part.mjs';

const BATCHES_PER_SAVE = 40;

let handles = 0;

/** Embind registers each handle until it is deleted; one that is collected without stays counted. */
class CountingRegistry extends FinalizationRegistry {
  register(handle, held, token) {
    ++handles;
    super.register(handle, held, token);
  }
  unregister(token) {
    const isRegistered = super.unregister(token);
    if (isRegistered) --handles;
    return isRegistered;
  }
}

/** The run itself, in a process with `--expose-gc`. */
async function soak(batches) {
  globalThis.FinalizationRegistry = CountingRegistry;
  const tabtrain = await import('../../dist/node.js');
  const { callbacks, engineInfo, layers, losses, sequential } = tabtrain;
  const directory = mkdtempSync(join(tmpdir(), 'tabtrain-soak-'));
  const rows = 640;
  const x = {
    data: Float32Array.from({ length: rows * 16 }, (_, i) => Math.sin(i)),
    shape: [rows, 16],
  };
  const y = Uint8Array.from({ length: rows }, (_, i) => i % 5);
  const round = async (epochs) => {
    let saved = 0;
    let largest = 0;
    const model = sequential([
      layers.dense({ units: 64, activation: 'relu', inputShape: [16] }),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 5 }),
    ]);
    model.compile({
      ...{ optimizer: 'adam', metrics: ['accuracy'] },
      loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    });
    const watch = {
      onProgress: ({ type }) => {
        if (type !== 'saved') return;
        ++saved;
        const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size);
        largest = Math.max(
          largest,
          sizes.reduce((a, b) => a + b, 0),
        );
      },
      // Each save is written before the next is due.
      onEpochEnd: async (epoch) => {
        while (saved < epoch) await new Promise((done) => setTimeout(done, 1));
      },
    };
    const backup = callbacks.backupAndRestore({ backupDir: directory, saveFreq: BATCHES_PER_SAVE });
    await model.fit(x, y, { epochs, batchSize: 16, verbose: 0, callbacks: [backup, watch] });
    model.dispose();
    return { saved, largest };
  };
  const measure = async () => {
    for (let i = 0; i < 4; ++i) {
      globalThis.gc();
      await new Promise((done) => setTimeout(done, 10));
    }
    const { memory } = await engineInfo();
    return { live: memory.liveBytes, heap: process.memoryUsage().heapUsed, handles };
  };
  await round(10);
  const before = await measure();
  const { saved, largest } = await round(Math.ceil(batches / BATCHES_PER_SAVE));
  const after = await measure();
  rmSync(directory, { recursive: true });
  return { before, after, saved, largest };
}

export const soakPart = {
  name: 'soak',
  ci: 2000,
  campaign: 20_000,
  async run(batches, _seed, print) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--expose-gc', import.meta.filename, 'inside', String(batches)],
      { encoding: 'utf8' },
    );
    if (status !== 0) {
      print(stderr);
      return { passed: 0, failed: 1 };
    }
    const { before, after, saved, largest } = JSON.parse(stdout);
    const grown = after.heap - before.heap;
    print(
      `${batches} batches, ${saved} saves: engine ${after.live - before.live} bytes and ` +
        `${after.handles - before.handles} handles more, heap ${(grown / 1024).toFixed(0)} KiB more, directory at most ${(largest / 1024).toFixed(0)} KiB`,
    );
    const isGood =
      after.live === before.live &&
      after.handles === before.handles &&
      grown < 2 ** 20 &&
      saved >= (0.9 * batches) / BATCHES_PER_SAVE &&
      largest < 200 * 1024;
    return { passed: Number(isGood), failed: Number(!isGood) };
  },
};

if (process.argv[2] === 'inside') {
  console.log(JSON.stringify(await soak(Number(process.argv[3]))));
} else {
  await runAlone(import.meta, soakPart);
}
