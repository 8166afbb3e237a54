// Files on the disk under faults, kills and several writers: see fileFaults.mjs and fileRaces.mjs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../emscripten/toolchain/npm.mjs';
import { killCommits, sweepFiles } from './fileFaults.mjs';
import { raceFiles } from './fileRaces.mjs';
import { runAlone } from './part.mjs';
import { sources } from './sources.mjs';

const STEPS = 7;
const KILLS = 15;
const RACE = { writers: 4, changes: 150 };

export const files = {
  name: 'files',
  ci: 1,
  campaign: 5,
  async run(models, seed, print) {
    const modules = await sources();
    const program = pathToFileURL(join(root, 'dist/node.js')).href;
    const directory = mkdtempSync(join(tmpdir(), 'tabtrain-campaign-'));
    let [pairs, kills, inTheMiddle, reads, failed] = [0, 0, 0, 0, 0];
    try {
      for (let model = 1; model <= models; ++model) {
        const say = (text) => print(`model ${model}, ${text}`);
        const size = 40 * 5 ** (model - 1);
        const sweep = await sweepFiles(modules, directory, { size, count: STEPS }, say);
        const options = { kills: KILLS, size: 40_000 * model ** 2, seed: seed + model };
        const killed = await killCommits(
          modules,
          program,
          join(directory, `${model}`),
          options,
          say,
        );
        const place = join(directory, 'race', 'run');
        const race = await raceFiles(modules, place, { ...RACE, seed: seed + model }, say);
        pairs += sweep.passed;
        reads += race.passed;
        kills += killed.passed;
        inTheMiddle += killed.inTheMiddle;
        failed += sweep.failed + killed.failed + race.failed;
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    print(
      `${pairs} pairs of an operation and a fault survived, ${kills} kills, ` +
        `${inTheMiddle} of them in the middle of a commit, ${reads} whole reads of what several changed; ${failed} not`,
    );
    return { passed: pairs + kills + reads, failed };
  },
};

await runAlone(import.meta, files);
