// SIGKILL of a browser's whole process group, at random moments of a run that keeps its state and right after
// a state was reported saved: opened again on the same profile, the run goes on from the last place that was
// reported saved or a later one, and ends with the bits of a run that nobody disturbed.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureTools } from '../../emscripten/toolchain/host.mjs';
import { startChromium } from '../chromium.mjs';
import { startFirefox } from '../firefox.mjs';
import { removeDirectory } from '../processes.mjs';
import { random } from './configurations.mjs';
import { Victim, begin, newProfile, openServer, until } from './lab.mjs';
import { runAlone } from './part.mjs';

/** What the browser that was started last said of its storage: it may be what lost the files. */
function storageLines(profile) {
  const lines = readFileSync(`${profile}.log`, 'utf8').split('\n');
  return lines.filter((line) => /indexed_?db|leveldb/i.test(line)).join('\n') || 'nothing';
}

async function killLoop(start, count, seed, print) {
  const r = random(seed);
  let victim = new Victim();
  const { server, url } = await openServer((report) => victim.hear(report));
  const runs = [];
  const times = [];
  let kills = 0;
  let atReports = 0;
  let strays = 0;
  const launch = async (profile, options) => {
    const browser = await start(profile);
    await browser.connect();
    await begin(await browser.open(url), options);
    return browser;
  };
  const finish = async (profile, options) => {
    const browser = await launch(profile, options);
    const isOver = () => victim.ended !== null || victim.problems.length > 0;
    if (!(await until(isOver))) victim.problems.push('the run did not end');
    await browser.kill();
  };
  try {
    for (let run = 1; kills < count; ++run) {
      const options = { seed: run, saveSeconds: r.pick([0, 0.05, 1]), pauseMs: 8, epochs: 30 };
      const undisturbed = newProfile();
      victim = new Victim();
      await finish(undisturbed, { ...options, pauseMs: 0 });
      removeDirectory(undisturbed);
      const expected = victim.ended?.hash;
      const problems = victim.problems;
      const profile = newProfile();
      victim = new Victim();
      while (kills < count && !victim.ended && victim.problems.length === 0) {
        const begun = performance.now();
        const browser = await launch(profile, options);
        if (kills % 3 === 1) {
          // What is saved is promised from the report on.
          await sleep(r.integer(0, 800));
          atReports += Number(await victim.nextSaved(10_000));
        } else {
          // Now and then while the page still begins.
          await sleep(r.chance(0.1) ? r.integer(0, 200) : r.integer(200, 1500));
        }
        strays += await browser.kill();
        ++kills;
        times.push(performance.now() - begun);
      }
      if (!victim.ended && victim.problems.length === 0)
        await finish(profile, { ...options, pauseMs: 0 });
      removeDirectory(profile);
      problems.push(...victim.problems);
      if (victim.ended?.hash !== expected)
        problems.push('the bits differ from those of an undisturbed run');
      for (const problem of problems) print(`run ${run}: ${problem}`);
      if (problems.length > 0) print(`the browser's log: ${storageLines(profile)}`);
      runs.push({ resumes: victim.resumes, problems: problems.length });
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
  const mean = times.reduce((a, b) => a + b, 0) / times.length / 1000;
  const bad = runs.filter(({ problems }) => problems > 0).length;
  const resumes = runs.reduce((sum, each) => sum + each.resumes, 0);
  print(
    `${kills} kills (${mean.toFixed(1)} s each), ${atReports} right after a report, in ${runs.length} runs: ${resumes} resumed, ` +
      `${runs.length - bad} ended with the bits of an undisturbed run, ${bad} did not; ${strays} strays`,
  );
  // None at a report is a part of this that was not tried.
  const missing = Number(atReports === 0);
  return { passed: bad === 0 ? kills : 0, failed: bad + missing };
}

const kill = (name, tool, start, ci, campaign) => ({
  ...{ name, ci, campaign },
  async run(count, seed, print) {
    ensureTools(tool);
    return killLoop(start, count, seed, print);
  },
});

export const killChromium = kill('kill Chromium', 'chromium', startChromium, 20, 500);
export const killFirefox = kill('kill Firefox', 'firefox', startFirefox, 3, 50);

await runAlone(import.meta, process.argv[4] === 'firefox' ? killFirefox : killChromium);
