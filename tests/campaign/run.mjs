// Training that survives anything, tried in numbers. `npm run campaign` runs every part at full length and
// adds what it found to log.md; `node tests/campaign/run.mjs ci` is the short form, for each change.
// `npm run campaign -- PART ... [--seed SEED]` runs these parts only, without the log.
import { appendFileSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { build } from '../../web/build.mjs';
import { chromiumPath, ensureTools, firefoxPath } from '../../emscripten/toolchain/host.mjs';
import { databases } from './databaseFaults.mjs';
import { faults } from './faults.mjs';
import { files } from './files.mjs';
import { flips } from './flips.mjs';
import { killChromium, killFirefox } from './kills.mjs';
import { mutants } from './mutants.mjs';
import { pairs } from './pairs.mjs';
import { quota } from './quota.mjs';
import { schedules } from './schedules.mjs';
import { soakPart } from './soak.mjs';
import { steps } from './steps.mjs';
import { tabs } from './tabs.mjs';
import { tornLog } from './tornLog.mjs';
import { trainingFaults } from './training-faults.mjs';

const parts = [
  ...[pairs, faults, trainingFaults, files, databases, flips, schedules, mutants, soakPart],
  ...[steps, tabs, quota, tornLog, killChromium, killFirefox],
];

/** README.md says what each part does and how often. */
function checkTable() {
  const text = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8').replace(/ +/g, ' ');
  for (const { name, ci, campaign } of parts) {
    const row = `| ${name} | ${ci} | ${campaign} |`;
    if (!text.includes(row)) throw new Error(`README.md lacks '${row}'`);
  }
}

const versionOf = (program) => execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();

async function main(given) {
  const { values, positionals } = parseArgs({
    ...{ args: given, allowPositionals: true, options: { seed: { type: 'string' } } },
  });
  const isShort = positionals[0] === 'ci';
  const names = isShort ? [] : positionals;
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) throw new Error(`parts are ${parts.map(({ name }) => `'${name}'`)}`);
  checkTable();
  ensureTools('chromium', 'firefox');
  await build();
  const seed = Number(values.seed ?? (isShort ? 1 : Date.now() % 1e6));
  const lines = [];
  const sum = { passed: 0, failed: 0 };
  for (const part of parts) {
    if (names.length > 0 && !names.includes(part.name)) continue;
    const begun = performance.now();
    const said = [];
    const print = (text) => {
      said.push(text);
      console.log(`${part.name}: ${text}`);
    };
    const count = isShort ? part.ci : part.campaign;
    const { passed, failed } = await part.run(count, seed, print);
    sum.passed += passed;
    sum.failed += failed;
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    console.log(`${part.name}: ${passed} passed, ${failed} failed, ${seconds} s`);
    lines.push(`| ${part.name} | ${count} | ${passed} | ${failed} | ${seconds} | ${said.at(-1)} |`);
  }
  if (!isShort && names.length === 0) {
    const browsers = `${versionOf(chromiumPath())}; ${versionOf(firefoxPath())}`;
    const machine = `${cpus().length} x ${cpus()[0].model}; Node ${process.version}; ${browsers}`;
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
    }).trim();
    const title = `## ${new Date().toISOString().slice(0, 10)}, commit ${commit}, seed ${seed}`;
    const head =
      '| Part | Count | Passed | Failed | Seconds | |\n| --- | --- | --- | --- | --- | --- |';
    const log = `\n${title}\n\n${machine}\n\n${head}\n${lines.join('\n')}\n`;
    appendFileSync(join(import.meta.dirname, 'log.md'), log);
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  process.exitCode = sum.failed > 0 ? 1 : 0;
}

await main(process.argv.slice(2));
