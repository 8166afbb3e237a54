// Five small models that have little in common: optimizers of both generations, layers with state and noise,
// callbacks with state, rows and datasets.
import { ownCallback, random } from './configurations.mjs';

const ROWS = 24;
const FEATURES = 4;
const BATCH = 4;

const r = random(7);
const X = Float32Array.from({ length: ROWS * FEATURES }, () => r.next() * 2 - 1);
const Y = Uint8Array.from({ length: ROWS }, () => r.integer(0, 2));
const x = { data: X, shape: [ROWS, FEATURES] };

function* batches() {
  for (let at = 0; at < ROWS; at += BATCH) {
    const data = X.slice(at * FEATURES, (at + BATCH) * FEATURES);
    yield [{ data, shape: [BATCH, FEATURES] }, Y.slice(at, at + BATCH)];
  }
}

/** `{ name, layers, optimizer, callbacks, data, options }` of each, for a package that has been loaded. */
export function models(tabtrain) {
  const { callbacks, layers, optimizers } = tabtrain;
  const { schedules } = optimizers;
  const rows = [x, Y];
  const monitor = 'loss';
  return [
    {
      name: 'Adam, BatchNormalization, dropout',
      layers: () => [layers.batchNormalization({ momentum: 0.8 }), layers.dropout({ rate: 0.3 })],
      optimizer: () => optimizers.adam({ amsgrad: true }),
      callbacks: () => [ownCallback(tabtrain)],
      data: rows,
    },
    {
      name: 'SGD with momentum, noise, lower rates on plateaus',
      layers: () => [layers.gaussianNoise({ stddev: 0.2 })],
      optimizer: () => optimizers.sgd({ momentum: 0.9, nesterov: true }),
      callbacks: () => [
        callbacks.reduceLROnPlateau({ monitor, factor: 0.5, patience: 0, minDelta: 0.5 }),
      ],
      data: rows,
    },
    {
      name: 'RMSprop, centered, early stopping, validation',
      layers: () => [layers.gaussianDropout({ rate: 0.2 }), layers.batchNormalization()],
      optimizer: () => optimizers.rmsprop({ centered: true, momentum: 0.5 }),
      callbacks: () => [
        callbacks.earlyStopping({ monitor, patience: 1, restoreBestWeights: true }),
      ],
      data: rows,
      options: { validationSplit: 0.25 },
    },
    {
      name: 'AdamW on a schedule with averages, LayerNormalization, a dataset',
      layers: () => [layers.layerNormalization(), layers.dropout({ rate: 0.2 })],
      optimizer: () => {
        const learningRate = schedules.cosineDecay({ initialLearningRate: 0.01, decaySteps: 20 });
        return optimizers.adamw({ learningRate, useEma: true, emaMomentum: 0.9 });
      },
      callbacks: () => [ownCallback(tabtrain)],
      data: [() => batches()],
    },
    {
      name: 'Nadam of Keras 2.8, alpha dropout, a rate for each epoch',
      layers: () => [layers.alphaDropout({ rate: 0.2 })],
      optimizer: () => optimizers.nadam({ legacy: true }),
      callbacks: () => [callbacks.learningRateScheduler((epoch, rate) => rate * 0.8)],
      data: rows,
    },
  ].map((each) => ({
    ...each,
    build: () => build(tabtrain, each),
    fit: (...given) => fit(each, ...given),
  }));
}

function build(tabtrain, { layers, optimizer }) {
  tabtrain.setSeed(3);
  const { dense } = tabtrain.layers;
  const first = dense({ units: 6, activation: 'relu', inputShape: [FEATURES] });
  const model = tabtrain.sequential([first, ...layers(), dense({ units: 3 })]);
  const loss = tabtrain.losses.sparseCategoricalCrossentropy({ fromLogits: true });
  model.compile({ optimizer: optimizer(), loss, metrics: ['accuracy'] });
  return model;
}

function fit({ data, options }, model, more) {
  const isRows = data.length > 1;
  return model.fit(...data, {
    verbose: 0,
    ...(isRows && { batchSize: BATCH }),
    ...options,
    ...more,
  });
}
