// Models of the package's side of the exchange, their data and steps, and how checks are told.
import { layers, loadModel, losses, optimizers, sequential, setSeed } from '../../dist/node.js';

export const steps = 10;
export const batch = 5;
export const samples = 20;

/** float32(((i*7919 + offset) % 1009)/1009 - 0.5) * scale: the formula of tests/golden/common.py. */
function pattern(shape, scale) {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, (_, i) =>
    Math.fround(Math.fround(((i * 7919) % 1009) / 1009 - 0.5) * Math.fround(scale)),
  );
  return { data, shape };
}

export const x = pattern([samples, 5], 2);
export const y = { data: Int32Array.from({ length: samples }, (_, i) => i % 3), shape: [samples] };

const camel = (key) => key.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
export const camelKeys = (record) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [camel(key), value]));

const factory = (className) => className[0].toLowerCase() + className.slice(1);
/** keras.backend's to_snake_case. */
const snake = (className) =>
  className
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
export const layerFactory = (className) =>
  layers[Object.keys(layers).find((name) => name.toLowerCase() === className.toLowerCase())];

/** The case's model with weights of its own, compiled unless the case has no optimizer. */
export function build(plan, one, seed) {
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

export const fit = (model) => model.fit(x, y, { batchSize: batch, shuffle: false, verbose: 0 });

/** One training step on one batch; an epoch of one batch reports the loss before its update. */
async function step(model, i) {
  const at = batch * (i % (samples / batch));
  const xs = { data: x.data.slice(at * 5, (at + batch) * 5), shape: [batch, 5] };
  const ys = { data: y.data.slice(at, at + batch), shape: [batch] };
  const { history } = await model.fit(xs, ys, { batchSize: batch, shuffle: false, verbose: 0 });
  return history.loss[0];
}

export async function nextLosses(model) {
  const taken = [];
  for (let i = 0; i < steps; ++i) taken.push(await step(model, i));
  return taken;
}

export async function predict(model) {
  return Array.from((await model.predict(x, { verbose: 0 })).data);
}

/** @param cell `format aspect,aspect`: what of the matrix this checks */
export async function check(name, body, cell) {
  const tag = cell ? ` [${cell}]` : '';
  try {
    await body();
    console.log(`ok${tag} - ${name}`);
  } catch (error) {
    const why = error.message.replaceAll('\n', ' ').slice(0, 400);
    console.log(`not ok${tag} - ${name}: ${why}`);
  }
}

export function assertEqual(got, expected) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b}, got ${a}`);
}

export function assertClose(what, got, expected, within) {
  if (got.length !== expected.length || expected.length === 0)
    throw new Error(`${what}: expected ${expected.length} values, got ${got.length}`);
  expected.forEach((value, i) => {
    if (!(Math.abs(got[i] - value) <= within(value)))
      throw new Error(`${what} ${i + 1}: expected ${value}, got ${got[i]}`);
  });
}

/** A model with a layer that this version does not have: it says which. */
export async function assertLacks(path, className) {
  const error = await loadModel(path).then(
    () => new Error('loaded'),
    (thrown) => thrown,
  );
  const isSaid = ['UNSUPPORTED', 'UNKNOWN_CLASS'].includes(error.code);
  if (!isSaid || !error.message.includes(className)) throw error;
}
