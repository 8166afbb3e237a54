// Normalization learns from data, before its model is used and after.
import { afterEach, describe, expect, test } from '@jest/globals';
import { layers, sequential, type Model } from 'tabtrain';
import { expectFailure } from './support/errors';

const DATA = [
  [1, 10],
  [3, 10],
  [5, 40],
  [7, 40],
];
const MEAN = [4, 25];
const VARIANCE = [5, 225];

const models: Model[] = [];
const made = <M extends Model>(model: M): M => {
  models.push(model);
  return model;
};
afterEach(() => models.splice(0).forEach((model) => model.dispose()));

const weightsOf = async (model: Model) =>
  (await model.getWeights()).map(({ name, dtype, data }) => [name, dtype, ...data]);

const LEARNT = [
  ['normalization/mean', 'float32', ...MEAN],
  ['normalization/variance', 'float32', ...VARIANCE],
  ['normalization/count', 'int64', 4n],
];

describe('layer.adapt', () => {
  test('before the layer is in a model', async () => {
    const layer = layers.normalization();
    await layer.adapt(DATA);
    const model = made(sequential([layer, layers.dense({ units: 1 })]));
    await model.build([null, 2]);
    expect((await weightsOf(model)).slice(0, 3)).toEqual(LEARNT);
    expect(layer.getConfig()).toMatchObject({ axis: [-1], mean: null, variance: null });
    expect(layer.getConfig()).not.toHaveProperty('adapted');
    expect(layer.countParams()).toBe(5);
  });

  test('in a model that has not been used yet', async () => {
    const layer = layers.normalization({ inputShape: [2] });
    const model = made(sequential([layer]));
    await layer.adapt({ data: new Uint8Array(DATA.flat()), shape: [4, 2] });
    const y = await model.predict([
      [4, 25],
      [4, 40],
    ]);
    expect(y.array()).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(await weightsOf(model)).toEqual(LEARNT);
  });

  test('in a model that is in use, and again', async () => {
    const layer = layers.normalization();
    const model = made(sequential([layer]));
    expect(await model.getWeights()).toEqual([]);
    await layer.adapt(DATA); // also says the shape
    expect(await weightsOf(model)).toEqual(LEARNT);
    await layer.adapt([[2, 2]]);
    expect(await weightsOf(model)).toEqual([
      ['normalization/mean', 'float32', 2, 2],
      ['normalization/variance', 'float32', 0, 0],
      ['normalization/count', 'int64', 1n],
    ]);
  });

  test('of a layer of a model within a model', async () => {
    const layer = layers.normalization();
    const inner = sequential([layers.reLU({ inputShape: [2] }), layer]);
    const model = made(sequential([inner, layers.dense({ units: 1 })]));
    await model.build([null, 2]);
    await layer.adapt(DATA);
    expect((await weightsOf(model)).filter(([name]) => String(name).includes('norm'))).toEqual(
      LEARNT,
    );
  });

  test('its weights can be set again, the count included', async () => {
    const layer = layers.normalization({ inputShape: [2] });
    const model = made(sequential([layer]));
    await layer.adapt(DATA);
    const weights = await model.getWeights();
    await layer.adapt([[2, 2]]);
    await model.setWeights(weights);
    expect(await weightsOf(model)).toEqual(LEARNT);
  });

  test('refusals', async () => {
    const dense = layers.dense({ units: 1 });
    await expectFailure(() => dense.adapt(DATA), { code: 'UNSUPPORTED', says: [/Dense/] });
    const layer = layers.normalization({ inputShape: [2] });
    await expectFailure(() => layer.adapt([[1], [2, 3]]), {
      code: 'SHAPE_MISMATCH',
      says: [/data/],
    });
    const model = made(sequential([layer]));
    await model.build();
    await expectFailure(() => layer.adapt([[1, 2, 3]]), { code: 'SHAPE_MISMATCH', says: [/2/] });
    const given = layers.normalization({ mean: 1, variance: 2 });
    await expectFailure(() => given.adapt(DATA), {
      code: 'INVALID_ARGUMENT',
      says: [/without mean and variance.*mean 1/],
    });
    model.dispose();
    await expectFailure(() => layer.adapt(DATA), { code: 'DISPOSED', says: [/adapt/] });
  });
});
