#!/usr/bin/env node
// The command line. What it prints goes to stdout; an error is one sentence on stderr.
import { parseArgs } from 'node:util';
import { toTabtrainError } from '../api/errors';
import { engineInfo } from '../api/node';
import { convert } from './convert';
import { inspect } from './inspect';
import { complain } from './print';
import { verify } from './verify';

const HELP = `tabtrain inspect PATH        what a saved model or checkpoint holds
tabtrain verify PATH         reads all of it and says what is damaged
tabtrain convert FROM TO     saves a model in another format

PATH, FROM  a file or directory of a whole model in any format that loadModel reads, its address
            (https://, http://), or, but for convert, a file of weights in HDF5 or a TensorFlow
            checkpoint: its prefix, or a directory with a 'checkpoint' file
TO          its name says the format: model.json is TensorFlow.js's, another name a SavedModel
            directory, and so on as in model.save

--format NAME     of convert: the format, whatever the name
--no-optimizer    of convert: leaves out the optimizer and what else compile chose
--overwrite       of convert: replaces what is there
--help, --version

Exit code 0: done; 1: damaged, not found, or failed otherwise; 2: a mistake in the command line.
`;

/** A command line that cannot be meant. */
class UsageError extends Error {}

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  format: { type: 'string' },
  'no-optimizer': { type: 'boolean' },
  overwrite: { type: 'boolean' },
} as const;

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @returns whether all is well */
async function run(args: string[]): Promise<boolean> {
  const { values, positionals } = parse(args);
  const [command, ...paths] = positionals;
  if (values.help) {
    process.stdout.write(HELP);
    return true;
  }
  if (values.version) {
    console.log((await engineInfo()).version);
    return true;
  }
  const counts = new Map([
    ['inspect', 1],
    ['verify', 1],
    ['convert', 2],
  ]);
  const takes = counts.get(command ?? '');
  if (takes === undefined) {
    const came = command === undefined ? 'none' : `'${command}'`;
    throw new UsageError(`expected inspect, verify or convert, came ${came}`);
  }
  if (paths.length !== takes || paths.includes('')) {
    throw new UsageError(`${command}: expected ${takes === 1 ? 'a path' : 'two paths'}`);
  }
  const { format, 'no-optimizer': bare = false, overwrite = false } = values;
  if (command === 'convert') {
    await convert(paths[0]!, paths[1]!, { format, includeOptimizer: !bare, overwrite });
    return true;
  }
  if (format !== undefined || bare || overwrite) {
    throw new UsageError('--format, --no-optimizer and --overwrite are options of convert');
  }
  if (command === 'verify') return verify(paths[0]!);
  await inspect(paths[0]!);
  return true;
}

try {
  process.exitCode = (await run(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (error instanceof UsageError) {
    complain(`${error.message}; see tabtrain --help`);
    process.exitCode = 2;
  } else {
    complain(toTabtrainError(error).message);
    process.exitCode = 1;
  }
}
