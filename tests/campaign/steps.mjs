// A run is stopped exactly at a step of the commit protocol, and ended there in each way that a tab's run
// ends. Opened again it goes on from the newest generation that was committed, byte for byte, and ends with
// the bits of a run that nobody disturbed.
import { join } from 'node:path';
import { build } from 'esbuild';
import { ensureTools } from '../../emscripten/toolchain/host.mjs';
import { startChromium } from '../chromium.mjs';
import { removeDirectory } from '../processes.mjs';
import { random } from './configurations.mjs';
import { begin, newProfile, openServer, until } from './lab.mjs';
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';

/** Tabs at a time. */
const LANES = 4;
const EPOCHS = 4;

/** How a run ends at a step; gives the page for the one that goes on, if it is the same. */
const WAYS = {
  terminated: (page) => page.evaluate(() => globalThis.endWorker()),
  closed: (page) => page.close(),
  reloaded: (page) => page.reload().then(() => page),
  'navigated away': (page) => page.goto('about:blank').then(() => {}),
};

/** Where a run can be stopped: each step, removals by what removes, and the inside of the transaction. */
async function stops() {
  const { STEPS } = await sources();
  const all = STEPS.flatMap((step) => {
    if (step === 'commit') return [step, 'within commit'];
    return step === 'remove' ? ['prune: remove', 'clear: remove'] : [step];
  });
  // A run that begins, and one that ends, passes these once; of the others any save will do.
  const once = ['lock', 'load', 'clear', 'unlock'];
  return all.map((stop) => ({
    stop,
    most: once.includes(stop) ? 1 : stop === 'clear: remove' ? 3 : 5,
    // These are worth more where there is something to load.
    isLate: stop === 'lock' || stop === 'load',
  }));
}

/** What is known of one run from its reports. */
class Watched {
  /** Hashes of states: of the newest that the storage said to be committed, and of the one under way. */
  committed = null;
  committing = null;

  constructor() {
    this.reopen();
  }

  /** The run goes on in another worker. */
  reopen() {
    this.stopped = false;
    this.ended = null;
    this.error = null;
    /** The last state that was read, and whether the run began anew. */
    this.found = null;
    this.isFresh = false;
  }

  hear({ type, hash, text }) {
    if (type === 'stopped') this.stopped = true;
    if (type === 'end') this.ended = hash;
    if (type === 'error') this.error = text;
    if (type === 'found') this.found = hash;
    if (type === 'fresh') this.isFresh = true;
    if (type === 'committing') this.committing = hash;
    if (type === 'committed') this.committed = hash;
  }

  get isOver() {
    return this.ended !== null || this.error !== null;
  }
}

/** What a run that was stopped there may go on from; null stands for one that begins anew. */
function allowed(stop, { committed, committing }) {
  // Nobody hears whether a transaction that was cut off is stored; there is no third way.
  if (stop === 'within commit') return [committed, committing];
  // The newest state goes last.
  return stop === 'unlock' ? [null] : [committed];
}

/**
 * Until a document that was left is gone its run has the directory: a second and less, longer where many
 * programs want the processor. The part `tabs` is about how long; here, the longest is told.
 */
const PATIENCE_MS = 10_000;
let longestWait = 0;

async function beginAt(page, watched, options) {
  const begun = performance.now();
  let waited = 0;
  for (;;) {
    watched.reopen();
    await begin(page, options);
    await until(() => watched.stopped || watched.isOver);
    if (!watched.error?.startsWith('LOCKED') || waited > PATIENCE_MS) break;
    waited = performance.now() - begun;
    longestWait = Math.max(longestWait, waited);
  }
}

