// examples/continue-on-tensorflow with two workers: from the package to TensorFlow and back. The losses, the optimizer and
// what follows are those of a model that trained on here. `continue.mjs PYTHON DIRECTORY`.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { layers, loadModel, losses, optimizers, sequential, setSeed } from '../../dist/node.js';
import { optimizerOf } from './aspects.mjs';
import { assertClose, assertEqual, check } from './model.mjs';

const script = fileURLToPath(
  new URL('../../examples/continue-on-tensorflow/train.py', import.meta.url),
);
const [python, directory] = process.argv.slice(2);
const samples = 80;
const begun = { epochs: 2, batchSize: 20, shuffle: false, verbose: 0 };
const further = { ...begun, epochs: 3 };
const stepsOf = ({ epochs, batchSize }) => (epochs * samples) / batchSize;

const x = {
  data: Float32Array.from({ length: samples * 8 }, (_, i) => Math.sin(i * i)),
  shape: [samples, 8],
};
const y = { data: Int32Array.from({ length: samples }, (_, i) => (i * 7) % 4), shape: [samples] };

function createModel() {
  setSeed(1);
  const model = sequential([
    layers.dense({ units: 16, activation: 'relu', inputShape: [8] }),
    layers.dense({ units: 4 }),
  ]);
  const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss });
  return model;
}
const isCheckpoint = (name) => name.endsWith('.ckpt');
const save = (model, path) => (isCheckpoint(path) ? model.saveWeights(path) : model.save(path));
async function load(path) {
  if (!isCheckpoint(path)) return loadModel(path);
  const model = createModel();
  (await model.loadWeights(path)).assertConsumed();
  return model;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, 'localhost', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A worker, or with `config` null a program that writes the data; resolves to what it printed. */
function runPython(args, config) {
  const env = { ...process.env, CUDA_VISIBLE_DEVICES: '', TF_CPP_MIN_LOG_LEVEL: '3' };
  if (config) env.TF_CONFIG = JSON.stringify(config);
  const child = spawn(python, args, { env });
  const printed = ['', ''];
  child.stdout.on('data', (text) => (printed[0] += text));
  child.stderr.on('data', (text) => (printed[1] += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (status) => {
      if (status === 0) resolve(printed[0]);
      else reject(new Error(`a worker ended with ${status}: ${printed[1].slice(-300)}`));
    });
  });
}

async function runWorkers(source, target) {
  const worker = [`localhost:${await freePort()}`, `localhost:${await freePort()}`];
  const outputs = await Promise.all(
    worker.map((_, index) =>
      runPython([script, join(directory, 'data.npz'), source, target], {
        cluster: { worker },
        task: { type: 'worker', index },
      }),
    ),
  );
  return outputs.map((text) => (/^loss (.*)$/m.exec(text)?.[1] ?? '').split(' ').map(Number));
}

async function writeData() {
  const made = { x: Array.from(x.data), y: Array.from(y.data), shape: x.shape };
  writeFileSync(join(directory, 'data.json'), JSON.stringify(made));
  const program = [
    'import json, sys, numpy as np',
    'made = json.load(open(sys.argv[1]))',
    "x, y = np.float32(made['x']).reshape(made['shape']), np.int32(made['y'])",
    'np.savez(sys.argv[2], x=x, y=y)',
  ].join('\n');
  const paths = ['data.json', 'data.npz'].map((name) => join(directory, name));
  await runPython(['-c', program, ...paths], null);
}

const near = (value) => 1e-5 * Math.abs(value);

async function goThere(form, source, target) {
  const named = (name) => `two workers go on from ${form}: ${name}`;
  const alone = createModel();
  await alone.fit(x, y, begun);
  await save(alone, source);
  const expected = (await alone.fit(x, y, further)).history.loss;
  const state = await optimizerOf(alone);
  const expectedAfter = (await alone.fit(x, y, further)).history.loss;

  let told = [];
  await check(named('train and save'), async () => void (told = await runWorkers(source, target)));
  if (told.length === 0) return;
  for (const [worker, got] of told.entries()) {
    await check(named(`losses of worker ${worker}`), () =>
      assertClose('loss of epoch', got, expected, near),
    );
  }
  let back = null;
  await check(named('tabtrain loads'), async () => void (back = await load(target)));
  if (!back) return;
  await check(named('optimizer'), async () => {
    const { iterations, slots } = await optimizerOf(back);
    assertEqual(iterations, stepsOf(begun) + stepsOf(further));
    assertEqual(slots.length, state.slots.length);
    // Sums of gradients in another order, small differences of them included.
    slots.forEach((slot, i) => assertClose('slot', slot, Array.from(state.slots[i]), (v) => 1e-6 + near(v))); // prettier-ignore
  });
  await check(named('tabtrain trains on'), async () => {
    const { history } = await back.fit(x, y, further);
    assertClose('loss of epoch', history.loss, expectedAfter, near);
  });
}

await writeData();
for (const [form, suffix] of [['a SavedModel', ''], ['HDF5', '.h5'], ['a checkpoint', '.ckpt']]) {
  const path = (name) => join(directory, `${name}${suffix.slice(1)}`, `${name}${suffix}`);
  await goThere(form, path('begun'), path('trained'));
} // prettier-ignore
