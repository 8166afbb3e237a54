// SavedModel directories: what is saved comes back to the last bit, and nothing else in the storage is lost.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  callbacks,
  layers,
  loadModel,
  modelFromJson,
  optimizers,
  sequential,
  setSeed,
  type Model,
  type TypedArray,
} from 'tabtrain';
import { newEngine } from './support/engine';
import { expectFailure } from './support/errors';
import { goldenCases, type GoldenCase } from './support/golden';
import { temporaryNames } from './support/models';
import {
  compiled,
  copyOf,
  future,
  metadataOf,
  optimizerCases,
  plainModel,
  steps,
  trained,
  trainX,
  trainY,
} from './support/savedModels';

const fresh = temporaryNames();

interface Numbers {
  readonly dtype: string;
  readonly shape: number[];
  readonly values: number[];
}
interface LayerCase extends GoldenCase {
  readonly layer: { readonly class_name: string; readonly config: Record<string, unknown> };
  readonly input: Numbers;
  readonly weights: readonly Numbers[];
}

const toData = ({ dtype, shape, values }: Numbers) => ({
  data: dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values, Number),
  shape,
});
const bits = (data: TypedArray) => [...new Uint8Array(data.slice().buffer)].join();
const weightBits = async (model: Model) =>
  (await model.getWeights()).map(({ name, data }) => [name, bits(data)]);

/** One for each class and config. */
const layerCases = [
  ...new Map(
    (['tf2.8', 'tf2.21'] as const)
      .flatMap((version) => goldenCases<LayerCase>('layers', undefined as never, version))
      .filter(({ layer: { class_name, config } }) => {
        const isThere = config['activation'] !== 'glu'; // which halves an axis
        return isThere && class_name !== 'InputLayer';
      })
      .map((each) => [JSON.stringify([each.layer, each.input.shape]), each]),
  ).values(),
];

describe('every layer', () => {
  test('of the engine is among the cases', async () => {
    const engine = await newEngine();
    const { layers: known } = JSON.parse(engine.classNames()) as { layers: string[] };
    const cased = new Set(layerCases.map(({ layer }) => layer.class_name));
    // An InputLayer is in every case, a model as a layer below.
    expect(known.filter((name) => !cased.has(name))).toEqual(['InputLayer', 'Sequential']);
  });

  test.each(layerCases.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    const { layer, input, weights } = each;
    const model = modelFromJson({
      class_name: 'Sequential',
      config: {
        name: 'sequential',
        layers: [
          {
            class_name: 'InputLayer',
            config: { name: 'start', batch_input_shape: [null, ...input.shape.slice(1)] },
          },
          layer,
        ],
      },
    });
    await model.build();
    if (weights.length > 0) await model.setWeights(weights.map(toData));
    const again = await copyOf(model, fresh());
    expect(again.toJson()).toBe(model.toJson());
    expect(await weightBits(again)).toEqual(await weightBits(model));
    const x = toData(input);
    const predicted = async (from: Model) => {
      const { data, shape } = await from.predict(x, { verbose: 0 });
      return [shape, bits(data)];
    };
    expect(await predicted(again)).toEqual(await predicted(model));
    model.dispose();
    again.dispose();
  });
});

describe('a compiled model goes on to the bit with', () => {
  test.each(optimizerCases())('%s', async (_, optimizer) => {
    for (const model of [
      await trained(compiled(plainModel(), optimizer())),
      compiled(plainModel(), optimizer()),
    ]) {
      const again = await copyOf(model, fresh());
      expect(again.optimizer.className).toBe(model.optimizer.className);
      expect(await future(again)).toEqual(await future(model));
      model.dispose();
      again.dispose();
    }
  });

  test.each(['legacy', 'new'] as const)('its state in the layout %s', async (optimizerLayout) => {
    for (const legacy of [false, true]) {
      const path = fresh();
      const model = await trained(compiled(plainModel(), optimizers.adam({ legacy })));
      const again = await copyOf(model, path, { optimizerLayout });
      expect(metadataOf(path).includes('Custom>Adam')).toBe(optimizerLayout === 'new');
      expect(await future(again)).toEqual(await future(model));
    }
  });

  test('the steps of one without slots, also through a checkpoint', async () => {
    const learningRate = optimizers.schedules.exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.7 }); // prettier-ignore
    const sgd = () => optimizers.sgd({ legacy: true, learningRate });
    const model = await trained(compiled(plainModel(), sgd()));
    const twice = await copyOf(await copyOf(model, fresh()), fresh());
    const [prefix, second] = [join(fresh(), 'w'), join(fresh(), 'w')];
    await model.saveWeights(prefix);
    const [other, last] = [compiled(plainModel(2), sgd()), compiled(plainModel(3), sgd())];
    await other.loadWeights(prefix);
    await other.saveWeights(second);
    await last.loadWeights(second);
    const { history } = await model.fit(trainX, trainY, steps);
    for (const each of [twice, last]) {
      expect((await each.fit(trainX, trainY, steps)).history).toEqual(history);
    }
  });

  test('a frozen layer', async () => {
    const model = compiled(plainModel());
    model.layers[0]!.trainable = false;
    compiled(model, optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }));
    await trained(model);
    const frozen = (await weightBits(model)).slice(0, 6);
    const again = await copyOf(model, fresh());
    expect(again.layers[0]!.layers.map(({ trainable }) => trainable)).toEqual([false, false]);
    expect(await future(again)).toEqual(await future(model));
    expect((await weightBits(again)).slice(0, 6)).toEqual(frozen);
  });

  test('models within models within models', async () => {
    setSeed(2);
    const inner = sequential([layers.dense({ units: 4, inputShape: [4] }), layers.prelu()]);
    const middle = sequential([inner, layers.flatten(), layers.batchNormalization()]);
    const model = await trained(compiled(sequential([middle, layers.dense({ units: 3 })])));
    const again = await copyOf(model, fresh());
    expect(again.layers[0]!.layers[0]!.layers[1]!.className).toBe('PReLU');
    expect(await future(again)).toEqual(await future(model));
  });
});