/** One run, stopped, ended and taken up; what is wrong with it. */
async function tryStop({ stop, isLate, nth, way, id, expected, ...options }, watched, open) {
  Object.assign(options, { saveBatches: 8, deleteCheckpoint: true, keep: 2, run: id });
  let page = null;
  for (const each of [...(isLate ? [{ stop: 'name', nth: 4 }] : []), { stop, nth }]) {
    page ??= await open();
    const workerUrl = `/worker.js?${new URLSearchParams({ run: id, ...each })}`;
    await beginAt(page, watched, { ...options, workerUrl });
    if (!watched.stopped) return `never came to '${each.stop}': ${watched.error ?? 'it ended'}`;
    page = await WAYS[way](page);
    // The page tells that the run is over, which is not to be taken for the next one's end.
    if (way === 'terminated') await until(() => watched.isOver);
  }
  const may = allowed(stop, watched);
  page ??= await open();
  await beginAt(page, watched, { ...options, workerUrl: `/worker.js?run=${id}` });
  if (!watched.ended) return watched.error ?? 'the run did not end';
  if (!may.includes(watched.isFresh ? null : watched.found)) {
    return 'it went on from another generation than the newest';
  }
  return watched.ended === expected ? null : 'the bits differ from those of an undisturbed run';
}

async function extras() {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'stopping.mjs')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0].text;
}

export const steps = {
  name: 'steps',
  ci: 1,
  campaign: 20,
  async run(count, seed, print) {
    ensureTools('chromium');
    const r = random(seed);
    const runs = new Map();
    const { server, url } = await openServer((report) => runs.get(report.run)?.hear(report), {
      '/extras.js': await extras(),
    });
    const profile = newProfile();
    const browser = await startChromium(profile);
    const list = [];
    for (let round = 0; round < count; ++round) {
      for (const { most, ...stop } of await stops()) {
        for (const way of Object.keys(WAYS)) {
          list.push({ ...stop, way, nth: r.integer(1, most), seed: seed + round, epochs: EPOCHS });
        }
      }
    }
    const combinations = list.length;
    const undisturbed = new Map();
    let failed = 0;
    let begun = 0;
    const lane = async (number) => {
      // To open a tab costs more than the rest: those that were not closed are used again.
      const idle = [];
      const used = [];
      const open = async () => {
        const page = idle.pop() ?? (await browser.context.newPage());
        used.push(page);
        await page.goto(url);
        return page;
      };
      for (let each = list.shift(); each; each = list.shift()) {
        const id = String(++begun);
        const watched = new Watched();
        runs.set(id, watched);
        // A directory is used again: a run that has ended leaves nothing in it.
        const options = { id, backupDir: `lane-${number}-${failed}`, expected: undisturbed.get(each.seed) }; // prettier-ignore
        const problem = await tryStop({ ...each, ...options }, watched, open).catch(
          (error) => error.stack,
        );
        if (problem) print(`${each.stop}, ${each.nth}, ${each.way}, seed ${each.seed}: ${problem}`);
        if (problem) ++failed;
        runs.delete(id);
        idle.push(...used.splice(0).filter((page) => !page.isClosed()));
      }
    };
    try {
      await browser.connect();
      const page = await browser.open(url);
      for (let round = 0; round < count; ++round) {
        const watched = new Watched();
        runs.set('undisturbed', watched);
        const options = { seed: seed + round, epochs: EPOCHS, backupDir: `undisturbed-${round}` };
        await begin(page, { ...options, saveBatches: 1000, run: 'undisturbed' });
        await until(() => watched.isOver);
        if (!watched.ended) throw new Error(`the undisturbed run: ${watched.error}`);
        undisturbed.set(seed + round, watched.ended);
      }
      await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
    } finally {
      await browser.kill();
      removeDirectory(profile);
      server.close();
      server.closeAllConnections();
    }
    print(
      `${combinations} runs ended at a step, ${combinations / count} combinations of step and way: ` +
        `${combinations - failed} went on from the newest generation to the same bits, ${failed} did not; ` +
        `a directory was free after ${Math.ceil(longestWait)} ms at the latest`,
    );
    return { passed: combinations - failed, failed };
  },
};

await runAlone(import.meta, steps);
