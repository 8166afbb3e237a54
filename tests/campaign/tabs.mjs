// Several tabs of one browser want the same run; they are closed, reloaded and navigated away, and their
// workers terminated, at random moments. One has it
// at a time, another takes it over within a second or so, and it ends with the bits of a run that nobody
// disturbed.
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureTools } from '../../emscripten/toolchain/host.mjs';
import { startChromium } from '../chromium.mjs';
import { removeDirectory } from '../processes.mjs';
import { random } from './configurations.mjs';
import { Victim, begin, newProfile, openServer, until } from './lab.mjs';
import { runAlone } from './part.mjs';

/** The longest that a run may stand still after its tab was closed, in milliseconds, on a busy machine. */
const TAKEOVER_MS = 3000;

export const tabs = {
  name: 'tabs',
  ci: 10,
  campaign: 100,
  async run(count, seed, print) {
    ensureTools('chromium');
    const r = random(seed);
    let victim = new Victim();
    const { server, url } = await openServer((report) => victim.hear(report));
    const profile = newProfile();
    const takeovers = [];
    let closes = 0;
    let failed = 0;
    const browser = await startChromium(profile);
    try {
      await browser.connect();
      for (let round = 1; closes < count; ++round) {
        const options = { seed: round, saveSeconds: 0.05, pauseMs: 8, epochs: 20, waits: true };
        options.backupDir = `undisturbed-${round}`;
        victim = new Victim();
        const alone = await browser.open(url);
        await begin(alone, { ...options, pauseMs: 0 });
        await until(() => victim.ended !== null);
        const expected = victim.ended?.hash;
        await alone.close();

        options.backupDir = `run-${round}`;
        victim = new Victim();
        const open = [];
        const more = async () => {
          const page = await browser.context.newPage();
          await page.addInitScript(() => {
            const workers = [];
            globalThis.Worker = class extends globalThis.Worker {
              constructor(...given) {
                super(...given);
                workers.push(this);
              }
            };
            globalThis.endWorkers = () => workers.forEach((worker) => worker.terminate());
          });
          await page.goto(url);
          await begin(page, options);
          open.push(page);
        };
        for (let i = r.integer(2, 8); i > 0; --i) await more();
        while (closes < count && victim.ended === null && victim.problems.length === 0) {
          await sleep(r.integer(100, 700));
          const before = victim.resumes;
          const hadBegun = victim.last !== null;
          const [page] = open.splice(r.integer(0, open.length - 1), 1);
          const closedAt = performance.now();
          await r.pick([
            () => page.close(),
            () => page.reload().then(() => page.close()),
            () => page.goto('about:blank').then(() => page.close()),
            () => page.evaluate(() => globalThis.endWorkers()).then(() => page.close()),
          ])();
          ++closes;
          const last = victim.last;
          if (open.length < 2) await more();
          // Whoever had it: the run must be seen to go on.
          const goesOn = () =>
            victim.ended !== null || victim.last !== last || victim.resumes > before;
          if (hadBegun && !(await until(goesOn, TAKEOVER_MS / 1000))) {
            victim.problems.push(`nobody went on within ${TAKEOVER_MS} ms`);
          }
          if (victim.resumes > before) takeovers.push(performance.now() - closedAt);
        }
        if (victim.ended === null && victim.problems.length === 0) {
          await until(() => victim.ended !== null || victim.problems.length > 0);
        }
        if (victim.ended?.hash !== expected) victim.problems.push('the bits differ');
        for (const problem of victim.problems) print(`round ${round}: ${problem}`);
        failed += Number(victim.problems.length > 0);
        for (const page of open) await page.close();
      }
    } finally {
      await browser.kill();
      removeDirectory(profile);
      server.close();
      server.closeAllConnections();
    }
    const longest = Math.max(0, ...takeovers).toFixed(0);
    print(
      `${closes} tabs ended, ${takeovers.length} times another took over, within ${longest} ms`,
    );
    return { passed: failed === 0 ? closes : 0, failed };
  },
};

await runAlone(import.meta, tabs);
