import { layers, losses, optimizers, sequential, setSeed, type Model } from 'tabtrain';
import { goldenCases, type GoldenCase } from './golden';

interface GoldenTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

interface DataCase extends GoldenCase {
  readonly x: GoldenTensor;
  readonly y: GoldenTensor;
  readonly weights: readonly GoldenTensor[];
}

const [data] = goldenCases<DataCase>('loop', 'data');

/** `pattern` of tests/golden/common.py: the data of golden files that do not list theirs. */
export function pattern(count: number, scale: number): Float32Array {
  const unit = (i: number) => Math.fround(((i * 7919) % 1009) / 1009 - 0.5);
  return Float32Array.from({ length: count }, (_, i) => unit(i) * Math.fround(scale));
}

/** The samples of these numbers of the data that all golden loops share. */
export function pick(samples: readonly number[]) {
  const x = Float32Array.from(samples.flatMap((i) => data!.x.values.slice(4 * i, 4 * i + 4)));
  const y = Int32Array.from(samples.map((i) => data!.y.values[i]!));
  return { x: { data: x, shape: [samples.length, 4] }, y };
}

export const range = (begin: number, end: number): number[] =>
  Array.from({ length: end - begin }, (_, i) => begin + i);

/** The model of the golden loops, with its weights. */
export async function loopModel(
  metrics: readonly string[] = ['accuracy'],
  weightedMetrics: readonly string[] | null = null,
): Promise<Model> {
  setSeed(1);
  const model = sequential([layers.dense({ units: 3, inputShape: [4] })]);
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 0.1 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics,
    ...(weightedMetrics ? { weightedMetrics } : {}),
  });
  await model.setWeights(
    data!.weights.map(({ shape, values }) => ({ data: Float32Array.from(values), shape })),
  );
  return model;
}
