// The package's side of the exchange of whole models and of weights in HDF5 and archives. As ours.mjs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel } from '../../dist/node.js';
import { assertClose, build, check, fit, nextLosses, predict } from './model.mjs';

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
    const prediction = await predict(model);
    const losses = one.state ? await nextLosses(model) : [];
    writeFileSync(join(directory, 'expected.json'), JSON.stringify({ prediction, losses }));
    model.dispose();
  }
}

async function read(plan, root) {
  for (const [index, one] of plan.write.entries()) {
    const directory = join(root, one.name);
    const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'));
    const path = join(directory, one.file);
    const named = (name) => `ours reads ${plan.label}, ${one.name}: ${name}`;
    let model = null;
    await check(named('loads'), async () => {
      if (isWeights(one)) {
        const made = build(plan, one, 200 + index);
        (await made.loadWeights(path)).assertConsumed();
        model = made;
      } else {
        model = await loadModel(path);
      }
    });
    if (!model) continue;
    await check(named('predictions'), async () =>
      assertClose(
        'prediction',
        await predict(model),
        expected.prediction,
        (v) => 1e-6 * Math.max(1, Math.abs(v)),
      ),
    );
    if (one.state) {
      await check(named('next ten steps'), async () => {
        const losses = await nextLosses(model);
        assertClose('loss of step', losses, expected.losses, (v) => 1e-5 * Math.abs(v));
      });
    }
    model.dispose();
  }
}

const [action, planPath, root] = process.argv.slice(2);
await { write, read }[action](JSON.parse(readFileSync(planPath, 'utf8')), root);
