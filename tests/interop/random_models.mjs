// The package's side of random_models.py: the same models, trained by it. `random_models.mjs <file>` prints one line a
// model, `ok - ...` or `not ok - ...`.
import { readFileSync } from 'node:fs';
import { modelFromJson } from '../../dist/node.js';

/** As far as a loss may be from Keras's, of the larger of 1 and the loss. */
const tolerance = 2e-4;

const arrays = { float32: Float32Array, int32: Int32Array };
const tensor = ({ shape, dtype, values }) => ({ data: arrays[dtype].from(values), shape });
const { cases } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** A batch of a tensor's rows. */
function rows({ data, shape }, begin, count) {
  const size = data.length / shape[0];
  return {
    data: data.subarray(begin * size, (begin + count) * size),
    shape: [count, ...shape.slice(1)],
  };
}

async function compare({ model: config, optimizer, loss, batch, weights, losses, ...data }) {
  const model = modelFromJson(config);
  try {
    model.compile({ optimizer, loss });
    await model.build();
    await model.setWeights(weights.map(tensor));
    const x = tensor(data.x);
    const y = tensor(data.y);
    for (const [step, expected] of losses.entries()) {
      const begin = (step * batch) % x.shape[0];
      const actual = await model.trainOnBatch(rows(x, begin, batch), rows(y, begin, batch));
      const limit = tolerance * Math.max(1, Math.abs(expected));
      if (!(Math.abs(actual - expected) <= limit))
        return `step ${step}: ${actual}, Keras has ${expected}`;
    }
    return null;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  } finally {
    model.dispose();
  }
}

for (const each of cases) {
  const wrong = await compare(each);
  const layers = each.model.config.layers.map(({ class_name }) => class_name).join(' ');
  const what = `${each.name}: ${layers}; ${each.loss.class_name}; ${each.optimizer.class_name}; batch ${each.batch}`;
  console.log(wrong === null ? `ok - ${what}` : `not ok - ${what}: ${wrong}`);
}
