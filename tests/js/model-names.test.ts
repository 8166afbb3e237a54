// What models and layers say of themselves: names, defaults and configs, as Keras 2.8 writes them.
import { describe, expect, test } from '@jest/globals';
import { layers, losses, metrics, modelFromJson, sequential, type Model } from 'tabtrain';
import { goldenCases, type GoldenCase } from './support/golden';

interface Config {
  readonly name: string;
  readonly layers: readonly {
    readonly class_name: string;
    readonly config: { readonly batch_input_shape?: readonly unknown[] };
  }[];
}

interface ConfigCase extends GoldenCase {
  readonly get_config: Config;
  readonly to_json: object;
  readonly to_json_text_starts: string;
  readonly layers: readonly string[];
  readonly weights: readonly string[];
  readonly trainable_weights: readonly string[];
}

interface LayerCase extends GoldenCase {
  readonly class_name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly fails?: { readonly message: string };
}

interface NamesCase extends GoldenCase {
  readonly compile: {
    readonly metrics?: readonly string[];
    readonly weighted_metrics?: readonly string[];
  };
  readonly after_fit: readonly string[];
  readonly history_keys: readonly string[];
}

/** A batch size that Keras fixed is any size here. */
function withAnyBatch<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (key, each: unknown) =>
      key === 'batch_input_shape' ? [null, ...(each as unknown[]).slice(1)] : each,
    ),
  ) as T;
}

// Without an input shape there is nothing that the model could say.
const built = goldenCases<ConfigCase>('model_names', 'config').filter(
  ({ get_config }) => get_config.layers[0]!.class_name === 'InputLayer',
);

describe('models', () => {
  test.each(built)('$name', async (golden) => {
    const model = modelFromJson(golden.to_json);
    await model.build();
    expect(model.getConfig()).toEqual(withAnyBatch(golden.get_config));
    expect(model.layers.map(({ name }) => name)).toEqual(golden.layers);
    const weights = await model.getWeights();
    expect(weights.map(({ name }) => `${name}:0`)).toEqual(golden.weights);
    const json = model.toJson();
    expect(JSON.parse(json)).toEqual(withAnyBatch(golden.to_json));
    const fixed = !golden.to_json_text_starts.includes('[null');
    if (!fixed) expect(json.startsWith(golden.to_json_text_starts)).toBe(true);
  });

  test('names are counted in each model', async () => {
    const make = () => sequential([layers.dense({ units: 1, inputShape: [1] }), layers.dense({ units: 1 })]); // prettier-ignore
    for (const model of [make(), make()]) {
      await model.build();
      expect([model.name, ...model.layers.map(({ name }) => name)]).toEqual(['sequential', 'dense', 'dense_1']); // prettier-ignore
    }
  });
});

describe('defaults of layers', () => {
  // Keras takes a layer of no units, and only then fails to compute.
  const cases = goldenCases<LayerCase>('model_names', 'minimal').filter(
    ({ arguments: given }) => given['units'] !== 0,
  );

  test.each(cases)('$name', async ({ class_name, arguments: given, config, fails }) => {
    const layer = { class_name, config: { batch_input_shape: [null, 3], ...given } };
    const model: Model = modelFromJson({
      class_name: 'Sequential',
      config: { name: 'm', layers: [layer] },
    });
    if (fails) {
      await expect(model.build()).rejects.toMatchObject({ name: 'TabtrainError' });
      return;
    }
    await model.build();
    // Once built, BatchNormalization says which axis it is.
    const axis = config!['axis'] === -1 ? { axis: [1] } : {};
    expect(model.layers[0]!.getConfig()).toEqual({
      ...config,
      batch_input_shape: [null, 3],
      ...axis,
    });
  });
});

describe('names of metrics', () => {
  test.each(goldenCases<NamesCase>('model_names', 'names'))('$name', async (golden) => {
    // The golden file has names; a given one stands for an object that was given it.
    const metric = (name: string) =>
      name === 'hits' ? metrics.sparseCategoricalAccuracy({ name }) : name;
    const model = sequential([layers.dense({ units: 3, inputShape: [2] })]);
    model.compile({
      optimizer: 'SGD',
      loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
      metrics: (golden.compile.metrics ?? []).map(metric),
      weightedMetrics: (golden.compile.weighted_metrics ?? []).map(metric),
    });
    await model.build();
    expect(model.metricsNames).toEqual(golden.after_fit);
    const x = [[1, 2], [3, 4]]; // prettier-ignore
    const { history } = await model.fit(x, [0, 1], { validationData: [x, [0, 1]], verbose: 0 });
    expect(Object.keys(history)).toEqual(golden.history_keys);
  });
});
