// The package's side of the exchange, in Node through its public API. Same arguments, files and checks as theirs.py.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { latestCheckpoint, listVariables } from '../../dist/node.js';
import { assertWeights, weightsOf } from './aspects.mjs';
import { assertClose, assertEqual, build, check, fit, nextLosses, predict } from './model.mjs';

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
      weights: await weightsOf(model),
      prediction,
      losses: one.optimizer ? await nextLosses(model) : [],
    };
    writeFileSync(join(directory, 'expected.json'), JSON.stringify(expected));
    model.dispose();
  }
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
        one.optimizer ? 'checkpoint weights,optimizer' : 'checkpoint weights',
      );
    }
    await check(
      named('weights'),
      () => assertWeights(model, expected.weights),
      'checkpoint weights',
    );
    await check(
      named('predictions'),
      async () => assertClose('prediction', await predict(model), expected.prediction, () => 1e-6),
      'checkpoint weights',
    );
    const assertSteps = (got) =>
      assertClose('loss of step', got, expected.losses, (v) => 1e-5 * Math.abs(v));
    if (one.optimizer)
      await check(
        named('next ten steps'),
        async () => assertSteps(await nextLosses(model)),
        'checkpoint steps',
      );
    model.dispose();
    // The same file into a model that has not taken a step.
    if (one.trained) {
      const fresh = build(plan, one, 300 + index);
      await check(named('next ten steps of a new model'), async () => {
        await fresh.loadWeights(prefix);
        assertSteps(await nextLosses(fresh));
      });
      fresh.dispose();
    }
  }
}

const [action, planPath, root] = process.argv.slice(2);
await { write, read }[action](JSON.parse(readFileSync(planPath, 'utf8')), root);
