// Real runs of fit, each operation of whose storage fails once in each way there is. Called again, fit goes on
// from the last state that was reported saved or a later one, and ends with the bits of a run without faults.
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setImmediate as turn } from 'node:timers/promises';
import { build } from 'esbuild';
import { root } from '../../emscripten/toolchain/npm.mjs';
import { Faulty, WAYS } from './faulty.mjs';
import { models } from './models.mjs';
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';

const SAVE_BATCHES = 4;
const EPOCHS = 2;
const NO_FAULT = { count: 0, at: Infinity };
const orderOf = ({ epoch, batch }) => epoch * 1e6 + batch;

/** The shipped package in `directory`, with extras.js taking its store from here. */
async function packageIn(directory) {
  const isPart = (name) => /^(node.*\.js|.*\.mjs|.*\.wasm)$/.test(name);
  for (const name of readdirSync(join(root, 'dist')).filter(isPart)) {
    copyFileSync(join(root, 'dist', name), join(directory, name));
  }
  const contents = `
    import { Backup as Original } from './state/backup';
    export { unzipEntries, zipEntries } from './storage/zip';
    export const Backup = {
      open: (request, store, ...others) =>
        Original.open(request, globalThis.campaignStore, ...others),
    };`;
  await build({
    stdin: { contents, resolveDir: join(root, 'web/api'), loader: 'ts' },
    ...{ bundle: true, format: 'esm', platform: 'neutral' },
    outfile: join(directory, 'extras.js'),
  });
  return import(pathToFileURL(join(directory, 'node.js')).href);
}

/** All that a run leaves: weights, history, callbacks' states, and another epoch, for slots and random numbers. */
async function remains(model, trained, own, { history, epoch }) {
  const weights = (await model.getWeights()).map(({ data }) => [...data]);
  const states = own.map((each) => each.getState?.());
  const more = await trained.fit(model, { epochs: 1 });
  const all = { weights, states, history, epoch, more: more.history };
  return JSON.stringify(all, (_, value) =>
    typeof value === 'number' || typeof value === 'bigint' ? String(value) : value,
  );
}

/** One call of fit; what it left, or what it failed with, and which places were reported. */
async function train(tabtrain, trained, faulty) {
  const heard = { saved: null, resumed: null };
  const model = trained.build();
  const own = trained.callbacks();
  const abort = new AbortController();
  let batches = 0;
  let settled = 0;
  const watch = {
    onProgress: (event) => {
      if (event.type === 'saved' || event.type === 'resumed') heard[event.type] = event;
      if (event.type !== 'saved') return;
      ++settled;
      // Nothing hides whether that is true.
      if (faulty.count >= faulty.at) abort.abort();
    },
    // Each save is written before the next is due, so that all runs do the same.
    onTrainBatchEnd: async () => {
      const due = Math.floor(batches++ / SAVE_BATCHES);
      const deadline = performance.now() + 10_000;
      while (settled < due && faulty.count < faulty.at) {
        if (performance.now() > deadline) throw new Error('a save takes more than 10 s');
        await turn();
      }
    },
  };
  const backup = tabtrain.callbacks.backupAndRestore({
    ...{ backupDir: 'run', saveFreq: SAVE_BATCHES, keep: 2 },
  });
  try {
    const callbacks = [...own, backup, watch];
    const options = { epochs: EPOCHS, callbacks, signal: abort.signal };
    const result = await trained.fit(model, options);
    return { ...heard, left: await remains(model, trained, own, result) };
  } catch (error) {
    return { ...heard, error };
  } finally {
    model.dispose();
  }
}

/** Whoever died does nothing any more; here the call of fit ends, too. */
class Mortal extends Faulty {
  afterDeath() {
    throw new this.TabtrainError('INTERNAL', 'this one is dead');
  }
}

/** One scenario; whether the fault was reached, and what was wrong. */
async function scenario(tabtrain, modules, trained, { at, way, expected }) {
  const { MemoryBackend, Storage, TabtrainError } = modules;
  const backend = new MemoryBackend();
  const faulty = new Mortal(backend, at, way, TabtrainError);
  let isOver = false;
  const atStep = async (step) => void (isOver ||= step === 'clear');
  globalThis.campaignStore = Object.assign(new Storage(faulty, null), { atStep });
  const { saved, left, error } = await train(tabtrain, trained, faulty);
  const reached = faulty.count >= at;
  if (left && left !== expected) return { reached, wrong: 'other bits' };
  if (!reached) return { reached, wrong: error?.message };
  const again = () => train(tabtrain, trained, NO_FAULT);
  globalThis.campaignStore = new Storage(backend, null);
  let second = await again();
  if (second.error?.code === 'CORRUPT_FILE' && !saved) {
    // Of what nobody called saved nothing is lost; as the error says, it is to be removed.
    await backend.remove('run');
    second = await again();
  }
  if (second.error) return { reached, wrong: second.error.message };
  const { resumed } = second;
  // A run that is over takes its state away.
  if (saved && !isOver && !(resumed && orderOf(resumed) >= orderOf(saved))) {
    const from = resumed ? `${resumed.epoch}.${resumed.batch}` : 'the begin';
    return { reached, wrong: `on from ${from}, ${saved.epoch}.${saved.batch} was saved` };
  }
  return { reached, wrong: second.left === expected ? null : 'other bits' };
}

export const trainingFaults = {
  name: 'training faults',
  ci: 1,
  campaign: 5,
  async run(count, _seed, print) {
    const directory = mkdtempSync(join(tmpdir(), 'tabtrain-faults-'));
    let passed = 0;
    let failed = 0;
    try {
      const tabtrain = await packageIn(directory);
      const modules = await sources();
      for (const trained of models(tabtrain).slice(0, count)) {
        globalThis.campaignStore = new modules.Storage(new modules.MemoryBackend(), null);
        const { left: expected, error } = await train(tabtrain, trained, NO_FAULT);
        if (error) throw error;
        for (const way of WAYS) {
          for (let at = 1; ; ++at) {
            const { reached, wrong } = await scenario(tabtrain, modules, trained, {
              at,
              way,
              expected,
            });
            if (wrong) print(`${trained.name}: operation ${at} ${way.name}: ${wrong}`);
            if (wrong) ++failed;
            else if (reached) ++passed;
            if (!reached) break;
          }
        }
      }
    } finally {
      rmSync(directory, { recursive: true });
      delete globalThis.campaignStore;
    }
    print(`${count} models: ${passed} faults survived to the same bits, ${failed} not`);
    return { passed, failed };
  },
};

await runAlone(import.meta, trainingFaults);
