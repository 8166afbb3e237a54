// The package's side of the exchange of whole models and of weights in HDF5 and archives. As ours.mjs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel } from '../../dist/node.js';
import * as aspects from './aspects.mjs';
import {
  assertClose,
  assertLacks,
  build,
  check,
  fit,
  nextLosses,
  predict,
  x,
  y,
} from './model.mjs';

const isWeights = ({ file }) => file.startsWith('w.');

async function write(plan, root) {
  for (const [index, one] of plan.read.entries()) {
    const directory = join(root, one.name);
    mkdirSync(directory, { recursive: true });
    const model = build(plan, one, 100 + index);
    if (one.trained) await fit(model);
    const path = join(directory, one.file);
    const options = { optimizerLayout: one.layout ?? 'auto' };
    if (isWeights(one)) await model.saveWeights(path, options);
    else await model.save(path, options);
    const expected = {
      prediction: await predict(model),
      weights: await aspects.weightsOf(model),
      state: one.trained ? await aspects.stateOf(model) : null,
      losses: one.steps ? await nextLosses(model) : [],
    };
    writeFileSync(join(directory, 'expected.json'), JSON.stringify(expected));
    model.dispose();
  }
}

async function read(plan, root) {
  for (const [index, one] of plan.write.entries()) {
    const directory = join(root, one.name);
    const path = join(directory, one.file);
    const tell = (name, body, aspect) =>
      check(
        `ours reads ${plan.label}, ${one.name}: ${name}`,
        body,
        aspect && `${one.format} ${aspect}`,
      );
    if (one.lacks) {
      await tell('says which layer it lacks', () => assertLacks(path, one.lacks), 'architecture');
      continue;
    }
    const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'));
    let model = null;
    await tell(
      'loads',
      async () => {
        if (isWeights(one)) {
          const made = build(plan, one, 200 + index);
          (await made.loadWeights(path)).assertConsumed();
          model = made;
        } else {
          model = await loadModel(path);
        }
      },
      isWeights(one) ? 'weights' : 'architecture,weights',
    );
    if (!model) continue;
    if (!isWeights(one)) {
      const described = plan.models[one.model];
      await tell(
        'architecture',
        () => aspects.assertArchitecture(model.getConfig(), described),
        'architecture',
      );
      await tell(
        'compile',
        () => aspects.assertCompiled(model, one.optimizer, expected.evaluated, x, y),
        'compile',
      );
    }
    await tell('weights', () => aspects.assertWeights(model, expected.weights), 'weights');
    await tell(
      'predictions',
      async () =>
        assertClose(
          'prediction',
          await predict(model),
          expected.prediction,
          (v) => 1e-6 * Math.max(1, Math.abs(v)),
        ),
      'weights',
    );
    if (one.state) {
      await tell('optimizer', () => aspects.assertState(model, expected.state), 'optimizer');
    }
    if (one.steps) {
      await tell(
        'next ten steps',
        async () => {
          const losses = await nextLosses(model);
          assertClose('loss of step', losses, expected.losses, (v) => 1e-5 * Math.abs(v));
        },
        'steps',
      );
    }
    model.dispose();
  }
}

const [action, planPath, root] = process.argv.slice(2);
await { write, read }[action](JSON.parse(readFileSync(planPath, 'utf8')), root);
