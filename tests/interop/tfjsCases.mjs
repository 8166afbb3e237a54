// What is exchanged with TensorFlow.js: whole models, which end in probabilities, since its losses know no logits.
import { catalogue } from './catalogue.mjs';

const dense = ['Dense', { units: 8, activation: 'relu', input_shape: [5] }];
const head = ['Dense', { units: 3, activation: 'softmax' }];
/** Layers that TensorFlow.js does not have, or (ThresholdedReLU) has no gradient of. */
const without = ['Normalization', 'ActivityRegularization', 'ThresholdedReLU'];
/** In TensorFlow.js ReLU has no slope, ELU no other alpha than 1, Softmax no axis but the last. */
const instead = { ReLU: { max_value: 4 }, ELU: {}, Softmax: { axis: -1 } };
/** It constrains weights as it loads them, which changes their bits, and its evaluate leaves out what regularizers cost. */
function there([name, config]) {
  const own = { ...(instead[name] ?? config) };
  delete own.kernel_regularizer;
  delete own.kernel_constraint;
  return [name, own];
}

const models = {
  dense: [dense, ['Dropout', { rate: 0 }], head],
  normalized: [dense, ['BatchNormalization', {}], ['Activation', { activation: 'tanh' }], head],
  nested: [
    ['Sequential', { layers: [dense, ['BatchNormalization', {}]] }],
    ['LayerNormalization', {}],
    ['PReLU', {}],
    head,
  ],
  catalogue: [
    ...catalogue.slice(0, -1).filter(([name]) => !without.includes(name)).map(there),
    head,
  ], // prettier-ignore
  /** With a layer that the package does not have. */
  lacking: [['Masking', { mask_value: 0.5, input_shape: [5] }], head],
};

const optimizers = {
  sgd: { className: 'SGD', config: { learning_rate: 0.05 } },
  momentum: { className: 'SGD', config: { learning_rate: 0.05, momentum: 0.9 } },
  adam: { className: 'Adam', config: { learning_rate: 0.01 } },
  rmsprop: { className: 'RMSprop', config: { learning_rate: 0.01 } },
  adagrad: { className: 'Adagrad', config: { learning_rate: 0.05 } },
};

const cases = Object.keys(models).filter((model) => model !== 'lacking').flatMap((model) =>
  Object.entries(optimizers).map(([key, optimizer]) => ({ name: `${model}-${key}`, model, optimizer })),
); // prettier-ignore

export const tfjsPlan = {
  label: 'tfjs',
  models,
  write: [...cases, { name: 'lacking', model: 'lacking', optimizer: null, lacks: 'Masking' }],
  read: cases,
};
