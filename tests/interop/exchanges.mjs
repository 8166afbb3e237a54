// The parts of the exchange: each side writes what the other reads.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { casesFor, fileCases, modelsFor, trainCheckpointCases } from './cases.mjs';
import { here, pythonOf, record, run } from './runner.mjs';
import * as savedModels from './savedModelCases.mjs';
import { tfjsPlan } from './tfjsCases.mjs';

/** Prefixes of all checkpoints below a directory. */
function checkpointsBelow(directory) {
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.index'))
    .map((name) => join(directory, name.slice(0, -'.index'.length)))
    .sort();
}

/** TensorFlow's files, read and written again by the native engine with their own object graph. */
export function rewriteAll(tool, directory, from, work) {
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

/**
 * `write` makes files, the other side's `read` checks them, in both directions.
 * @param theirs program and first arguments of their side, @param ours our script
 * @returns the directory that they wrote
 */
async function exchangeBothWays(
  plan,
  what,
  { theirs: [program, ...first], ours, variables },
  work,
) {
  const { label: library } = plan;
  const planPath = join(work, 'plan.json');
  const [from, to] = [join(work, 'theirs'), join(work, 'ours')];
  writeFileSync(planPath, JSON.stringify({ ...plan, from }));
  mkdirSync(from);
  const they = (action, directory, more) =>
    run(`${library}: ${action} ${what}`, program, [...first, action, planPath, directory], {
      ...{ library, variables },
      ...more,
    });
  const we = (action, directory, more) =>
    run(
      `ours: ${action} ${what} of ${library}`,
      process.execPath,
      [join(here, ours), action, planPath, directory],
      { library, ...more },
    );
  const quiet = { counted: false };
  if (await they('write', from, quiet)) await we('read', from, { direction: 'theirs' });
  if (await we('write', to, quiet)) await they('read', to, { direction: 'ours' });
  return from;
}

export async function exchangeCheckpoints({ label, writes, reads, rootEdge }, tool, work) {
  const plan = {
    label,
    rootEdge,
    models: modelsFor(label),
    write: [...casesFor(label, writes), ...trainCheckpointCases(writes)],
    read: casesFor(label, reads),
  };
  const theirs = [pythonOf(label), join(here, 'theirs.py')];
  const made = await exchangeBothWays(plan, 'checkpoints', { theirs, ours: 'ours.mjs' }, work);
  rewriteAll(tool, made, label, work);
}

/** HDF5 and archives. */
export function exchangeFiles({ label, environment, variables }, work) {
  const plan = {
    label,
    models: modelsFor(label),
    write: fileCases(label, 'write'),
    read: fileCases(label, 'read'),
  };
  const theirs = [pythonOf(environment), join(here, 'theirs_files.py')];
  return exchangeBothWays(plan, 'files', { theirs, ours: 'ours_files.mjs', variables }, work);
}

/** Whole models as SavedModel directories. */
export function exchangeSavedModels({ label }, work) {
  const plan = {
    label,
    models: savedModels.models,
    ours: savedModels.ourCases(label),
    returned: savedModels.returnedCases(label),
    theirs: savedModels.theirCases(label),
  };
  const theirs = [pythonOf(label), join(here, 'saved_model.py')];
  return exchangeBothWays(plan, 'SavedModels', { theirs, ours: 'savedModel.mjs' }, work);
}

/** The example of README with two workers: there and back, in three formats. */
export function continueThere(work) {
  const args = [join(here, 'continue.mjs'), pythonOf('tf2.21'), work];
  return run('two workers', process.execPath, args, {});
}

/** How many random models are trained by tf-keras, then by the package. */
const randomModels = 200;

export async function compareRandomModels(work) {
  const file = join(work, 'random.json');
  const make = [join(here, 'random_models.py'), file, String(randomModels), '1'];
  const made = await run('tf-keras: random models', pythonOf('tf2.21'), make, { counted: false });
  if (made)
    await run('random models', process.execPath, [join(here, 'random_models.mjs'), file], {});
}

/** Whole models of TensorFlow.js, which runs in Node. */
export function exchangeWithTfjs(work) {
  const theirs = [process.execPath, join(here, 'tfjs.mjs')];
  return exchangeBothWays(tfjsPlan, 'models', { theirs, ours: 'oursTfjs.mjs' }, work);
}
