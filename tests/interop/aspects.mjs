// What a reader must find beside predictions and losses: weights to the bit, architecture, what compile chose, the
// optimizer's state. The counterpart of aspects.py.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { File, ready } from 'h5wasm/node';

export const digest = ({ buffer, byteOffset, byteLength }) =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
    .slice(0, 16);

export const weightsOf = async (model) =>
  (await model.getWeights()).map(({ data }) => digest(data));

/** Steps made, and the slots as arrays in the optimizer's order: what it writes into an HDF5 file. */
export async function optimizerOf(model) {
  const scratch = mkdtempSync(join(tmpdir(), 'tabtrain-interop-'));
  await ready;
  try {
    const path = join(scratch, 'm.h5');
    await model.save(path);
    const file = new File(path, 'r');
    const group = file.get('optimizer_weights');
    const all = (group?.attrs.weight_names.value ?? []).map((name) => group.get(name));
    const values = all.map(({ shape, value }) => ({ shape, value }));
    file.close();
    const [count, ...others] = values;
    const slots = others.filter(({ shape }) => shape.length > 0).map(({ value }) => value);
    return { iterations: count ? Number(count.value) : 0, slots };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** As aspects.py has it: without order, and without slots that are zero all over. */
export async function stateOf(model) {
  const { iterations, slots } = await optimizerOf(model);
  const used = slots.filter((slot) => slot.some((value) => value !== 0));
  return { iterations, slots: used.map(digest).sort() };
}

export const assertWeights = async (model, expected) =>
  assertDigests(await weightsOf(model), expected);

export function assertDigests(got, expected) {
  const differ = got.flatMap((each, i) => (each === expected[i] ? [] : [i]));
  if (got.length === 0 || got.length !== expected.length || differ.length > 0)
    throw new Error(`of ${got.length} weights, ${expected.length} expected, differ [${differ}]`);
}

export async function assertState(model, expected) {
  const got = await stateOf(model);
  if (!(expected.iterations > 0) || got.iterations !== expected.iterations)
    throw new Error(`${got.iterations} steps, expected ${expected.iterations}`);
  if (got.slots.join() !== expected.slots.join())
    throw new Error(`${got.slots.length} slots differ from ${expected.slots.length} expected`);
}

/** As {@link assertState}, of values in any order; within 1e-6, since TensorFlow.js's momentum is scaled by the rate. */
export function assertSlots(got, expected) {
  if (!(expected.iterations > 0) || got.iterations !== expected.iterations)
    throw new Error(`${got.iterations} steps, expected ${expected.iterations}`);
  const used = ({ slots }) => slots.filter((slot) => slot.some((value) => value !== 0));
  const rest = used(got);
  for (const slot of used(expected)) {
    const isNear = (value, i) => Math.abs(value - slot[i]) <= 1e-6 * Math.abs(slot[i]);
    const found = rest.findIndex((each) => each.length === slot.length && each.every(isNear));
    if (found < 0) throw new Error(`a slot of ${slot.length} values is not there`);
    rest.splice(found, 1);
  }
  if (rest.length > 0) throw new Error(`${rest.length} slots too many`);
}

/** A value of a config and one that the layer was made with. */
function isSame(got, expected) {
  if (typeof expected === 'string') {
    const plain = (name) => String(name).toLowerCase().replaceAll('_', '');
    const name = plain(got?.class_name ?? got);
    return name === plain(expected) || (name === 'silu' && expected === 'swish');
  }
  const [a, b] = [got, expected].map((each) => [each].flat(Infinity).map(Number));
  const isNear = (value, i) => Math.abs(a[i] - value) <= 1e-6 * Math.abs(value);
  return a.length === b.length && b.every(isNear);
}

export function assertSame(what, got, expected) {
  if (!isSame(got, expected)) throw new Error(`${what}: expected ${expected}, got ${JSON.stringify(got)}`); // prettier-ignore
}

/** Classes and arguments of the layers that the writer made. */
export function assertArchitecture({ layers }, described) {
  const shown = layers.filter(({ class_name }) => class_name !== 'InputLayer');
  const names = shown.map(({ class_name }) => class_name).join();
  if (names !== described.map(([name]) => name).join()) throw new Error(`layers ${names}`);
  for (const [i, [name, settings]] of described.entries()) {
    const { config } = shown[i];
    if (name === 'Sequential') {
      assertArchitecture(config, settings.layers);
      continue;
    }
    for (const [key, expected] of Object.entries(settings)) {
      if (!['input_shape', 'inputShape'].includes(key))
        assertSame(`${name}.${key}`, config[key], expected);
    }
  }
}

/** The optimizer, and the loss by what it comes to on `x` and `y`. */
export async function assertCompiled(model, { className, config, schedule }, evaluated, x, y) {
  const { optimizer } = model;
  if (optimizer.className !== className)
    throw new Error(`the optimizer is ${optimizer.className}, expected ${className}`);
  const got = optimizer.getConfig();
  for (const [key, expected] of Object.entries(config)) {
    assertSame(`${className}.${key}`, got[key], expected);
  }
  if (schedule) assertSame('learning_rate', got.learning_rate, schedule.className);
  const [loss] = [await model.evaluate(x, y, { verbose: 0 })].flat();
  if (!(Math.abs(loss - evaluated) <= 1e-5 * Math.abs(evaluated)))
    throw new Error(`evaluate: expected a loss of ${evaluated}, got ${loss}`);
}
