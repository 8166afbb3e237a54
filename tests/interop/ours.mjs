// The package's side of the exchange, in Node through its public API. Same arguments, files and checks as theirs.py.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  latestCheckpoint,
  layers,
  listVariables,
  losses,
  optimizers,
  sequential,
  setSeed,
} from '../../dist/node.js';

const steps = 10;
const batch = 5;
const samples = 20;

/** float32(((i*7919 + offset) % 1009)/1009 - 0.5) * scale: the formula of tests/golden/common.py. */
function pattern(shape, scale) {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, (_, i) =>
    Math.fround(Math.fround(((i * 7919) % 1009) / 1009 - 0.5) * Math.fround(scale)),
  );
  return { data, shape };
}

const x = pattern([samples, 5], 2);
const y = { data: Int32Array.from({ length: samples }, (_, i) => i % 3), shape: [samples] };

const camel = (key) => key.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const camelKeys = (record) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [camel(key), value]));

const factory = (className) => className[0].toLowerCase() + className.slice(1);
/** keras.backend's to_snake_case. */
const snake = (className) =>
  className
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
const layerFactory = (className) =>
  layers[Object.keys(layers).find((name) => name.toLowerCase() === className.toLowerCase())];

/** The case's model with weights of its own, compiled unless the case has no optimizer. */
function build(plan, one, seed) {
  setSeed(seed);
  // Names as in a fresh process, where Keras counts from the beginning.
  const counts = {};
  const make = ([className, config]) => {
    const inner = className === 'Sequential' ? config.layers.map(make) : null;
    const base = snake(className);
    const count = counts[base] ?? 0;
    counts[base] = count + 1;
    const name = count === 0 ? base : `${base}_${count}`;
    if (inner) return sequential(inner, { name });
    return layerFactory(className)({ ...camelKeys(config), name });
  };
  const built = plan.models[one.model].map(make);
  const model = sequential(built, { name: 'sequential' });
  if (one.optimizer) {
    const make = optimizers[one.optimizer.className.toLowerCase()];
    const options = { ...camelKeys(one.optimizer.config), legacy: one.generation === 'legacy' };
    const { schedule } = one.optimizer;
    if (schedule) {
      const makeSchedule = optimizers.schedules[factory(schedule.className)];
      options.learningRate = makeSchedule(camelKeys(schedule.config));
    }
    model.compile({
      optimizer: make(options),
      loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    });
  }
  return model;
}

const fit = (model) => model.fit(x, y, { batchSize: batch, shuffle: false, verbose: 0 });

/** One training step on one batch; an epoch of one batch reports the loss before its update. */
async function step(model, i) {
  const at = batch * (i % (samples / batch));
  const xs = { data: x.data.slice(at * 5, (at + batch) * 5), shape: [batch, 5] };
  const ys = { data: y.data.slice(at, at + batch), shape: [batch] };
  const { history } = await model.fit(xs, ys, { batchSize: batch, shuffle: false, verbose: 0 });
  return history.loss[0];
}

async function nextLosses(model) {
  const taken = [];
  for (let i = 0; i < steps; ++i) taken.push(await step(model, i));
  return taken;
}

async function predict(model) {
  return Array.from((await model.predict(x, { verbose: 0 })).data);
}

async function write(plan, root) {
  for (const [index, one] of plan.read.entries()) {
    const directory = join(root, one.name);
    mkdirSync(directory, { recursive: true });
    const model = build(plan, one, 100 + index);
    if (one.trained) await fit(model);
    const prefix = join(directory, 'cp.ckpt');
    await model.saveWeights(prefix);
    const variables = await listVariables(prefix);
    const prediction = await predict(model);
    const expected = {
      prefix: 'cp.ckpt',
      variables,
      prediction,
      losses: one.optimizer ? await nextLosses(model) : [],
    };
    writeFileSync(join(directory, 'expected.json'), JSON.stringify(expected));
    model.dispose();
  }
}

async function check(name, body) {
  try {
    await body();
    console.log(`ok - ${name}`);
  } catch (error) {
    console.log(`not ok - ${name}: ${error.message.replaceAll('\n', ' ').slice(0, 400)}`);
  }
}

