// What both sides exchange: each case is one model, one optimizer, one moment of saving.
import { catalogue, catalogueOfKeras3 } from './catalogue.mjs';
import { hasNewOptimizers, lacks, writesOnly } from './libraries.mjs';

const schedule = {
  className: 'InverseTimeDecay',
  config: { initial_learning_rate: 0.05, decay_steps: 3, decay_rate: 0.5 },
};
const optimizers = {
  sgd: { className: 'SGD', config: { learning_rate: 0.05 } },
  momentum: { className: 'SGD', config: { learning_rate: 0.05, momentum: 0.9 } },
  adam: { className: 'Adam', config: { learning_rate: 0.01 } },
  amsgrad: { className: 'Adam', config: { learning_rate: 0.01, amsgrad: true } },
};
/** Exchanged with one model only. */
const others = {
  adamw: { className: 'AdamW', config: { learning_rate: 0.01, weight_decay: 0.1 } },
  adamax: { className: 'Adamax', config: { learning_rate: 0.01 } },
  // Traced into a graph, Keras's newer Nadam multiplies its momentum product once for every variable instead of once a step;
  // run eagerly it does not, and leaves no functions in the file.
  nadam: { className: 'Nadam', config: { learning_rate: 0.01 }, eagerWhenNew: true },
  rmsprop: { className: 'RMSprop', config: { learning_rate: 0.01 } },
  centered: {
    className: 'RMSprop',
    config: { learning_rate: 0.01, momentum: 0.5, centered: true, epsilon: 0.001 },
  },
  adagrad: { className: 'Adagrad', config: { learning_rate: 0.05 } },
  adadelta: { className: 'Adadelta', config: { learning_rate: 0.9 } },
  ftrl: { className: 'Ftrl', config: { learning_rate: 0.05, l1_regularization_strength: 0.01 } },
  lion: { className: 'Lion', config: { learning_rate: 0.01 } },
  // Overwritten at every step, so that the end of a fit changes nothing: the two sides take single steps in their own ways.
  averages: {
    className: 'Adam',
    config: { learning_rate: 0.01, use_ema: true, ema_momentum: 0.9, ema_overwrite_frequency: 1 },
  },
  scheduled: { className: 'SGD', config: { momentum: 0.5 }, schedule },
  restarting: {
    className: 'Adam',
    config: {},
    schedule: {
      className: 'CosineDecayRestarts',
      config: { initial_learning_rate: 0.05, first_decay_steps: 4 },
    },
  },
};
const newerOnly = ['adamw', 'lion', 'averages'];

/** Models by name, as lists of Keras layers; `classes` is the number of outputs. */
const models = {
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
  /** A model as a layer, and weights under other names than kernel and bias. */
  nested: [
    [
      'Sequential',
      {
        layers: [
          ['Dense', { units: 6, activation: 'tanh', input_shape: [5] }],
          ['BatchNormalization', {}],
        ],
      },
    ],
    ['LayerNormalization', {}],
    ['PReLU', {}],
    ['Dense', { units: 3 }],
  ],
  catalogue,
  /** With a layer that the package does not have. */
  lacking: [
    ['Masking', { mask_value: 0.5, input_shape: [5] }],
    ['Dense', { units: 3 }],
  ],
};
export const modelsFor = (label) =>
  label === 'keras3' ? { ...models, catalogue: catalogueOfKeras3 } : models;
/** Each is exchanged with several optimizers, the whole catalogue with Adam, and one model with all. */
const several = ['dense', 'normalized', 'nested'];
function modelsWith(key) {
  if (key in others) return ['normalized'];
  return key === 'adam' ? [...several, 'catalogue'] : several;
}

/** What a library has of optimizers, by name. */
const optimizersOf = (label, generation) =>
  Object.entries({ ...optimizers, ...others }).filter(
    ([key]) => !(generation === 'legacy' ? newerOnly : lacks(label)).includes(key),
  );

