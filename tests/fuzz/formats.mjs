// node tests/fuzz/formats.mjs [inputs = 5000] [seed]: SavedModels with damage, through the package as it is shipped.
// Each input must load or be refused with one TabtrainError, soon, and leave no memory behind.
// Ends with a line `N passed, N failed`; a failure prints the seed that makes its input alone.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineInfo, init, layers, loadModel, sequential, setSeed, TabtrainError } from '../../dist/node.js'; // prettier-ignore

const inputs = Number(process.argv[2] ?? 5000);
const firstSeed = Number(process.argv[3] ?? Date.now() % 1e9);
const slowest = 5000; // milliseconds, on a machine that does other things
const checkEvery = 250;
const fixtures = fileURLToPath(new URL('../golden/saved_models/', import.meta.url));

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Scale extends layers.Layer {
  static className = 'Scale';
  build(shape) {
    this.gain = this.addWeight('gain', [shape.at(-1)], { initializer: 'ones' });
  }
  call(g, x, { training }) {
    const noise = training ? g.randomUniform(x) : 0;
    return g.add(g.sub(g.mul(x, this.gain), g.mean(x, { axis: 0 })), noise);
  }
}

/** What the fixtures were compiled with. */
const customObjects = {
  absolute: (g, yTrue, yPred) => g.mean(g.abs(g.sub(yPred, yTrue)), { axis: -1 }),
  worst: (g, yTrue, yPred) => g.max(g.abs(g.sub(yPred, yTrue)), { axis: -1 }),
};

/** A directory's files by name. */
function filesIn(directory) {
  return new Map(
    readdirSync(directory, { recursive: true })
      .filter((name) => statSync(join(directory, name)).isFile())
      .map((name) => [name, readFileSync(join(directory, name))]),
  );
}

/** What is damaged: models that Keras wrote, and models of ours. */
async function seedModels() {
  const seeds = readdirSync(fixtures, { recursive: true })
    .filter((name) => name.endsWith('saved_model.pb'))
    .map((name) => filesIn(join(fixtures, name, '..')));
  const scratch = mkdtempSync(join(tmpdir(), 'tabtrain-fuzz-'));
  setSeed(1);
  const inner = sequential([layers.dense({ units: 3, inputShape: [4] }), layers.batchNormalization()]); // prettier-ignore
  const model = sequential([inner, new Scale(), layers.prelu(), layers.dense({ units: 2 })]);
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  await model.trainOnBatch([[1, 2, 3, 4]], [[1, 2]]);
  await model.save(scratch);
  model.dispose();
  seeds.push(filesIn(scratch));
  rmSync(scratch, { recursive: true });
  return seeds;
}

const words = ['__proto__', 'constructor', 'toString', '../x', '', 'null', '-1', '1e999', '[]', '{}', '"x"', 'true', '9007199254740993']; // prettier-ignore

/** One change of some bytes. */
function mutate(bytes, random, donor) {
  const below = (n) => Math.floor(random() * n);
  const at = below(bytes.length + 1);
  const length = 1 + below(random() < 0.8 ? 8 : 400);
  const splice = (remove, insert) =>
    Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
  switch (below(9)) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] ^= 1 << below(8);
      return copy;
    }
    case 1: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = [0, 1, 127, 128, 255, 10, 18, 26][below(8)];
      return copy;
    }
    case 2:
      return Buffer.from(bytes.subarray(0, at));
    case 3:
      return splice(length, Buffer.alloc(0));
    case 4:
      return splice(0, Buffer.from(Array.from({ length }, () => below(256))));
    case 5: {
      const from = below(donor.length);
      return splice(random() < 0.5 ? length : 0, donor.subarray(from, from + length));
    }
    case 6: // A text of the same length keeps the lengths around it right.
      return splice(length, Buffer.from(Array.from({ length }, () => 48 + below(75))));
    default:
      return anotherToken(bytes, random);
  }
}

/** A number or a text of JSON becomes another; elsewhere, of a name in a message, some bytes. */
function anotherToken(bytes, random) {
  const text = bytes.toString('latin1');
  const tokens = [...text.matchAll(/"[\w/ ]{1,40}"|-?\d+(\.\d+)?|true|false|null|[A-Za-z]\w{3,}/g)];
  if (tokens.length === 0) return bytes;
  const pick = (list) => list[Math.floor(random() * list.length)];
  const { 0: token, index } = pick(tokens);
  let other = random() < 0.5 ? pick(words) : pick(tokens)[0];
  // Spaces keep JSON what it is.
  if (random() < 0.7) other = other.slice(0, token.length).padEnd(token.length, ' ');
  return Buffer.from(text.slice(0, index) + other + text.slice(index + token.length), 'latin1');
}

function inputOf(seed, seeds) {
  const random = randomFrom(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const files = new Map(pick(seeds));
  const changes = 1 + Math.floor(random() ** 3 * 6);
  for (let i = 0; i < changes; ++i) {
    const share = random();
    const name =
      share < 0.45
        ? 'saved_model.pb'
        : share < 0.92
          ? 'keras_metadata.pb'
          : pick([...files.keys()]);
    if (random() < 0.005) files.delete(name);
    else if (files.has(name)) files.set(name, mutate(files.get(name), random, pick([...pick(seeds).values()]))); // prettier-ignore
  }
  return files;
}

const asFiles = (files) =>
  [...files].map(([name, bytes]) =>
    Object.defineProperty(new File([bytes], name), 'webkitRelativePath', { value: `m/${name}` }),
  );

/** Why an input is a failure; null where it is none. */
async function failureOf(files, counts) {
  const start = performance.now();
  let model = null;
  try {
    model = await loadModel(asFiles(files), { customObjects });
    ++counts.loaded;
  } catch (error) {
    if (!(error instanceof TabtrainError)) return `threw ${error?.stack ?? error}`;
    if (error.code === 'INTERNAL') return `INTERNAL: ${error.message}\n${error.cause?.stack}`;
  } finally {
    model?.dispose();
  }
  const took = performance.now() - start;
  if (Object.keys(Object.prototype).length > 0 || 'polluted' in {}) return 'changed all objects';
  return took > slowest ? `took ${took.toFixed(0)} ms` : null;
}

await init({ maxMemory: 256 * 2 ** 20 });
const seeds = await seedModels();
const liveBytes = async () => (await engineInfo()).memory.liveBytes;
const counts = { loaded: 0 };
for (const files of seeds) {
  const failure = await failureOf(files, counts);
  if (failure) throw new Error(`a seed does not load: ${failure}`);
}
if (counts.loaded !== seeds.length) throw new Error('a seed does not load');
const before = await liveBytes();
let failed = 0;
const begin = performance.now();
for (let i = 0; i < inputs; ++i) {
  const seed = firstSeed + i;
  const failure = await failureOf(inputOf(seed, seeds), counts);
  if (failure && ++failed <= 20) console.log(`seed ${seed}: ${failure.slice(0, 1500)}`);
  if (i % checkEvery === checkEvery - 1 && (await liveBytes()) !== before) {
    console.log(`seeds ${seed - checkEvery + 1} to ${seed}: ${(await liveBytes()) - before} bytes stay`); // prettier-ignore
    ++failed;
    break;
  }
}
const seconds = ((performance.now() - begin) / 1000).toFixed(0);
console.log(`fuzz formats: seeds from ${firstSeed}, ${counts.loaded - seeds.length} loaded (${seconds} s)`); // prettier-ignore
console.log(`${inputs - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