function assertEqual(got, expected) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b}, got ${a}`);
}

function assertClose(what, got, expected, within) {
  if (got.length !== expected.length || expected.length === 0)
    throw new Error(`${what}: expected ${expected.length} values, got ${got.length}`);
  expected.forEach((value, i) => {
    if (!(Math.abs(got[i] - value) <= within(value)))
      throw new Error(`${what} ${i + 1}: expected ${value}, got ${got[i]}`);
  });
}

/** Loaded and saved again: TensorFlow's bytes, or (another object graph) its tensors' bytes at the file's beginning. */
async function assertSavedBytes(model, prefix, variables, whole) {
  const scratch = mkdtempSync(join(tmpdir(), 'tabtrain-interop-'));
  try {
    const again = join(scratch, 'cp.ckpt');
    await model.saveWeights(again);
    const data = '.data-00000-of-00001';
    const [ours, theirs] = [again, prefix].map((path) => readFileSync(path + data));
    const itemSize = { float32: 4, int64: 8 };
    const tensors = variables
      .filter(({ dtype }) => dtype !== 'string')
      .reduce(
        (sum, { dtype, shape }) => sum + itemSize[dtype] * shape.reduce((a, b) => a * b, 1),
        0,
      );
    if (!ours.subarray(0, tensors).equals(theirs.subarray(0, tensors)))
      throw new Error("the tensors' bytes differ");
    if (!whole) return;
    if (!ours.equals(theirs)) throw new Error(`the object graphs differ`);
    if (!readFileSync(`${again}.index`).equals(readFileSync(`${prefix}.index`)))
      throw new Error('.index differs');
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function read(plan, root) {
  for (const [index, one] of plan.write.entries()) {
    const directory = join(root, one.name);
    const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'));
    const prefix = join(directory, expected.prefix);
    const named = (name) => `ours reads ${plan.label}, ${one.name}: ${name}`;
    await check(named('latestCheckpoint'), async () => {
      assertEqual(basename((await latestCheckpoint(directory)) ?? ''), expected.prefix);
    });
    await check(named('listVariables'), async () => {
      const key = ({ name, dtype, shape }) => ({ name, dtype, shape });
      assertEqual((await listVariables(prefix)).map(key), expected.variables.map(key));
    });
    const model = build(plan, one, 200 + index);
    // In a trained model the optimizer's slots exist: loading replaces all of them.
    if (one.trained) await fit(model);
    await check(named('loadWeights, assertConsumed'), async () => {
      const status = await model.loadWeights(prefix);
      // TensorFlow's own load_weights cannot use the counter of tf.train.Checkpoint either.
      if (one.writer === 'save_weights') status.assertConsumed();
    });
    if (one.writer === 'save_weights') {
      const isEager = one.generation === 'new' && one.optimizer?.eagerWhenNew === true;
      const whole = plan.rootEdge && !isEager;
      await check(
        named(whole ? 'saved again, the same bytes' : 'saved again, the same tensors'),
        () => assertSavedBytes(model, prefix, expected.variables, whole),
      );
    }
    await check(named('predictions'), async () =>
      assertClose('prediction', await predict(model), expected.prediction, () => 1e-6),
    );
    if (one.optimizer)
      await check(named('next ten steps'), async () =>
        assertClose(
          'loss of step',
          await nextLosses(model),
          expected.losses,
          (v) => 1e-5 * Math.abs(v),
        ),
      );
    model.dispose();
    // The same file into a model that has not taken a step.
    if (one.trained) {
      const fresh = build(plan, one, 300 + index);
      await check(named('next ten steps of a new model'), async () => {
        await fresh.loadWeights(prefix);
        assertClose(
          'loss of step',
          await nextLosses(fresh),
          expected.losses,
          (v) => 1e-5 * Math.abs(v),
        );
      });
      fresh.dispose();
    }
  }
}

const [action, planPath, root] = process.argv.slice(2);
await { write, read }[action](JSON.parse(readFileSync(planPath, 'utf8')), root);
