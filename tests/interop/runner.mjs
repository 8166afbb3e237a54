// Runs the programs of the exchange and counts what their lines say.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTools, SetupError } from '../../emscripten/toolchain/host.mjs';
import { Matrix } from './matrix.mjs';

export const here = fileURLToPath(new URL('.', import.meta.url));
export const matrix = new Matrix();
export const counts = { passed: 0, failed: 0 };
const ofPart = new AsyncLocalStorage();

/** Calls `body` and says how many of its checks passed and failed, whatever runs beside it. */
export async function countsOf(body) {
  const own = { passed: 0, failed: 0 };
  await ofPart.run(own, body);
  return own;
}

export function record(ok, line) {
  const result = ok ? 'passed' : 'failed';
  ++counts[result];
  const own = ofPart.getStore();
  if (own) ++own[result];
  if (!ok) console.log(line);
}

/**
 * Runs a program whose lines `ok - ...` and `not ok - ...` are checks, with a cell of the matrix in brackets before the
 * dash; dying counts as one failure. Cells are of `library` and `direction`, who reads whose files.
 */
export async function run(
  what,
  program,
  args,
  { counted = true, variables = {}, library, direction },
) {
  const done = await ending(program, args, { ...process.env, ...variables });
  let checks = 0;
  for (const line of done.stdout.split('\n')) {
    const [check, not, cell] = /^(not )?ok (?:\[(.*?)\] )?- /.exec(line) ?? [];
    if (check === undefined) continue;
    ++checks;
    record(!not, line);
    if (cell) matrix.record(library, direction, cell, !not);
  }
  if (done.status === 0 && (checks > 0 || !counted)) return true;
  const tail = done.stderr.trim().split('\n').slice(-8).join('\n');
  const how = done.status === 0 ? 'made no check' : `ended with ${done.status}`;
  record(false, `not ok - ${what}: ${how}\n${tail}`);
  return false;
}

/** What a program wrote, and its exit status or the signal or error that ended it. */
async function ending(program, args, env) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, status: await closed };
}

/** The Python of one environment, made if needed. */
export function pythonOf(label) {
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
