// A quota of the browser's, as small as a few generations or less: the run ends with QUOTA_EXCEEDED soon, what
// was saved before is there, and with more room it goes on from there to the bits of an undisturbed run.
import { ensureTools } from '../../emscripten/toolchain/host.mjs';
import { startChromium } from '../chromium.mjs';
import { removeDirectory } from '../processes.mjs';
import { Victim, begin, newProfile, openServer, until } from './lab.mjs';
import { runAlone } from './part.mjs';

/** Of one generation of the model here. */
const UNITS = 4000;
/** In generations, beside what is used already. */
const SIZES = [-100, -1, 0, 0.5, 1.5];
const GENERATION = UNITS * (8 + 1 + 4 + 3) * 3 * 4;

export const quota = {
  name: 'quota',
  ci: 5,
  campaign: 20,
  async run(count, _seed, print) {
    ensureTools('chromium');
    let victim = new Victim();
    const { server, url } = await openServer((report) => victim.hear(report));
    let failed = 0;
    let slowest = 0;
    let told = 0;
    try {
      for (let i = 0; i < count; ++i) {
        const profile = newProfile();
        const options = { seed: i, saveSeconds: 0.05, pauseMs: 5, epochs: 6, units: UNITS };
        const problems = [];
        let browser = null;
        const open = async () => {
          browser = await startChromium(profile);
          await browser.connect();
          return browser.open(url);
        };
        try {
          let page = await open();
          victim = new Victim();
          await begin(page, { ...options, pauseMs: 0, backupDir: 'undisturbed' });
          await until(() => victim.ended !== null);
          const expected = victim.ended?.hash;

          victim = new Victim();
          await begin(page, options);
          await until(() => victim.last !== null);
          const { usage } = await page.evaluate(() => navigator.storage.estimate());
          // An open database goes by the room that there was; a browser that begins asks anew.
          await browser.kill();
          page = await open();
          const session = await browser.context.newCDPSession(page);
          const limit = (quotaSize) =>
            session.send('Storage.overrideQuotaForOrigin', {
              ...{ origin: new URL(url).origin, ...(quotaSize ? { quotaSize } : {}) },
            });
          await limit(Math.max(1, Math.round(usage + GENERATION * SIZES[i % SIZES.length])));
          await begin(page, options);
          const begun = performance.now();
          await until(() => victim.error !== null || victim.ended !== null, 20);
          const took = performance.now() - begun;
          told += Number(victim.error !== null);
          if (victim.error) slowest = Math.max(slowest, took);
          // Where older generations give enough room the run may well end; else it must be told why.
          if (victim.error && victim.error.code !== 'QUOTA_EXCEEDED')
            problems.push(victim.error.text);
          if (victim.error && took > 5000) problems.push(`it took ${took.toFixed(0)} ms to say so`);
          if (!victim.error && !victim.ended) problems.push('nothing was said');
          if (!victim.ended) {
            await browser.kill();
            page = await open();
            const { last } = victim;
            victim = new Victim();
            victim.last = last;
            await begin(page, { ...options, pauseMs: 0 });
            await until(() => victim.ended !== null || victim.error !== null);
            if (victim.resumes !== 1) problems.push('it did not go on');
          }
          problems.push(...victim.problems);
          if (victim.ended?.hash !== expected) problems.push('the bits differ');
        } finally {
          await browser?.kill();
          removeDirectory(profile);
        }
        for (const problem of problems) print(`size ${i}: ${problem}`);
        failed += Number(problems.length > 0);
      }
    } finally {
      server.close();
      server.closeAllConnections();
    }
    print(
      `${count} quotas, ${told} of them too small: told within ${slowest.toFixed(0)} ms, ${failed} failed`,
    );
    // Where no quota was too small, nothing was tried.
    if (told === 0) ++failed;
    return { passed: count - failed, failed };
  },
};

await runAlone(import.meta, quota);
