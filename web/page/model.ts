import { layers, losses, optimizers, sequential } from '../api/index';

export type Model = ReturnType<typeof createModel>;

/** The model of TensorFlow's save-and-load tutorial; the trainer sets the learning rate. */
export function createModel() {
  const model = sequential([
    layers.dense({ units: 512, activation: 'relu', inputShape: [784] }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 10 }),
  ]);
  model.compile({
    optimizer: optimizers.adam(),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
  return model;
}
