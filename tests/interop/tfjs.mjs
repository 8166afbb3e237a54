// TensorFlow.js's side of the exchange, in Node on its CPU backend. Arguments and files as those of theirs.py.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { assertArchitecture, assertDigests, assertSame, assertSlots, digest } from './aspects.mjs';
import { assertClose, batch, camelKeys, check, samples, steps, x, y } from './model.mjs';

const given = tf.tensor2d(x.data, x.shape);
const wanted = tf.cast(tf.oneHot(tf.tensor1d(y.data, 'int32'), 3), 'float32');
const loss = 'categoricalCrossentropy';

function layer([className, config]) {
  if (className === 'Sequential') return tfl.sequential({ layers: config.layers.map(layer) });
  const name = Object.keys(tfl.layers).find((each) => each.toLowerCase() === className.toLowerCase());
  return tfl.layers[name](camelKeys(config));
} // prettier-ignore

function optimizerOf({ className, config: { learning_rate: rate, momentum } }) {
  if (className === 'SGD' && momentum) return tf.train.momentum(rate, momentum);
  return tf.train[className.toLowerCase()](rate);
}

const predict = (model) => Array.from(model.predict(given).dataSync());
/** Layer by layer, which is Keras's order. */
const weightsOf = ({ layers }) =>
  layers.flatMap((each) =>
    each.layers ? weightsOf(each) : each.getWeights().map((one) => digest(one.dataSync())),
  );

/**
 * In Keras's terms: its velocity is minus the rate times what TensorFlow.js accumulates, and its RMSprop without momentum
 * has no slots for it.
 */
async function stateOf({ optimizer }) {
  const [{ tensor: count }, ...slots] = await optimizer.getWeights();
  const name = optimizer.getClassName();
  const factor = name === 'Momentum' ? -optimizer.learningRate : 1;
  const used = name === 'RMSProp' ? slots.slice(0, slots.length / 2) : slots;
  const values = used.map(({ tensor }) => Array.from(tensor.dataSync(), (each) => factor * each));
  return { iterations: count.dataSync()[0], slots: values };
}

async function nextLosses(model) {
  const taken = [];
  for (let i = 0; i < steps; ++i) {
    const at = batch * (i % (samples / batch));
    const rows = (tensor) => tf.slice(tensor, [at, 0], [batch, tensor.shape[1]]);
    taken.push([await model.trainOnBatch(rows(given), rows(wanted))].flat()[0]);
  }
  return taken;
}

async function save(model, path) {
  const handler = {
    async save({ weightData, weightSpecs, ...rest }) {
      const weightsManifest = [{ paths: ['model.weights.bin'], weights: weightSpecs }];
      const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
      writeFileSync(join(path, 'model.weights.bin'), bytes);
      writeFileSync(join(path, 'model.json'), JSON.stringify({ ...rest, weightsManifest }));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  };
  await model.save(handler, { includeOptimizer: true });
}

function load(path) {
  const json = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8'));
  const bytes = (name) => new Uint8Array(readFileSync(join(path, name))).buffer;
  const weights = (manifest) => [
    manifest.flatMap((group) => group.weights),
    tf.io.CompositeArrayBuffer.join(manifest.flatMap(({ paths }) => paths.map(bytes))),
  ];
  return tfl.loadLayersModel({
    load: () => tf.io.getModelArtifactsForJSON(json, async (manifest) => weights(manifest)),
  });
}

async function write(plan, root) {
  tf.util.assert(tf.version_core === '4.22.0', () => `TensorFlow.js is ${tf.version_core}`);
  for (const one of plan.write) {
    const directory = join(root, one.name);
    mkdirSync(directory);
    const model = tfl.sequential({ layers: plan.models[one.model].map(layer) });
    if (one.optimizer) {
      model.compile({ optimizer: optimizerOf(one.optimizer), loss, metrics: ['accuracy'] });
      await model.fit(given, wanted, { batchSize: batch, shuffle: false, verbose: 0 });
    }
    await save(model, directory);
    const expected = one.optimizer && {
      prediction: predict(model),
      weights: weightsOf(model),
      state: await stateOf(model),
      evaluated: model.evaluate(given, wanted, { batchSize: batch, verbose: 0 })[0].dataSync()[0],
      losses: await nextLosses(model),
    };
    writeFileSync(join(directory, 'expected.json'), JSON.stringify(expected));
  }
}

function assertCompiled(model, { className, config }, evaluated) {
  const got = model.optimizer.getConfig();
  for (const [key, expected] of Object.entries(camelKeys(config)))
    assertSame(`${className}.${key}`, got[key], expected);
  const [value, accuracy] = model.evaluate(given, wanted, { batchSize: batch, verbose: 0 });
  assertClose('loss', value.dataSync(), [evaluated], (v) => 1e-5 * v);
  if (!(accuracy.dataSync()[0] >= 0)) throw new Error('the accuracy is not there');
}

/** Keras's config in the words of {@link assertArchitecture}. */
const described = (model) => ({
  layers: model.layers.map((each) => ({
    class_name: each.getClassName(),
    config: each.layers ? described(each) : each.getConfig(),
  })),
});
const inCamel = (layers) =>
  layers.map(([name, config]) => [
    name,
    config.layers ? { layers: inCamel(config.layers) } : camelKeys(config),
  ]);

async function read(plan, root) {
  for (const one of plan.read) {
    const directory = join(root, one.name);
    const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'));
    const tell = (name, body, aspect) =>
      check(`TensorFlow.js reads ours, ${one.name}: ${name}`, body, aspect && `tfjs ${aspect}`);
    let model = null;
    await tell(
      'loads',
      async () => {
        model = await load(join(directory, 'model'));
      },
      'architecture,weights',
    );
    if (!model) continue;
    const layers = inCamel(plan.models[one.model]);
    await tell('architecture', () => assertArchitecture(described(model), layers), 'architecture');
    await tell('weights', () => assertDigests(weightsOf(model), expected.weights), 'weights'); // prettier-ignore
    await tell('predictions', () => assertClose('prediction', predict(model), expected.prediction, () => 1e-6), 'weights'); // prettier-ignore
    await tell(
      'compile',
      () => assertCompiled(model, one.optimizer, expected.evaluated),
      'compile',
    );
    await tell('optimizer', async () => assertSlots(await stateOf(model), expected.state), 'optimizer'); // prettier-ignore
    await tell(
      'next ten steps',
      async () => assertClose('loss of step', await nextLosses(model), expected.losses, (v) => 1e-5 * v),
      'steps',
    ); // prettier-ignore
  }
}

const [action, planPath, root] = process.argv.slice(2);
await { write, read }[action](JSON.parse(readFileSync(planPath, 'utf8')), root);
