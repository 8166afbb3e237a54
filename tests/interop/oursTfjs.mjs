// The package's side of the exchange with TensorFlow.js; same arguments, files and checks as tfjs.mjs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel, losses, optimizers, sequential, setSeed } from '../../dist/node.js';
import * as aspects from './aspects.mjs';
import { assertClose, assertLacks, batch, camelKeys, check, layerFactory, predict, samples, steps, x, y } from './model.mjs'; // prettier-ignore

const quiet = { batchSize: batch, shuffle: false, verbose: 0 };
const wanted = {
  data: Float32Array.from({ length: samples * 3 }, (_, i) => (y.data[(i / 3) | 0] === i % 3 ? 1 : 0)),
  shape: [samples, 3],
}; // prettier-ignore

const layer = ([className, config]) =>
  className === 'Sequential'
    ? sequential(config.layers.map(layer))
    : layerFactory(className)(camelKeys(config));

async function nextLosses(model) {
  const taken = [];
  for (let i = 0; i < steps; ++i) {
    const at = batch * (i % (samples / batch));
    const rows = ({ data, shape: [, size] }) => ({
      data: data.slice(at * size, (at + batch) * size),
      shape: [batch, size],
    });
    const { history } = await model.fit(rows(x), rows(wanted), quiet);
    taken.push(history.loss[0]);
  }
  return taken;
}

/** Slots as plain numbers, which JSON keeps. */
async function stateOf(model) {
  const { iterations, slots } = await aspects.optimizerOf(model);
  return { iterations, slots: slots.map((slot) => Array.from(slot)) };
}

async function write(plan, root) {
  for (const [index, one] of plan.read.entries()) {
    const directory = join(root, one.name);
    mkdirSync(directory, { recursive: true });
    setSeed(100 + index);
    const model = sequential(plan.models[one.model].map(layer));
    const { className, config } = one.optimizer;
    const optimizer = optimizers[className.toLowerCase()](camelKeys(config));
    model.compile({ optimizer, loss: losses.categoricalCrossentropy(), metrics: ['accuracy'] });
    await model.fit(x, wanted, quiet);
    await model.save(join(directory, 'model', 'model.json'));
    const expected = {
      prediction: await predict(model),
      weights: await aspects.weightsOf(model),
      state: await stateOf(model),
      evaluated: (await model.evaluate(x, wanted, { batchSize: batch, verbose: 0 }))[0],
      losses: await nextLosses(model),
    };
    writeFileSync(join(directory, 'expected.json'), JSON.stringify(expected));
    model.dispose();
  }
}

async function read(plan, root) {
  for (const one of plan.write) {
    const directory = join(root, one.name);
    const tell = (name, body, aspect) =>
      check(`ours reads TensorFlow.js, ${one.name}: ${name}`, body, aspect && `tfjs ${aspect}`);
    if (one.lacks) {
      await tell('says which layer it lacks', () => assertLacks(directory, one.lacks), 'architecture'); // prettier-ignore
      continue;
    }
    const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'));
    let model = null;
    await tell(
      'loads',
      async () => {
        model = await loadModel(directory);
      },
      'architecture,weights',
    );
    if (!model) continue;
    const described = plan.models[one.model];
    await tell('architecture', () => aspects.assertArchitecture(model.getConfig(), described), 'architecture'); // prettier-ignore
    await tell('weights', () => aspects.assertWeights(model, expected.weights), 'weights');
    await tell('predictions', async () => assertClose('prediction', await predict(model), expected.prediction, () => 1e-6), 'weights'); // prettier-ignore
    await tell('compile', () => aspects.assertCompiled(model, one.optimizer, expected.evaluated, x, wanted), 'compile'); // prettier-ignore
    await tell('optimizer', async () => aspects.assertSlots(await stateOf(model), expected.state), 'optimizer'); // prettier-ignore
    await tell(
      'next ten steps',
      async () => assertClose('loss of step', await nextLosses(model), expected.losses, (v) => 1e-5 * v),
      'steps',
    ); // prettier-ignore
    model.dispose();
  }
}

const [action, planPath, root] = process.argv.slice(2);
await { write, read }[action](JSON.parse(readFileSync(planPath, 'utf8')), root);
