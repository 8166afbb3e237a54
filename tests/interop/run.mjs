// npm run test:interop: the package and real TensorFlow, 2.8 and 2.21, exchange checkpoints in both directions; and with
// Keras 3 too whole models and weights in HDF5 and archives.
// Ends with one line `N passed, N failed`.
import { spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEngine } from '../../emscripten/build.mjs';
import { ensureTools, SetupError } from '../../emscripten/toolchain/host.mjs';
import { build } from '../../web/build.mjs';
import { casesFor, fileCases, models, trainCheckpointCases } from './cases.mjs';
import * as savedModels from './savedModelCases.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const fixtures = fileURLToPath(new URL('../golden/checkpoints/', import.meta.url));

const environments = [
  // TensorFlow 2.8 has no edge from the root to itself in what save_weights writes; the package writes it.
  { label: 'tf2.8', writes: ['legacy'], reads: ['legacy', 'new'], rootEdge: false },
  { label: 'tf2.21', writes: ['legacy', 'new'], reads: ['legacy', 'new'], rootEdge: true },
];

/** Who exchanges HDF5 and archives: Keras 3 is in the environment of TensorFlow 2.21. */
const fileReaders = [
  { label: 'tf2.8', environment: 'tf2.8', variables: {} },
  { label: 'tf2.21', environment: 'tf2.21', variables: {} },
  { label: 'keras3', environment: 'tf2.21', variables: { TABTRAIN_KERAS: '3' } },
];

/** How many random models are compared. */
const randomModels = 200;

let passed = 0;
let failed = 0;

function record(ok, line) {
  if (ok) ++passed;
  else {
    ++failed;
    console.log(line);
  }
}

/** Runs a program whose lines `ok - ...` and `not ok - ...` are checks; dying counts as one failure. */
function run(what, program, args, counted, variables = {}) {
  const env = { ...process.env, ...variables };
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, env });
  let checks = 0;
  for (const line of (done.stdout ?? '').split('\n')) {
    if (!/^(not )?ok - /.test(line)) continue;
    ++checks;
    record(line.startsWith('ok'), line);
  }
  if (done.status === 0 && (checks > 0 || !counted)) return true;
  const tail = `${done.stderr ?? ''}`.trim().split('\n').slice(-8).join('\n');
  const how =
    done.error?.message ?? (done.status === 0 ? 'made no check' : `ended with ${done.status}`);
  record(false, `not ok - ${what}: ${how}\n${tail}`);
  return false;
}

