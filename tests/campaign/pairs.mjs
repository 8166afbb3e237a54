// Pairs of a configuration and a batch at which it is interrupted: the run that is taken up must end with
// the bits of the one that never stopped.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawRun, random } from './configurations.mjs';
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';

/** All that a run leaves: weights, slots and counters as a checkpoint, history, files, callbacks' states. */
async function remains(model, history, own, directory, name) {
  const prefix = join(directory, `${name}-final`);
  await model.saveWeights(prefix);
  const files = {};
  for (const file of readdirSync(directory).sort()) {
    if (file.startsWith(`${name}-`) && !file.endsWith('checkpoint')) {
      files[file.slice(name.length)] = readFileSync(join(directory, file)).toString('base64');
    }
  }
  const states = own.map((each) => {
    const state = each.getState?.();
    return JSON.stringify(state, (_, value) =>
      typeof value === 'number' || typeof value === 'bigint' ? String(value) : value,
    );
  });
  const [epoch, logs] = [history.epoch, history.history];
  return JSON.stringify({ files, states, epoch, logs }, (_, value) =>
    typeof value === 'number' ? String(value) : value,
  );
}

/** Runs until the state of the batch `at` is saved, then aborts; whether it was. */
async function interrupted(tabtrain, run, own, backupDir, at) {
  const model = run.build(1);
  const abort = new AbortController();
  const backup = tabtrain.callbacks.backupAndRestore({ backupDir, saveFreq: at });
  const watch = {
    onProgress: ({ type }) => type === 'saved' && abort.abort(),
    // Gives the writer time, so that the state of that very batch is not replaced by a later one.
    onTrainBatchEnd: () => new Promise((done) => setTimeout(done, 1)),
  };
  try {
    await run.fit(model, [...own, backup, watch], { signal: abort.signal });
    return false;
  } catch (error) {
    if (error.code !== 'ABORTED') throw error;
    return true;
  } finally {
    model.dispose();
  }
}

/** Sets the optimizer's slots in the newest state to zero, as if nobody had saved them. */
async function dropOptimizer(backupDir) {
  const { decodeState, encodeState } = await sources();
  const [newest] = readdirSync(backupDir)
    .filter((name) => name.endsWith('.tabtrain'))
    .sort()
    .reverse();
  const path = join(backupDir, newest);
  const contents = decodeState(new Uint8Array(readFileSync(path)));
  let dropped = false;
  for (const { path: key, bytes } of contents.tensors) {
    if (!/^optimizer\/layers/.test(key)) continue;
    dropped ||= bytes.some((byte) => byte !== 0);
    bytes.fill(0);
  }
  writeFileSync(path, await encodeState(contents));
  // The record's digest would give it away.
  writeFileSync(join(backupDir, 'state.commit'), '');
  return dropped;
}

async function tryPair(tabtrain, seed, directory, drops) {
  const run = drawRun(tabtrain, seed);
  const at = random(seed ^ 0x5bd1e995).integer(1, run.steps);
  const backupDir = join(directory, 'backup');
  const end = async (model, own, name, callbacks) => {
    const history = await run.fit(model, [...own, ...callbacks]);
    // What is random must be where it was, too: another epoch shows it.
    const more = await run.fit(model, [], { epochs: 1 });
    history.history.more = more.history.loss;
    const result = await remains(model, history, own, directory, name);
    model.dispose();
    return result;
  };
  const own = (name) => run.own(join(directory, `${name}-`));
  const expected = await end(run.build(1), own('a'), 'a', []);
  const wasInterrupted = await interrupted(tabtrain, run, own('b'), backupDir, at);
  const backup = tabtrain.callbacks.backupAndRestore({ backupDir, saveFreq: 1000 });
  let resumed = null;
  const watch = { onProgress: (event) => event.type === 'resumed' && (resumed = event) };
  if (!wasInterrupted) return { what: run.what, outcome: 'ended before' };
  if (drops && !(await dropOptimizer(backupDir))) return { what: run.what, outcome: 'no slots' };
  const actual = await end(run.build(7), own('b'), 'b', [backup, watch]);
  const isSame =
    actual === expected && resumed !== null && resumed.warnings.length === (drops ? 1 : 0);
  const what = `${run.what}, batch ${at} of ${run.steps}${drops ? ', without the slots' : ''}`;
  return { what, outcome: isSame ? 'same' : 'different' };
}

export const pairs = {
  name: 'pairs',
  ci: 200,
  campaign: 2000,
  async run(count, seed, print) {
    const tabtrain = await import('../../dist/node.js');
    let passed = 0;
    let failed = 0;
    let drawn = 0;
    let different = 0;
    const kinds = new Set();
    while (passed + failed < count) {
      const directory = mkdtempSync(join(tmpdir(), 'tabtrain-pairs-'));
      try {
        if (process.env.TRACE) print(`seed ${seed + drawn}`);
        // Of every 20 pairs one has its slots dropped: it must differ, or the others show nothing.
        const drops = (passed + failed) % 20 === 19;
        const { what, outcome } = await tryPair(tabtrain, seed + drawn, directory, drops);
        if (outcome === (drops ? 'different' : 'same')) {
          ++passed;
          different += Number(drops);
          kinds.add(what.split(' ')[0]);
        } else if (['same', 'different'].includes(outcome)) {
          ++failed;
          print(`seed ${seed + drawn}: ${what}: ${outcome}`);
        }
      } catch (error) {
        ++failed;
        print(`seed ${seed + drawn}: ${error.stack}`);
      } finally {
        rmSync(directory, { recursive: true });
      }
      ++drawn;
    }
    print(
      `${passed} pairs as they should be, ${failed} not: ${passed - different} equal bit for bit, ` +
        `${different} different without slots; ${drawn} drawn, ${kinds.size} optimizers`,
    );
    return { passed, failed };
  },
};

await runAlone(import.meta, pairs);
