import { readFileSync } from 'node:fs';
import { layers, loadModel, optimizers, sequential, setSeed, type Model } from 'tabtrain';

export const steps = { verbose: 0, shuffle: false, epochs: 2, batchSize: 8 } as const;
export const trainX = {
  data: Float32Array.from({ length: 96 }, (_, i) => Math.sin(i * 1.3)),
  shape: [24, 4],
};
export const trainY = {
  data: Float32Array.from({ length: 72 }, (_, i) => Math.cos(i * 0.7)),
  shape: [24, 3],
};

/** Layers, one in a model of its own, whose numbers do not depend on chance. */
export function plainModel(seed = 1): Model {
  setSeed(seed);
  return sequential([
    sequential([
      layers.dense({ units: 5, activation: 'tanh', inputShape: [4] }),
      layers.batchNormalization(),
    ]),
    layers.layerNormalization(),
    layers.dense({ units: 3 }),
  ]);
}

export function compiled(model: Model, optimizer: unknown = 'adam'): Model {
  model.compile({ optimizer: optimizer as 'adam', loss: 'mse', metrics: ['mae'] });
  return model;
}

export const trained = async (model: Model): Promise<Model> => {
  await model.fit(trainX, trainY, steps);
  return model;
};

/** A model of each optimizer's kind that has state, by name. */
export function optimizerCases(): (readonly [string, () => unknown])[] {
  const both = {
    sgd: { learningRate: 0.05 },
    momentum: { learningRate: 0.05, momentum: 0.9, nesterov: true },
    adam: { learningRate: 0.01 },
    amsgrad: { learningRate: 0.01, amsgrad: true },
    adamax: { learningRate: 0.01 },
    nadam: { learningRate: 0.01 },
    rmsprop: { learningRate: 0.01 },
    centered: { learningRate: 0.01, momentum: 0.5, centered: true },
    adagrad: { learningRate: 0.05 },
    adadelta: { learningRate: 0.9 },
    ftrl: { learningRate: 0.05, l1RegularizationStrength: 0.01 },
  };
  const newer = {
    adamw: { learningRate: 0.01, weightDecay: 0.1 },
    lion: { learningRate: 0.01 },
    averages: { learningRate: 0.01, useEma: true, emaMomentum: 0.9, emaOverwriteFrequency: 3 },
  };
  const factory: Record<string, keyof typeof optimizers> = {
    ...{ momentum: 'sgd', amsgrad: 'adam', centered: 'rmsprop', averages: 'adam' },
  };
  const make = (name: string, options: object) => () =>
    (optimizers[factory[name] ?? (name as keyof typeof optimizers)] as (o: object) => unknown)(
      options,
    );
  const schedule = () =>
    optimizers.sgd({
      momentum: 0.5,
      learningRate: optimizers.schedules.inverseTimeDecay({
        ...{ initialLearningRate: 0.05, decaySteps: 3, decayRate: 0.5 },
      }),
    });
  return [
    ...Object.entries(both).flatMap(
      ([name, options]) =>
        [
          [name, make(name, options)],
          [`legacy ${name}`, make(name, { ...options, legacy: true })],
        ] as const,
    ),
    ...Object.entries(newer).map(([name, options]) => [name, make(name, options)] as const),
    ['scheduled', schedule],
  ];
}

/** Whatever may differ between a model and its copy: config, numbers, and the bits of the next steps. */
export async function future(model: Model): Promise<unknown> {
  const predicted = [...((await model.predict(trainX, { verbose: 0 })).data as Float32Array)];
  const { history } = await model.fit(trainX, trainY, steps);
  const weights = (await model.getWeights()).map(({ name, shape, data }) => [name, shape, [...(data as Float32Array)]]); // prettier-ignore
  return { config: model.toJson(), predicted, history, weights };
}

export async function copyOf(model: Model, path: string, options: object = {}): Promise<Model> {
  await model.save(path, options);
  return loadModel(path);
}

/** The metadata that Keras reads, as text. */
export const metadataOf = (path: string): string =>
  readFileSync(`${path}/keras_metadata.pb`, 'utf8');