/** The Python of one environment, made if needed. */
function pythonOf(label) {
  ensureTools('python3');
  const args = [join(here, 'envs.py'), label];
  const done = spawnSync('python3', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (done.status !== 0)
    throw new SetupError(`the ${label} environment could not be made (see above).`);
  return done.stdout.trim();
}

/** Prefixes of all checkpoints below a directory. */
function checkpointsBelow(directory) {
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.index'))
    .map((name) => join(directory, name.slice(0, -'.index'.length)))
    .sort();
}

/** TensorFlow's files, read and written again by the native engine with their own object graph. */
function rewriteAll(tool, directory, from, work) {
  const out = join(work, 'rewritten');
  for (const prefix of checkpointsBelow(directory)) {
    const name = `rewritten with its own object graph, ${from} ${relative(directory, prefix)}`;
    const done = spawnSync(tool, ['rewrite', prefix, out], { encoding: 'utf8' });
    const suffixes = ['.index', '.data-00000-of-00001'];
    const equal = (suffix) => readFileSync(out + suffix).equals(readFileSync(prefix + suffix));
    const different = done.status === 0 ? suffixes.filter((s) => !equal(s)) : [];
    const ok = done.status === 0 && different.length === 0;
    const why = done.status === 0 ? `${different.join(', ')} differs` : done.stderr.trim();
    record(ok, `not ok - ${name}: ${why}`);
  }
}

function exchange({ label, writes, reads, rootEdge }, tool, work) {
  const python = pythonOf(label);
  const plan = {
    label,
    rootEdge,
    models,
    write: [...casesFor(writes), ...trainCheckpointCases(writes)],
    read: casesFor(reads),
  };
  const planPath = join(work, 'plan.json');
  writeFileSync(planPath, JSON.stringify(plan));
  const ours = join(work, 'ours');
  const theirs = join(work, 'theirs');
  mkdirSync(theirs);
  const tf = (action, directory) => [join(here, 'theirs.py'), action, planPath, directory];
  const us = (action, directory) => [join(here, 'ours.mjs'), action, planPath, directory];
  if (run(`${label} writes`, python, tf('write', theirs), false)) {
    run(`ours reads ${label}`, process.execPath, us('read', theirs), true);
    rewriteAll(tool, theirs, label, work);
  }
  if (run(`ours writes for ${label}`, process.execPath, us('write', ours), false)) {
    run(`${label} reads ours`, python, tf('read', ours), true);
  }
}

function exchangeFiles({ label, environment, variables }, work) {
  const python = pythonOf(environment);
  const plan = {
    label,
    models,
    write: fileCases(label, 'write'),
    read: fileCases(label, 'read'),
  };
  const planPath = join(work, 'plan.json');
  writeFileSync(planPath, JSON.stringify(plan));
  const [ours, theirs] = [join(work, 'ours'), join(work, 'theirs')];
  mkdirSync(theirs);
  const keras = (action, directory) => [
    join(here, 'theirs_files.py'),
    ...[action, planPath, directory],
  ];
  const us = (action, directory) => [join(here, 'ours_files.mjs'), action, planPath, directory];
  if (run(`${label} writes files`, python, keras('write', theirs), false, variables)) {
    run(`ours reads files of ${label}`, process.execPath, us('read', theirs), true);
  }
  if (run(`ours writes files for ${label}`, process.execPath, us('write', ours), false)) {
    run(`${label} reads our files`, python, keras('read', ours), true, variables);
  }
}

/** Whole models as SavedModel directories. */
function exchangeSavedModels({ label }, work) {
  const python = pythonOf(label);
  const [planPath, ours, theirs] = ['models.json', 'ourModels', 'theirModels'].map((name) =>
    join(work, name),
  );
  const plan = {
    label,
    models: savedModels.models,
    ours: savedModels.ourCases(label),
    theirs: savedModels.theirCases(label),
  };
  writeFileSync(planPath, JSON.stringify(plan));
  mkdirSync(theirs);
  const tf = (action, directory) => [join(here, 'saved_model.py'), action, planPath, directory];
  const us = (action, directory) => [join(here, 'savedModel.mjs'), action, planPath, directory];
  if (run(`${label} writes SavedModels`, python, tf('write', theirs), false)) {
    run(`ours reads SavedModels of ${label}`, process.execPath, us('read', theirs), true);
  }
  if (run(`ours writes SavedModels for ${label}`, process.execPath, us('write', ours), false)) {
    run(`${label} reads our SavedModels`, python, tf('read', ours), true);
  }
}

/** Random models, trained by tf-keras, which takes minutes of one core: beside all else. */
function beginRandomModels(work) {
  const file = join(work, 'random.json');
  const log = openSync(join(work, 'log'), 'w');
  const make = [join(here, 'random_models.py'), file, String(randomModels), '1'];
  const child = spawn(pythonOf('tf2.21'), make, { stdio: ['ignore', log, log] });
  const ended = new Promise((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  ended.catch(() => {});
  return { file, ended };
}

/** The same models, trained by the package. */
async function compareRandomModels(work, { file, ended }) {
  const status = await ended;
  if (status === 0)
    run('random models', process.execPath, [join(here, 'random_models.mjs'), file], true);
  else
    record(
      false,
      `not ok - random models ended with ${status}\n${readFileSync(join(work, 'log'))}`,
    );
}

async function main() {
  const tool = join(buildEngine('native'), 'bundle_tool');
  await build();
  rewriteAll(tool, fixtures, 'fixture', mkdtempSync(join(scratch, 'fixtures-')));
  const randomWork = mkdtempSync(join(scratch, 'random-'));
  const random = beginRandomModels(randomWork);
  const part = (name, body) => {
    const start = performance.now();
    const before = { passed, failed };
    body(mkdtempSync(join(scratch, `${name}-`)));
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const counts = `${passed - before.passed} passed, ${failed - before.failed} failed`;
    console.log(`interop ${name}: ${counts} (${seconds} s)`);
  };
  for (const environment of environments) {
    part(environment.label, (work) => exchange(environment, tool, work));
    part(`${environment.label}-models`, (work) => exchangeSavedModels(environment, work));
  }
  for (const reader of fileReaders) {
    part(`${reader.label}-files`, (work) => exchangeFiles(reader, work));
  }
  await compareRandomModels(randomWork, random);
}

const scratch = mkdtempSync(join(tmpdir(), 'tabtrain-interop-'));
try {
  await main();
} catch (error) {
  record(false, `not ok - interop: ${error instanceof SetupError ? error.message : error.stack}`);
} finally {
  rmSync(scratch, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