/** The cases that an environment can write (`generations`) or read. */
export function casesFor(label, generations) {
  const cases = [...several, 'catalogue'].map((model) => ({
    name: `${model}-weights-only`,
    model,
    optimizer: null,
    generation: 'none',
    trained: false,
    writer: 'save_weights',
  }));
  for (const generation of generations) {
    for (const [key, optimizer] of optimizersOf(label, generation)) {
      for (const model of modelsWith(key)) {
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
      for (const model of several) {
        const name = `${model}-${generation}-adam-${writer}`;
        cases.push({ name, model, optimizer: optimizers.adam, generation, trained: true, writer });
      }
    }
  }
  return cases;
}

/** Whole models and weights in HDF5 and archives: what each side writes, and who reads it. */
// What we write of a newer optimizer as the older one, so that every Keras 2 reads it.
const universal = {
  file: 'm.h5',
  generation: 'new',
  reads: 'model',
  only: ['sgd', 'momentum', 'adam'],
};
// In Adam 1 - beta is rounded in another way.
const goesOn = ['sgd', 'momentum'];
const olderKinds = [{ file: 'm.h5', generation: 'legacy' }, universal];
const newerKinds = [
  ...olderKinds,
  { file: 'm.h5', generation: 'new', layout: 'new' },
  { file: 'm.keras', generation: 'new', layout: 'new' },
  { file: 'w.weights.h5', generation: 'new', layout: 'new' },
];
const kindsOfKeras3 = [
  // Keras 3 restores no optimizer from HDF5.
  {
    ...{ file: 'm.h5', generation: 'new', layout: 'auto', reads: 'model' },
    only: ['sgd', 'adam', 'scheduled', 'restarting'],
  },
  { file: 'm.keras', generation: 'new' },
  { file: 'w.weights.h5', generation: 'new' },
];
function kindsOf(label) {
  if (label === 'keras3') return kindsOfKeras3;
  return hasNewOptimizers(label) ? newerKinds : olderKinds;
}

const formats = {
  ...{ 'm.h5': 'h5', 'w.h5': 'h5_weights', 'm.keras': 'keras', 'w.weights.h5': 'weights_h5' },
};

/** Files without an optimizer: weights, and whole models with a layer that is unknown here. */
function plainCases(label, direction) {
  const plain = { optimizer: null, generation: 'none', state: false, steps: false, trained: false };
  const file = label === 'keras3' ? 'w.weights.h5' : 'w.h5';
  const weights = [...several, 'catalogue'].map((model) => ({
    ...{ name: `${model}-weights`, model, file, format: formats[file], ...plain },
  }));
  if (direction === 'read') return weights;
  const whole = new Set(kindsOf(label).map((kind) => kind.file).filter((each) => each.startsWith('m.'))); // prettier-ignore
  const lacking = [...whole].map((each) => ({
    ...{ name: `lacking-${each}`, model: 'lacking', lacks: 'Masking' },
    ...{ file: each, format: formats[each], ...plain },
  }));
  return [...weights, ...lacking];
}

/**
 * @param direction 'write' for what they write and `read` for what they read
 * @returns cases as those above, with the file, `layout` for us, `state`: whether the reader has the optimizer's state
 *   afterwards, and `steps`: whether it goes on in the same way
 */
export function fileCases(label, direction) {
  const cases = plainCases(label, direction);
  for (const kind of kindsOf(label)) {
    const { file, generation, layout = 'auto', reads, only } = kind;
    if (kind === universal && direction === 'write') continue;
    if (direction === 'read' && writesOnly(label).includes(formats[file])) continue;
    for (const [key, optimizer] of optimizersOf(label, generation)) {
      // The product of its momenta is in no file of Keras 2.
      if (key === 'nadam' && generation === 'new' && label !== 'keras3') continue;
      if (direction === 'read' && only && !only.includes(key)) continue;
      for (const model of modelsWith(key)) {
        const takesState = reads !== 'model' || kind === universal;
        const goesOnThere = reads !== 'model' || (kind === universal && goesOn.includes(key));
        const one = {
          ...{ name: `${model}-${generation}-${key}-${layout}-${file}`, model, optimizer },
          ...{ generation, file, format: formats[file], layout, trained: true },
          state: direction === 'write' || takesState,
          steps: direction === 'write' || goesOnThere,
        };
        cases.push(one);
        // Of an optimizer that has not trained Keras keeps its counters alone. Keras 3's averages begin with the weights after
        // the first step, Keras 2's and ours with those before it.
        const isFresh = direction === 'write' && model === modelsWith(key)[0];
        const beginsOtherwise = label === 'keras3' && key === 'averages';
        if (isFresh && !beginsOtherwise) cases.push({ ...one, name: `${one.name}-untrained`, trained: false, state: false }); // prettier-ignore
      }
    }
  }
  return cases;
}
