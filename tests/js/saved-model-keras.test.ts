// SavedModels that Keras wrote (tests/golden/saved_models): its predictions, and its next ten steps.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { loadModel, type CustomObjects, type Model } from 'tabtrain';
import { absolute, worst } from './support/customLayers';
import { expectFailure } from './support/errors';
import { temporaryDirectory } from './support/models';

const root = new URL('../golden/saved_models/', import.meta.url);
const batch = 5;
const samples = 20;

/** The data of tests/interop: float32(((i * 7919) % 1009) / 1009 - 0.5) * 2. */
const x = Float32Array.from({ length: samples * 5 }, (_, i) =>
  Math.fround(Math.fround(((i * 7919) % 1009) / 1009 - 0.5) * 2),
);
const y = Int32Array.from({ length: samples }, (_, i) => i % 3);

const all = { data: x, shape: [samples, 5] };
const targets = { data: y, shape: [samples] };
const directories = temporaryDirectory();
const weights = async (model: Model) =>
  new Map((await model.getWeights()).map(({ name, data }) => [name, [...(data as Float32Array)]]));

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
    ['tensors that are constants', 'table', {}],
    ['layers in a layer, one frozen, one with a penalty', 'block', {}],
    ['a Normalization that comes first and was adapted before', 'adapted', {}],
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
    // Saved again it is the same model, which trains on in the same way.
    const path = join(directories, `${version}-${name}`);
    await model.save(path);
    const again = await loadModel(path, { customObjects });
    expect(await weights(again)).toEqual(await weights(model));
    expect(await nextLosses(again)).toEqual(await nextLosses(model));
    expect(await weights(again)).toEqual(await weights(model));
  });

  test('a frozen layer within stays as it is', async () => {
    const model = await loadModel(fileURLToPath(new URL(`${version}/block/model`, root)));
    const before = await weights(model);
    await nextLosses(model);
    const after = await weights(model);
    const still = [...before.keys()].filter((name) => String(after.get(name)) === String(before.get(name))); // prettier-ignore
    expect(still).toEqual(['block/dense/0/kernel', 'block/dense/0/bias']);
    expect(before.size).toBe(2 + 10 + 2);
    expect(model.layers[1]!.countParams()).toBe(8 * 6 + 6 + 2 * (6 * 6 + 6) + 4 * 6);
  });

  test('a penalty within is part of the loss', async () => {
    const model = await loadModel(fileURLToPath(new URL(`${version}/block/model`, root)));
    const kernel = (await weights(model)).get('block/inner/kernel')!;
    const [loss] = (await model.evaluate(all, targets, { verbose: 0 })) as [number];
    const { data, shape } = await model.predict(all, { verbose: 0 });
    let entropy = 0;
    for (let row = 0; row < samples; ++row) {
      const logits = [...(data as Float32Array)].slice(row * shape[1]!, (row + 1) * shape[1]!);
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
      entropy += (Math.log(sum) - logits[y[row]!]!) / samples;
    }
    expect(loss - entropy).toBeCloseTo(0.01 * kernel.reduce((sum, w) => sum + w * w, 0), 5);
  });

  test('a loss that is not given is named, with how to give it', async () => {
    const path = fileURLToPath(new URL(`${version}/custom/model`, root));
    await expectFailure(() => loadModel(path), {
      code: 'UNKNOWN_CLASS',
      says: ['absolute', 'customObjects'],
    });
  });
});
