// Optimizers and schedules in a model: what the engine says of them.
import { describe, expect, test } from '@jest/globals';
import { layers, optimizers, sequential, setSeed, type Optimizer } from 'tabtrain';
import { expectFailure } from './support/errors';

const x = { data: Float32Array.from({ length: 12 }, (_, i) => (i % 5) / 5), shape: [6, 2] };
const y = { data: Float32Array.from({ length: 6 }, (_, i) => i % 2), shape: [6, 1] };

async function modelWith(optimizer: Optimizer) {
  setSeed(1);
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
  model.compile({ optimizer, loss: 'mse' });
  await model.build();
  return model;
}

const { schedules, ...factories } = optimizers;

describe.each(Object.entries(factories))('optimizers.%s', (name, factory) => {
  test('has the default rate that the engine has, and trains', async () => {
    const optimizer = factory();
    const rate = optimizer.learningRate;
    const model = await modelWith(optimizer);
    expect(model.optimizer.getConfig()['learning_rate']).toBeCloseTo(rate, 8);
    expect(model.optimizer.learningRate).toBeCloseTo(rate, 8);
    const { history } = await model.fit(x, y, { epochs: 3, verbose: 0 });
    expect(history['loss']![2]).toBeLessThan(history['loss']![0]!);
    expect(optimizer.className.toLowerCase()).toBe(name);
    model.dispose();
  });
});

test('a schedule goes by the steps done, and the rate cannot be set', async () => {
  const learningRate = schedules.exponentialDecay({
    initialLearningRate: 0.5,
    decaySteps: 1,
    decayRate: 0.5,
  });
  for (const legacy of [false, true]) {
    const model = await modelWith(optimizers.sgd({ learningRate, legacy }));
    expect(model.optimizer.learningRate).toBe(0.5);
    await model.fit(x, y, { batchSize: 3, epochs: 2, verbose: 0 });
    expect(model.optimizer.learningRate).toBe(0.03125);
    await expectFailure(() => void (model.optimizer.learningRate = 0.1), {
      code: 'INVALID_ARGUMENT',
      says: ['learningRate', 'schedule'],
    });
    const { learning_rate: given } = model.optimizer.getConfig();
    expect(given).toEqual({
      class_name: 'ExponentialDecay',
      config: {
        initial_learning_rate: 0.5,
        decay_steps: 1,
        decay_rate: 0.5,
        staircase: false,
        name: null,
      },
    });
    model.dispose();
  }
});

test('a schedule as a Keras config in a Keras config', async () => {
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
  const schedule = {
    class_name: 'PiecewiseConstantDecay',
    config: { boundaries: [1], values: [0.5, 0.25] },
  };
  model.compile({
    optimizer: { class_name: 'SGD', config: { learning_rate: schedule } } as never,
    loss: 'mse',
  });
  await model.fit(x, y, { batchSize: 3, verbose: 0 });
  expect(model.optimizer.learningRate).toBe(0.25);
  await expectFailure(() => void (model.optimizer.learningRate = 0.1), {
    code: 'INVALID_ARGUMENT',
    says: ['schedule'],
  });
  model.dispose();
});

test('a fit ends with the averages of the weights', async () => {
  const model = await modelWith(optimizers.sgd({ useEma: true, emaMomentum: 1 }));
  const before = await model.getWeights();
  await model.fit(x, y, { verbose: 0 });
  const after = await model.getWeights();
  // Averages that never move are the weights of the beginning.
  after.forEach(({ data }, i) => expect(data).toEqual(before[i]!.data));
  model.dispose();
});
