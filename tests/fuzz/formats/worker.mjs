// Inputs `first` to `first + count` of a format, each read by the package as it is shipped. Tells what failed, and
// where it is, so that one without an end is known as well.
import { register } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { engineInfo, init, TabtrainError } from '../../../dist/node.js';
import { randomFrom } from './random.mjs';
import { targets } from './targets.mjs';

const { format, first, count, at } = workerData;
const slowest = 2000; // milliseconds of this process's time
const checkEvery = 200;

// The library for HDF5 is a module of its own for each file; that it is read and compiled once is what makes volume possible.
register('./hdf5Once.mjs', import.meta.url);
const { instantiate } = WebAssembly;
const compiled = new Map();
WebAssembly.instantiate = async (source, imports) => {
  if (source instanceof WebAssembly.Module) return instantiate(source, imports);
  const key = source.byteLength;
  if (!compiled.has(key)) compiled.set(key, await WebAssembly.compile(source));
  const module = compiled.get(key);
  return { module, instance: await instantiate(module, imports) };
};

let printed = null;
for (const name of ['log', 'error', 'warn']) console[name] = (line) => void (printed ??= line);
let unhandled = null;
process.on('unhandledRejection', (reason) => void (unhandled ??= reason));

/** Why an input is a failure; null where it is none. */
async function failureOf(target, files, counts, seed) {
  const first = await attempt(target, files);
  if (first.took > counts.slowest.took) counts.slowest = { took: first.took, seed };
  if (first.code) counts.codes[first.code] = (counts.codes[first.code] ?? 0) + 1;
  else if (!first.failure) ++counts.loaded;
  if (first.failure || first.took <= slowest) return first.failure ?? null;
  // Once it may be what else the process has to do, such as to collect garbage.
  const { took } = await attempt(target, files);
  return took > slowest
    ? `took ${first.took.toFixed(0)} ms, and ${took.toFixed(0)} ms again`
    : null;
}

/** Reads an input: the code of its error if it has one, why that is a failure, and the milliseconds that it took. */
async function attempt(target, files) {
  const start = process.cpuUsage();
  [printed, unhandled] = [null, null];
  let code;
  try {
    await target.read(files);
  } catch (error) {
    if (!(error instanceof TabtrainError)) return { took: 0, failure: `threw ${error?.stack ?? error}` }; // prettier-ignore
    if (error.code === 'INTERNAL') return { took: 0, failure: `INTERNAL: ${error.message}\n${error.cause?.stack}` }; // prettier-ignore
    ({ code } = error);
  }
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1000;
  return { code, took, failure: besides() };
}

/** What an input did that no input may; null for nothing. */
function besides() {
  if (Object.keys(Object.prototype).length > 0 || 'polluted' in {}) return 'changed all objects';
  if (printed !== null) return `printed ${printed}`;
  return unhandled === null ? null : `rejected besides: ${unhandled?.stack ?? unhandled}`;
}

const liveBytes = async () => (await engineInfo()).memory.liveBytes;

await init({ maxMemory: 256 * 2 ** 20 });
const target = targets[format];
const seeds = await target.seeds();
await target.open?.();
const noneYet = { loaded: 0, codes: {}, slowest: { took: 0 } };
const counts = { ...structuredClone(noneYet), failures: [] };
for (const files of seeds) {
  const failure = await failureOf(target, files, counts);
  if (failure) throw new Error(`${format}: a seed fails: ${failure}`);
}
// Weights fit some of the seeds' models only.
if (counts.loaded < (target.open ? 1 : seeds.length)) throw new Error(`${format}: a seed does not load: ${JSON.stringify(counts)}`); // prettier-ignore
Object.assign(counts, structuredClone(noneYet));
const before = await liveBytes();
for (let i = 0; i < count; ++i) {
  const seed = first + i;
  Atomics.store(at, 0, i);
  const failure = await failureOf(target, target.input(seeds, randomFrom(seed)), counts, seed);
  if (failure) counts.failures.push({ seed, failure });
  if ((i % checkEvery === checkEvery - 1 || i === count - 1) && (await liveBytes()) !== before) {
    const failure = `${(await liveBytes()) - before} bytes stay, of this or one of the ${checkEvery} before`; // prettier-ignore
    counts.failures.push({ seed, failure });
    break;
  }
}
target.close?.();
parentPort.postMessage(counts);
