// What both sides exchange: each case is one model, one optimizer, one moment of saving.

const optimizers = {
  sgd: { className: 'SGD', config: { learning_rate: 0.05 } },
  momentum: { className: 'SGD', config: { learning_rate: 0.05, momentum: 0.9 } },
  adam: { className: 'Adam', config: { learning_rate: 0.01 } },
  amsgrad: { className: 'Adam', config: { learning_rate: 0.01, amsgrad: true } },
};

/** Models by name, as lists of Keras layers; `classes` is the number of outputs. */
export const models = {
  dense: [
    ['Dense', { units: 8, activation: 'relu', input_shape: [5] }],
    ['Dropout', { rate: 0 }],
    ['Dense', { units: 3 }],
  ],
  normalized: [
    ['Dense', { units: 6, use_bias: false, input_shape: [5] }],
    ['BatchNormalization', {}],
    ['Activation', { activation: 'tanh' }],
    ['Dense', { units: 3 }],
  ],
};

/** The cases that an environment can write (`generations`) or read. */
export function casesFor(generations) {
  const cases = Object.keys(models).map((model) => ({
    name: `${model}-weights-only`,
    model,
    optimizer: null,
    generation: 'none',
    trained: false,
    writer: 'save_weights',
  }));
  for (const generation of generations) {
    for (const [key, optimizer] of Object.entries(optimizers)) {
      for (const model of Object.keys(models)) {
        for (const trained of [false, true]) {
          const moment = trained ? 'trained' : 'untrained';
          const name = `${model}-${generation}-${key}-${moment}`;
          cases.push({ name, model, optimizer, generation, trained, writer: 'save_weights' });
        }
      }
    }
  }
  return cases;
}

/** Checkpoints that only TensorFlow writes: those of tf.train.Checkpoint and CheckpointManager. */
export function trainCheckpointCases(generations) {
  const cases = [];
  for (const generation of generations) {
    for (const writer of ['checkpoint', 'manager']) {
      for (const model of Object.keys(models)) {
        const name = `${model}-${generation}-adam-${writer}`;
        cases.push({ name, model, optimizer: optimizers.adam, generation, trained: true, writer });
      }
    }
  }
  return cases;
}
