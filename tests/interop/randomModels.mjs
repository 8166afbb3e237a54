// Random models: trained by tf-keras, then by the package.
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { here, pythonOf, record, run } from './runner.mjs';

/** How many random models are compared. */
const count = 200;

/** What tf-keras makes takes minutes of one core: it runs beside all else. */
export function beginRandomModels(work) {
  const file = join(work, 'random.json');
  const log = openSync(join(work, 'log'), 'w');
  const make = [join(here, 'random_models.py'), file, String(count), '1'];
  const child = spawn(pythonOf('tf2.21'), make, { stdio: ['ignore', log, log] });
  const ended = new Promise((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  ended.catch(() => {});
  return { file, ended, log: join(work, 'log') };
}

/** The same models, trained by the package. */
export async function compareRandomModels({ file, ended, log }) {
  const status = await ended;
  if (status === 0)
    run('random models', process.execPath, [join(here, 'random_models.mjs'), file], {});
  else record(false, `not ok - random models ended with ${status}\n${readFileSync(log)}`);
}
