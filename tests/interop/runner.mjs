// Runs the programs of the exchange and counts what their lines say.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTools, SetupError } from '../../emscripten/toolchain/host.mjs';
import { Matrix } from './matrix.mjs';

export const here = fileURLToPath(new URL('.', import.meta.url));
export const matrix = new Matrix();
export const counts = { passed: 0, failed: 0 };

export function record(ok, line) {
  ++counts[ok ? 'passed' : 'failed'];
  if (!ok) console.log(line);
}

/**
 * Runs a program whose lines `ok - ...` and `not ok - ...` are checks, with a cell of the matrix in brackets before the
 * dash; dying counts as one failure. Cells are of `library` and `direction`, who reads whose files.
 */
export function run(what, program, args, { counted = true, variables = {}, library, direction }) {
  const env = { ...process.env, ...variables };
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, env });
  let checks = 0;
  for (const line of (done.stdout ?? '').split('\n')) {
    const [check, not, cell] = /^(not )?ok (?:\[(.*?)\] )?- /.exec(line) ?? [];
    if (check === undefined) continue;
    ++checks;
    record(!not, line);
    if (cell) matrix.record(library, direction, cell, !not);
  }
  if (done.status === 0 && (checks > 0 || !counted)) return true;
  const tail = `${done.stderr ?? ''}`.trim().split('\n').slice(-8).join('\n');
  const how =
    done.error?.message ?? (done.status === 0 ? 'made no check' : `ended with ${done.status}`);
  record(false, `not ok - ${what}: ${how}\n${tail}`);
  return false;
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
