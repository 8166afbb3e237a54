// npm run test:interop: the package and real TensorFlow, Keras 3 and TensorFlow.js exchange files in both directions.
//   --all      TensorFlow 2.10, 2.12 and 2.15 as well
//   --write    brings README's table up to date; otherwise a difference is a failure
//   PART ...   these parts alone, for example tf2.8-files, and the rows of README that they make
// Ends with one line `N passed, N failed`.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildEngine } from '../../emscripten/build.mjs';
import { SetupError } from '../../emscripten/toolchain/host.mjs';
import { build } from '../../web/build.mjs';
import { compareRandomModels, continueThere, exchangeCheckpoints, exchangeFiles, exchangeSavedModels, exchangeWithTfjs, rewriteAll } from './exchanges.mjs'; // prettier-ignore
import { everyRun, fileReaders, withAll } from './libraries.mjs';
import { compareReadme, rowsOf, table } from './matrix.mjs';
import { counts, countsOf, matrix, record } from './runner.mjs';

const fixtures = fileURLToPath(new URL('../golden/checkpoints/', import.meta.url));
const options = { all: { type: 'boolean' }, write: { type: 'boolean' } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });

/** Names of parts, and what each does in a directory of its own. */
function partsOf(environments, tool) {
  const parts = {
    random: compareRandomModels,
    fixtures: (work) => rewriteAll(tool, fixtures, 'fixture', work),
    tfjs: exchangeWithTfjs,
    continue: continueThere,
  };
  for (const environment of environments) {
    const { label } = environment;
    parts[`${label}-checkpoints`] = (work) => exchangeCheckpoints(environment, tool, work);
    parts[`${label}-models`] = (work) => exchangeSavedModels(environment, work);
  }
  for (const reader of fileReaders(environments)) {
    parts[`${reader.label}-files`] = (work) => exchangeFiles(reader, work);
  }
  return parts;
}

/** Prints the table and compares it with README: all rows of a whole run, of a part those that it makes. */
function closeMatrix(environments, isWhole) {
  const libraries = [...environments.map(({ label }) => label), 'keras3', 'tfjs'];
  const rows = isWhole ? rowsOf(libraries) : matrix.rows();
  console.log(
    `\nChecks passed of those made:\n\n${table([...matrix.lines(rows, true).values()])}\n`,
  );
  const wrong = [...matrix.problems(rows), ...compareReadme(matrix, rows, values.write === true)];
  record(wrong.length === 0, '');
  for (const line of wrong) console.log(`not ok - matrix: ${line}`);
  if (wrong.length > 0) console.log('npm run test:interop -- --write brings the table of README up to date'); // prettier-ignore
}

async function main(scratch) {
  const tool = join(buildEngine('native'), 'bundle_tool');
  await build();
  const environments = values.all ? [...everyRun, ...withAll] : everyRun;
  const parts = partsOf(environments, tool);
  const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0) throw new SetupError(`no part is called ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`); // prettier-ignore
  const isWhole = positionals.length === 0;
  const waiting = isWhole ? Object.keys(parts) : positionals;
  // Much of each part is Python that starts and traces on one core.
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const start = performance.now();
      const work = mkdtempSync(join(scratch, `${name}-`));
      const { passed, failed } = await countsOf(() => parts[name](work));
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(`interop ${name}: ${passed} passed, ${failed} failed (${seconds} s)`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  closeMatrix(environments, isWhole);
}

const scratch = mkdtempSync(join(tmpdir(), 'tabtrain-interop-'));
try {
  await main(scratch);
} catch (error) {
  record(false, `not ok - interop: ${error instanceof SetupError ? error.message : error.stack}`);
} finally {
  rmSync(scratch, { recursive: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