const expectUncompiled = (model: Model) =>
  expectFailure(() => model.fit(trainX, trainY, steps), {
    code: 'INVALID_ARGUMENT',
    says: ['not compiled yet'],
  });

describe('without the optimizer', () => {
  test('a model that was never compiled', async () => {
    const model = plainModel();
    const again = await copyOf(model, fresh());
    await expectUncompiled(again);
    expect(await weightBits(again)).toEqual(await weightBits(model));
  });

  test.each([[{ includeOptimizer: false }], [{ optimizerLayout: 'none' }]])(
    '%j',
    async (options) => {
      const path = fresh();
      const model = await trained(compiled(plainModel()));
      const again = await copyOf(model, path, options);
      await expectUncompiled(again);
      expect(metadataOf(path)).not.toContain('training_config');
      expect(await weightBits(again)).toEqual(await weightBits(model));
    },
  );

  test('loaded with compile: false', async () => {
    const path = fresh();
    await (await trained(compiled(plainModel()))).save(path);
    await expectUncompiled(await loadModel(path, { compile: false }));
  });
});

describe('in the storage', () => {
  test('an older model makes room, with its stale files', async () => {
    const path = fresh();
    await plainModel(1).save(path);
    writeFileSync(join(path, 'variables/variables.data-00001-of-00002'), 'stale');
    const model = plainModel(2);
    const again = await copyOf(model, path);
    expect(readdirSync(join(path, 'variables')).sort()).toEqual([
      'variables.data-00000-of-00001',
      'variables.index',
    ]);
    expect(await weightBits(again)).toEqual(await weightBits(model));
  });

  test('an empty directory is filled', async () => {
    const path = fresh();
    mkdirSync(path);
    const model = plainModel();
    expect(await weightBits(await copyOf(model, path))).toEqual(await weightBits(model));
  });

  test('other files in the directory stay', async () => {
    const path = fresh();
    mkdirSync(join(path, 'notes'), { recursive: true });
    writeFileSync(join(path, 'notes/mine.txt'), 'mine');
    await plainModel().save(path);
    expect(readFileSync(join(path, 'notes/mine.txt'), 'utf8')).toBe('mine');
    expect(existsSync(join(path, 'saved_model.pb'))).toBe(true);
  });

  test('overwrite: false leaves what is there', async () => {
    const path = fresh();
    const model = plainModel(1);
    await model.save(path);
    await expectFailure(() => plainModel(2).save(path, { overwrite: false }), {
      code: 'INVALID_ARGUMENT',
      says: ['model.save', path, 'overwrite is false'],
    });
    expect(await weightBits(await loadModel(path))).toEqual(await weightBits(model));
  });

  test('ModelCheckpoint saves whole models', async () => {
    const directory = fresh();
    const filepath = join(directory, 'epoch-{epoch}');
    const model = compiled(plainModel());
    await model.fit(trainX, trainY, {
      ...steps,
      callbacks: [callbacks.modelCheckpoint({ filepath })],
    });
    const again = await loadModel(join(directory, 'epoch-1'));
    const { history } = await again.fit(trainX, trainY, { ...steps, epochs: 1 });
    expect(history['loss']).toEqual([model.history!.history['loss']![1]]);
    expect(await weightBits(again)).toEqual(await weightBits(model));
    expect(await future(await loadModel(join(directory, 'epoch-2')))).toEqual(await future(model));
  });
});

test.each([
  ['model.save: path', (m: Model) => m.save(''), ['path', '""']],
  ['a number', (m: Model) => m.save(3 as never), ['model.save: path', 'came 3']],
  ['a format', (m: Model) => m.save('a', { format: 'zip' as never }), ['format', "'tf'", 'zip']],
  ['a layout', (m: Model) => m.save('a', { optimizerLayout: 'old' as never }), ['optimizerLayout', "'legacy'", 'old']],
  ['an option', (m: Model) => m.save('a', { include: 1 } as never), ["'include'"]],
  ['includeOptimizer', (m: Model) => m.save('a', { includeOptimizer: 1 as never }), ['includeOptimizer', 'came 1']],
  ['no source', () => loadModel(undefined as never), ['loadModel', 'path', 'undefined']],
  ['an empty path', () => loadModel(''), ['loadModel: path', "''"]],
  ['no files', () => loadModel([] as never), ['loadModel', 'none']],
  ['compile', () => loadModel('a', { compile: 1 as never }), ['loadModel: compile', 'came 1']],
  ['customObjects', () => loadModel('a', { customObjects: [] as never }), ['customObjects', 'by name']],
  ['a custom object', () => loadModel('a', { customObjects: { A: 1 as never } }), ['customObjects', 'classes and functions']],
] as const)('bad input: %s', async (_, call, says) => {
  await expectFailure(() => call(plainModel()), { code: 'INVALID_ARGUMENT', says });
}); // prettier-ignore
