// The package's side of the exchange of whole models; same arguments, files and checks as saved_model.py.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layers, loadModel, losses, optimizers, sequential, setSeed } from '../../dist/node.js';
import * as aspects from './aspects.mjs';
import {
  assertClose,
  batch,
  camelKeys,
  check,
  layerFactory,
  nextLosses,
  predict,
  samples,
  x,
  y,
} from './model.mjs';
import { isRandom, models } from './savedModelCases.mjs'; // prettier-ignore

class Scale extends layers.Layer {
  static className = 'Scale';
  constructor(config = {}) {
    super(config);
    this.factor = config.factor;
  }
  build(shape) {
    this.gain = this.addWeight('gain', [shape.at(-1)], { initializer: 'ones' });
  }
  call(g, value) {
    return g.mul(g.mul(value, this.gain), this.factor);
  }
  getConfig() {
    return { ...super.getConfig(), factor: this.factor };
  }
}
/** Dropout, written out. */
class Noise extends layers.Layer {
  static className = 'Noise';
  constructor(config = {}) {
    super(config);
    this.rate = config.rate;
  }
  call(g, value, { training }) {
    if (!training) return value;
    return g.mul(g.div(value, 1 - this.rate), g.greaterEqual(g.randomUniform(value), this.rate));
  }
  getConfig() {
    return { ...super.getConfig(), rate: this.rate };
  }
}
/** Less a mean that training moves. */
class Centered extends layers.Layer {
  static className = 'Centered';
  build(shape) {
    const options = { initializer: 'zeros', trainable: false };
    this.mean = this.addWeight('mean', [shape.at(-1)], options);
  }
  call(g, value, { training }) {
    if (!training) return g.sub(value, this.mean);
    const mean = g.mean(value, { axis: 0 });
    g.assign(this.mean, g.add(g.mul(this.mean, 0.9), g.mul(mean, 0.1)));
    return g.sub(value, mean);
  }
}
const own = { Scale, Noise, Centered };
/** The loss and metric of the model 'custom'. */
const absolute = (g, yTrue, yPred) => g.mean(g.abs(g.sub(yPred, yTrue)), { axis: -1 });
const worst = (g, yTrue, yPred) => g.max(g.abs(g.sub(yPred, yTrue)), { axis: -1 });

function layer([className, config]) {
  if (className === 'Sequential') return sequential(config.layers.map(layer));
  if (own[className]) return new own[className](config);
  return layerFactory(className)(camelKeys(config));
}

function build(one, seed) {
  setSeed(seed);
  const model = sequential(models[one.model].map(layer));
  if (one.optimizer) {
    const [className, config] = one.optimizer;
    const optimizer = optimizers[className.toLowerCase()]({ ...camelKeys(config), legacy: one.legacy }); // prettier-ignore
    model.compile(
      one.model === 'custom'
        ? { optimizer, loss: absolute, metrics: [worst] }
        : { optimizer, loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }), metrics: ['accuracy'] },
    ); // prettier-ignore
  }
  return model;
}

const quiet = { batchSize: batch, shuffle: false, verbose: 0 };

async function write(plan, root) {
  for (const [index, one] of [...plan.ours, ...plan.returned].entries()) {
    const directory = join(root, one.name);
    mkdirSync(directory, { recursive: true });
    const model = one.from
      ? await loadModel(join(plan.from, one.from, 'model'), { customObjects: { absolute, worst } })
      : build(one, 100 + index);
    if (one.optimizer) await model.fit(x, y, { ...quiet, epochs: 2 });
    await model.save(join(directory, 'model'), one.layout ? { optimizerLayout: one.layout } : {});
    const expected = {
      prediction: await predict(model),
      weights: await aspects.weightsOf(model),
      state: one.optimizer ? await aspects.stateOf(model) : null,
      losses: one.optimizer && !isRandom(one.model) ? await nextLosses(model) : [],
    };
    writeFileSync(join(directory, 'expected.json'), JSON.stringify(expected));
    model.dispose();
  }
}

async function read(plan, root) {
  for (const one of plan.theirs) {
    const directory = join(root, one.name);
    const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'));
    const named = (name) => `ours reads the SavedModel of ${plan.label}, ${one.name}: ${name}`;
    const path = join(directory, 'model');
    const sources = own[models[one.model][1][0]] ? [true, false] : [false];
    for (const isGiven of sources) {
      const how = (name) => named(isGiven ? `${name}, with the class` : name);
      const loaded = [];
      await check(
        how('loadModel'),
        async () => {
          const customObjects = { absolute, worst, ...(isGiven && own) };
          loaded.push(await loadModel(path, { customObjects }));
        },
        'saved_model architecture,weights',
      );
      const [model] = loaded;
      if (!model) continue;
      const tell = (name, body, aspect) => check(how(name), body, `saved_model ${aspect}`);
      await tell('weights', () => aspects.assertWeights(model, expected.weights), 'weights');
      await tell(
        'predictions',
        async () =>
          assertClose('prediction', await predict(model), expected.prediction, () => 1e-6),
        'weights',
      );
      if (isGiven || sources.length === 1) {
        const described = models[one.model];
        await tell('architecture', () => aspects.assertArchitecture(model.getConfig(), described), 'architecture'); // prettier-ignore
      }
      if (one.optimizer) {
        const [className, config] = one.optimizer;
        if (one.model !== 'custom')
          await tell('compile', () => aspects.assertCompiled(model, { className, config }, expected.evaluated, x, y), 'compile'); // prettier-ignore
        await tell('optimizer', () => aspects.assertState(model, expected.state), 'optimizer');
        if (!isRandom(one.model)) {
          await tell('next ten steps', async () =>
            assertClose('loss of step', await nextLosses(model), expected.losses, (v) => 1e-5 * Math.abs(v)),
            'steps'); // prettier-ignore
        }
      }
      if (one.model === 'noise' || one.model === 'dropout') {
        await check(how('random numbers in training'), async () => {
          const once = async () => (await model.fit(x, y, { ...quiet, batchSize: samples })).history.loss[0]; // prettier-ignore
          const [before] = [await model.evaluate(x, y, { verbose: 0 })].flat();
          if (Math.abs((await once()) - before) < 1e-4) throw new Error('training is as inference');
        });
      }
      model.dispose();
    }
  }
}

const [action, planPath, root] = process.argv.slice(2);
await { write, read }[action](JSON.parse(readFileSync(planPath, 'utf8')), root);
