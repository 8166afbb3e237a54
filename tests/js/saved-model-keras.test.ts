// SavedModels that Keras wrote (tests/golden/saved_models): its predictions, and its next ten steps.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { loadModel, type CustomObjects, type Model } from 'tabtrain';
import { absolute, worst } from './support/customLayers';
import { expectFailure } from './support/errors';

const root = new URL('../golden/saved_models/', import.meta.url);
const batch = 5;
const samples = 20;

/** The data of tests/interop: float32(((i * 7919) % 1009) / 1009 - 0.5) * 2. */
const x = Float32Array.from({ length: samples * 5 }, (_, i) =>
  Math.fround(Math.fround(((i * 7919) % 1009) / 1009 - 0.5) * 2),
);
const y = Int32Array.from({ length: samples }, (_, i) => i % 3);

async function nextLosses(model: Model): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < 10; ++i) {
    const at = batch * (i % (samples / batch));
    const { history } = await model.fit(
      { data: x.slice(at * 5, (at + batch) * 5), shape: [batch, 5] },
      { data: y.slice(at, at + batch), shape: [batch] },
      { batchSize: batch, shuffle: false, verbose: 0 },
    );
    losses.push(history['loss']![0]!);
  }
  return losses;
}

describe.each(['tf2.8', 'tf2.21'])('of %s', (version) => {
  const objects: CustomObjects = { absolute, worst };
  test.each([
    ['a layer, a loss and a metric of its own', 'custom', objects],
    ['a layer that assigns', 'moving', {}],
  ] as const)('%s, without the layer', async (_, name, customObjects) => {
    const directory = fileURLToPath(new URL(`${version}/${name}/`, root));
    const expected = JSON.parse(readFileSync(`${directory}expected.json`, 'utf8')) as {
      prediction: number[];
      losses: number[];
    };
    const model = await loadModel(`${directory}model`, { customObjects });
    const { data } = await model.predict({ data: x, shape: [samples, 5] }, { verbose: 0 });
    const came = [...(data as Float32Array)];
    expect(came).toHaveLength(expected.prediction.length);
    came.forEach((value, i) =>
      expect(Math.abs(value - expected.prediction[i]!)).toBeLessThan(1e-6),
    );
    const losses = await nextLosses(model);
    losses.forEach((loss, i) =>
      expect(Math.abs(loss / expected.losses[i]! - 1)).toBeLessThan(1e-5),
    );
  });

  test('a loss that is not given is named, with how to give it', async () => {
    const path = fileURLToPath(new URL(`${version}/custom/model`, root));
    await expectFailure(() => loadModel(path), {
      code: 'UNKNOWN_CLASS',
      says: ['absolute', 'customObjects'],
    });
  });
});
