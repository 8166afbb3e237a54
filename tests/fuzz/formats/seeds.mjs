// What is damaged: files that Keras wrote, and models of ours in every format.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layers, sequential, setSeed } from '../../../dist/node.js';
import { unzip } from './zip.mjs';

const golden = fileURLToPath(new URL('../../golden/', import.meta.url));

/** A layer of a class of its own. */
export class Scale extends layers.Layer {
  static className = 'Scale';
  build(shape) {
    this.gain = this.addWeight('gain', [shape.at(-1)], { initializer: 'ones' });
  }
  call(g, x, { training }) {
    const noise = training ? g.randomUniform(x) : 0;
    return g.add(g.sub(g.mul(x, this.gain), g.mean(x, { axis: 0 })), noise);
  }
}

/** What the SavedModels were compiled with. */
export const customObjects = {
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

/** Files of tests/golden/files with these ends; small ones, which are many inputs a second. */
const goldenFiles = (pattern) =>
  ['tf2.8', 'tf2.21'].flatMap((version) =>
    readdirSync(join(golden, 'files', version))
      .filter((name) => pattern.test(name) && !name.startsWith('bad-'))
      .map((name) => readFileSync(join(golden, 'files', version, name))),
  );

export function trainable() {
  setSeed(1);
  const inner = sequential([layers.dense({ units: 3, inputShape: [4] }), layers.batchNormalization()]); // prettier-ignore
  return sequential([inner, layers.prelu(), layers.dense({ units: 2 })]);
}

/** Calls `use` with a trained model and a directory that goes away. */
async function withModel(model, use) {
  const scratch = mkdtempSync(join(tmpdir(), 'tabtrain-fuzz-'));
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  await model.trainOnBatch([[1, 2, 3, 4]], [[1, 2]]);
  await use(model, scratch);
  model.dispose();
  const files = filesIn(scratch);
  rmSync(scratch, { recursive: true });
  return files;
}

const whole = (pattern) => goldenFiles(pattern).map((bytes) => new Map([['model', bytes]]));

/** By format, models as their files. */
export const seedsOf = {
  async 'saved-model'() {
    const seeds = readdirSync(join(golden, 'saved_models'), { recursive: true })
      .filter((name) => name.endsWith('saved_model.pb'))
      .map((name) => filesIn(join(golden, 'saved_models', name, '..')));
    setSeed(1);
    const inner = sequential([layers.dense({ units: 3, inputShape: [4] }), layers.batchNormalization()]); // prettier-ignore
    const model = sequential([inner, new Scale(), layers.prelu(), layers.dense({ units: 2 })]);
    return [...seeds, await withModel(model, (each, to) => each.save(to))];
  },
  async hdf5() {
    const own = await withModel(trainable(), (model, to) => model.save(join(to, 'model.h5')));
    return [...whole(/^(?!.*weights).*\.h5$/), new Map([['model', own.get('model.h5')]])];
  },
  async weights() {
    const own = await withModel(trainable(), async (model, to) => {
      await model.saveWeights(join(to, 'a.weights.h5'));
      await model.saveWeights(join(to, 'b.h5'));
    });
    return [...whole(/weights.*\.h5$/), ...[...own.values()].map((bytes) => new Map([['model', bytes]]))]; // prettier-ignore
  },
  async keras() {
    const own = await withModel(trainable(), (model, to) => model.save(join(to, 'model.keras')));
    const archives = [...goldenFiles(/\.keras$/), own.get('model.keras')];
    return archives.map((bytes) => new Map([['model', bytes], ...unzip(bytes)]));
  },
  async tfjs() {
    setSeed(1);
    const model = sequential([layers.dense({ units: 3, inputShape: [4] }), layers.batchNormalization(), layers.dense({ units: 2 })]); // prettier-ignore
    return [
      await withModel(model, (each, to) => each.save(join(to, 'model.json'))),
      await withModel(trainable(), (each, to) => each.save(join(to, 'model.json'))),
    ];
  },
};
