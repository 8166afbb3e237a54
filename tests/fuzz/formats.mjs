// node tests/fuzz/formats.mjs [inputs = 1000] [seed] [format...]: damaged models, each format's through the package as
// it is shipped. An input must load or be refused with one TabtrainError, soon, and leave nothing behind.
// Ends with a line `N passed, N failed`; a failure prints the seed that makes its input alone.
import { Worker } from 'node:worker_threads';

const formats = ['saved-model', 'hdf5', 'weights', 'keras', 'tfjs'];
const [inputs = 1000, firstSeed = Date.now() % 1e9] = process.argv.slice(2, 4).map(Number);
const chosen = process.argv.length > 4 ? process.argv.slice(4) : formats;
/** Of one worker: what an input leaves in it ends with it. */
const batch = 500;
/** After it an input is one without an end. */
const deadline = 60_000;

/** What a worker says of its inputs; an input that it does not come back from is a failure. */
function runBatch(format, first, count) {
  return new Promise((resolve, reject) => {
    const at = new Int32Array(new SharedArrayBuffer(4));
    at[0] = -1;
    const worker = new Worker(new URL('./formats/worker.mjs', import.meta.url), {
      workerData: { format, first, count, at },
      resourceLimits: { maxOldGenerationSizeMb: 2048 },
    });
    let [last, since] = [-1, Date.now()];
    const watch = setInterval(() => {
      if (Atomics.load(at, 0) !== last) [last, since] = [Atomics.load(at, 0), Date.now()];
      else if (Date.now() - since > deadline) end(`does not end`);
    }, 1000);
    const end = (failure) => {
      clearInterval(watch);
      void worker.terminate();
      const done = Atomics.load(at, 0);
      if (done < 0) reject(new Error(`${format}: ${failure}`));
      else resolve({ loaded: 0, codes: {}, slowest: { took: 0 }, failures: [{ seed: first + done, failure }], done: done + 1 }); // prettier-ignore
    };
    worker.on('message', (counts) => {
      clearInterval(watch);
      resolve({ ...counts, done: count });
      void worker.terminate();
    });
    worker.on('error', (error) => end(`ended the worker: ${error?.stack ?? error}`));
  });
}

async function runFormat(format) {
  const begin = performance.now();
  const total = { loaded: 0, failed: 0, codes: {}, slowest: { took: 0 } };
  for (let i = 0; i < inputs;) {
    const { loaded, codes, slowest, failures, done } = await runBatch(format, firstSeed + i, Math.min(batch, inputs - i)); // prettier-ignore
    for (const { seed, failure } of failures) {
      if (++total.failed <= 20) console.log(`${format} seed ${seed}: ${failure.slice(0, 1500)}`);
    }
    total.loaded += loaded;
    if (slowest.took > total.slowest.took) total.slowest = slowest;
    for (const [code, n] of Object.entries(codes)) total.codes[code] = (total.codes[code] ?? 0) + n;
    i += done;
    if (i < inputs) process.stderr.write(`${format}: ${i}, ${total.failed} failed\n`);
  }
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  const codes = Object.entries(total.codes).map(([code, n]) => `${code} ${n}`).join(', '); // prettier-ignore
  console.log(`fuzz ${format}: ${inputs} from seed ${firstSeed}: ${total.loaded} loaded, ${codes} (${seconds} s), the slowest ${total.slowest.took.toFixed(0)} ms (seed ${total.slowest.seed})`); // prettier-ignore
  return total.failed;
}

let failed = 0;
for (const format of chosen) failed += await runFormat(format);
console.log(`${inputs * chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
