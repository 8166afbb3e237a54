// A hundred training steps on MNIST per optimizer, on the wasm that ships, against Keras's losses.
import { readFileSync, readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { modelFromJson, type Logs } from 'tabtrain';
import { pattern } from './support/loopData';
import { firstDigits } from './support/mnist';

interface Trajectory {
  readonly name: string;
  readonly legacy: boolean;
  readonly optimizer: { readonly class_name: string; readonly config: Record<string, unknown> };
  readonly samples: number;
  readonly model_config: object;
  readonly step_loss: readonly number[];
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly evaluate: readonly [loss: number, accuracy: number];
  readonly weights: readonly { readonly sum: number; readonly abs_sum: number }[];
}

const folder = new URL('../golden/trajectories/', import.meta.url);
const trajectories = ['tf2.8', 'tf2.21'].flatMap((version) =>
  readdirSync(new URL(`${version}/`, folder)).flatMap((file) => {
    const text = readFileSync(new URL(`${version}/${file}`, folder), 'utf8');
    return (JSON.parse(text) as { cases: Trajectory[] }).cases;
  }),
);
const batchSize = 32;
let digits: Awaited<ReturnType<typeof firstDigits>>['train'];

beforeAll(async () => {
  digits = (await firstDigits(320)).train;
});

function optimizerOf({ optimizer, legacy }: Trajectory) {
  return { ...optimizer, config: { ...optimizer.config, is_legacy_optimizer: legacy } };
}

/** Zeros or ones by the weight's name, the golden files' pattern for kernels. */
function firstValues(name: string, count: number): Float32Array {
  if (name.endsWith('kernel')) return pattern(count, 0.1);
  return new Float32Array(count).fill(/gamma|moving_variance/.test(name) ? 1 : 0);
}

const relative = (came: number, expected: number) => Math.abs(came - expected) / Math.abs(expected);

test('there are trajectories of both generations', () => {
  expect(new Set(trajectories.map(({ legacy }) => legacy)).size).toBe(2);
});

describe.each(trajectories)('$name', (golden) => {
  test('losses of all steps, history and weights', async () => {
    const { samples } = golden;
    const model = modelFromJson(golden.model_config);
    model.compile({
      optimizer: optimizerOf(golden),
      loss: { class_name: 'SparseCategoricalCrossentropy', config: { from_logits: true } } as never,
      metrics: ['sparse_categorical_accuracy'],
    });
    await model.build();
    const weights = await model.getWeights();
    await model.setWeights(
      weights.map(({ name, shape, data }) => ({ data: firstValues(name, data.length), shape })),
    );

    // The logs of a batch are means over the epoch so far; a step's own loss is what it added.
    const losses: number[] = [];
    let sum = 0;
    const onTrainBatchEnd = (batch: number, logs: Logs) => {
      const before = batch === 0 ? 0 : batch * batchSize;
      const rows = Math.min(samples, before + batchSize);
      if (batch === 0) sum = 0;
      const total = logs['loss']! * rows;
      losses.push((total - sum) / (rows - before));
      sum = total;
    };
    const x = { data: digits.images.data.slice(0, samples * 784), shape: [samples, 784] };
    const y = digits.labels.slice(0, samples);
    const options = { epochs: 10, batchSize, shuffle: false, verbose: 0 } as const;
    const { history } = await model.fit(x, y, { ...options, callbacks: { onTrainBatchEnd } });

    const errors = losses.map((loss, i) => relative(loss, golden.step_loss[i]!));
    expect(losses).toHaveLength(golden.step_loss.length);
    expect(Math.max(...errors)).toBeLessThan(1e-4);
    expect(errors.filter((error) => error < 1e-5).length).toBeGreaterThanOrEqual(
      0.95 * errors.length,
    );
    for (const [name, values] of Object.entries(golden.history)) {
      values.forEach((value, i) => expect(history[name]![i]).toBeCloseTo(value, 4));
    }
    const [loss, accuracy] = await model.evaluate(x, y, { verbose: 0 });
    expect(relative(loss!, golden.evaluate[0])).toBeLessThan(1e-4);
    expect(accuracy).toBeCloseTo(golden.evaluate[1], 2);
    (await model.getWeights()).forEach(({ data }, i) => {
      let size = 0;
      for (const value of data as Float32Array) size += Math.abs(value);
      const expected = golden.weights[i]!.abs_sum;
      expect(Math.abs(size - expected)).toBeLessThan(1e-4 * expected + 1e-5);
    });
    model.dispose();
  });
});
