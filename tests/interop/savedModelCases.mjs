// Whole models that both sides write and read: layers as [class, config] in Keras's words.
import { catalogue } from './catalogue.mjs';
import { hasNewOptimizers } from './libraries.mjs';

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
  catalogue,
  unit: [dense, ['UnitNormalization', {}], head],
  custom: [dense, ['Scale', { factor: 1.5 }], head],
  noise: [dense, ['Noise', { rate: 0.4 }], head],
  within: [dense, ['Within', { units: 4 }], head],
  table: [dense, ['Table', {}], head],
  block: [dense, ['Block', { units: 6 }], head],
  thawed: [dense, ['Block', { units: 6, frozen: false }], head],
  moving: [dense, ['Centered', {}], head],
  adapted: [['Normalization', {}], head],
};
/** Draw random numbers in training: no two runs are equal. */
export const isRandom = (model) => ['dropout', 'noise'].includes(model);

const adam = ['Adam', { learning_rate: 0.01 }];
const momentum = ['SGD', { learning_rate: 0.05, momentum: 0.9 }];

/** What the package writes for TensorFlow `label`. */
export function ourCases(label) {
  const isNew = hasNewOptimizers(label);
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
  const generations = hasNewOptimizers(label) ? [true, false] : [true];
  const chosen = ['tutorial', 'dropout', 'normalized', 'nested', 'catalogue', 'custom', 'noise', 'within', 'table', 'block', 'thawed', 'moving', 'adapted']; // prettier-ignore
  if (label !== 'tf2.8') chosen.push('unit');
  const cases = generations.flatMap((legacy) => [
    ...chosen.map((model) => ({ model, optimizer: adam, legacy })),
    { model: 'normalized', optimizer: momentum, legacy },
  ]);
  return [...cases, { model: 'tutorial', optimizer: null, legacy: true }].map(named);
}

/** What TensorFlow `label` wrote, the package loaded without any class, trained on and wrote again. */
export function returnedCases(label) {
  const models = ['custom', 'within', 'table', 'block', 'thawed', 'moving', 'nested'];
  return theirCases(label)
    .filter(({ model, legacy }) => models.includes(model) && legacy)
    .map((one) => ({ ...one, from: one.name, name: `${one.name}-returned` }));
}

function named(one) {
  const optimizer = one.optimizer?.[0].toLowerCase() ?? 'uncompiled';
  const name = [one.model, optimizer, one.legacy ? 'legacy' : 'new', one.layout].filter(Boolean);
  return { ...one, name: name.join('-') };
}
