// What files say of loss and metrics, in the forms that Keras has for it.
import { describe, expect, test } from '@jest/globals';
import { compileConfig } from '../../web/api/formats/dialects/config';
import { expectFailure } from './support/errors';

const layer = (name: string) => ({ class_name: 'Dense', config: { name } });
const model = { class_name: 'Sequential', config: { layers: [layer('first'), layer('out')] } };
const read = (said: object) => {
  const { loss, metrics, weighted_metrics, loss_weights } = compileConfig(
    { optimizer_config: { class_name: 'SGD', config: {} }, loss: 'mse', ...said },
    'file',
    model,
    true,
    [],
  )!;
  return { loss, metrics, weighted_metrics, loss_weights };
};
const none = { metrics: null, weighted_metrics: null, loss_weights: null };

test('records by the name of the one output', () => {
  const huber = { class_name: 'Huber', config: { delta: 2 } };
  expect(read({ loss: { out: 'mae' } })).toEqual({ loss: 'mae', ...none });
  expect(read({ loss: { out: { ...huber, module: 'keras.losses' } } }).loss).toEqual(huber);
  expect(
    read({
      ...{ metrics: { out: ['mae', 'mse'] }, weighted_metrics: { out: 'mape' } },
      loss_weights: { out: 0.5 },
    }),
  ).toEqual({
    ...{ loss: 'mse', metrics: ['mae', 'mse'], weighted_metrics: ['mape'], loss_weights: 0.5 },
  });
  expect(read({ metrics: {} })).toEqual({ loss: 'mse', ...none });
});

test('what only Keras 3 has of an optimizer', async () => {
  const of = (config: object) => () => read({ optimizer_config: { class_name: 'SGD', config } });
  const absent = { loss_scale_factor: null, gradient_accumulation_steps: null };
  expect(of(absent)().loss).toBe('mse');
  for (const argument of Object.keys(absent)) {
    await expectFailure(of({ [argument]: 2 }), {
      code: 'UNSUPPORTED',
      says: [`file: SGD: ${argument} is not in this version, came 2`],
    });
  }
});

describe.each(['loss', 'metrics', 'weighted_metrics', 'loss_weights'])('%s', (argument) => {
  test.each([
    [{ first: 'mse' }, "'first'"],
    [{ out: 'mse', other: 'mae' }, "'out', 'other'"],
  ])('of other outputs is refused: %j', async (value, names) => {
    await expectFailure(async () => read({ [argument]: value }), {
      code: 'UNSUPPORTED',
      says: [
        `file: ${argument}: expected that of the model's one output 'out', came those of ${names}`,
      ],
    });
  });
});
