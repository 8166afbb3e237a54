// Every dense layer in one model: layers as [class, config] in Keras's words, of Keras 2.
export const catalogue = [
  ['Rescaling', { scale: [1, 2, 0.5, 1, 1], offset: 0.1, input_shape: [5] }],
  ['Normalization', { mean: [0.1, 0, 0, 0, 0.2], variance: [1, 2, 1, 1, 0.5] }],
  ['Dense', { units: 8, activation: 'gelu', kernel_regularizer: 'l2' }],
  ['BatchNormalization', {}],
  ['LayerNormalization', {}],
  ['LeakyReLU', { alpha: 0.2 }],
  ['PReLU', {}],
  ['ELU', { alpha: 0.7 }],
  ['Dense', { units: 8, activation: 'selu', kernel_constraint: 'max_norm' }],
  ['ReLU', { max_value: 4, negative_slope: 0.1 }],
  ['ThresholdedReLU', { theta: 0.05 }],
  ['GaussianNoise', { stddev: 0 }],
  ['GaussianDropout', { rate: 0 }],
  ['AlphaDropout', { rate: 0 }],
  ['Reshape', { target_shape: [2, 4] }],
  ['Permute', { dims: [2, 1] }],
  ['SpatialDropout1D', { rate: 0 }],
  ['Softmax', { axis: 1 }],
  ['Flatten', {}],
  ['RepeatVector', { n: 2 }],
  ['Activation', { activation: 'swish' }],
  ['Flatten', {}],
  ['ActivityRegularization', { l2: 0.01 }],
  ['Dense', { units: 3 }],
];

/** Keras 3 has no ThresholdedReLU. */
export const catalogueOfKeras3 = catalogue.filter(([name]) => name !== 'ThresholdedReLU');
