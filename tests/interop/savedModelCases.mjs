// Whole models that both sides write and read: layers as [class, config] in Keras's words.

const dense = ['Dense', { units: 8, activation: 'relu', input_shape: [5] }];
const head = ['Dense', { units: 3 }];

export const models = {
  tutorial: [dense, ['Dropout', { rate: 0 }], head],
  dropout: [dense, ['Dropout', { rate: 0.5 }], head],
  normalized: [dense, ['BatchNormalization', {}], ['Activation', { activation: 'tanh' }], head],
  nested: [
    ['Sequential', { layers: [dense, ['Sequential', { layers: [['BatchNormalization', {}]] }]] }],
    ['LayerNormalization', {}],
    head,
  ],
  catalogue: [
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
    head,
  ],
  unit: [dense, ['UnitNormalization', {}], head],
  custom: [dense, ['Scale', { factor: 1.5 }], head],
  noise: [dense, ['Noise', { rate: 0.4 }], head],
  within: [dense, ['Within', { units: 4 }], head],
  table: [dense, ['Table', {}], head],
  block: [dense, ['Block', { units: 6 }], head],
  moving: [dense, ['Centered', {}], head],
};
/** Draw random numbers in training: no two runs are equal. */
export const isRandom = (model) => ['dropout', 'noise'].includes(model);

const adam = ['Adam', { learning_rate: 0.01 }];
const momentum = ['SGD', { learning_rate: 0.05, momentum: 0.9 }];

/** What the package writes for TensorFlow `label`. */
export function ourCases(label) {
  const isNew = label !== 'tf2.8';
  const one = (model, optimizer, more = {}) => ({ model, optimizer, legacy: true, ...more });
  return [
    one('tutorial', adam),
    one('tutorial', adam, { legacy: false }), // kept in the order of OptimizerV2
    one('tutorial', momentum),
    one('tutorial', ['RMSprop', { learning_rate: 0.01 }]),
    one('tutorial', ['Adagrad', { learning_rate: 0.05 }]),
    one('tutorial', ['Nadam', { learning_rate: 0.01 }]),
    one('tutorial', null),
    one('dropout', adam),
    one('normalized', adam),
    one('nested', momentum),
    one('catalogue', adam),
    one('custom', adam),
    one('noise', adam),
    one('moving', adam),
    ...(isNew
      ? [
          one('unit', adam),
          one('tutorial', adam, { legacy: false, layout: 'new' }),
          one('normalized', ['RMSprop', { learning_rate: 0.01 }], { legacy: false }),
          one('nested', ['AdamW', { learning_rate: 0.01, weight_decay: 0.1 }], { legacy: false }),
        ]
      : []),
  ].map(named);
}

/** What TensorFlow `label` writes for the package. */
export function theirCases(label) {
  const generations = label === 'tf2.8' ? [true] : [true, false];
  const chosen = ['tutorial', 'dropout', 'normalized', 'nested', 'catalogue', 'custom', 'noise', 'within', 'table', 'block', 'moving']; // prettier-ignore
  if (label !== 'tf2.8') chosen.push('unit');
  const cases = generations.flatMap((legacy) => [
    ...chosen.map((model) => ({ model, optimizer: adam, legacy })),
    { model: 'normalized', optimizer: momentum, legacy },
  ]);
  return [...cases, { model: 'tutorial', optimizer: null, legacy: true }].map(named);
}

function named(one) {
  const optimizer = one.optimizer?.[0].toLowerCase() ?? 'uncompiled';
  const name = [one.model, optimizer, one.legacy ? 'legacy' : 'new', one.layout].filter(Boolean);
  return { ...one, name: name.join('-') };
}
