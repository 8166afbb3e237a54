// What users get wrong: a code, a sentence that names argument, expectation and what came, and a model
// that is as it was.
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  callbacks,
  layers,
  loadModel,
  losses,
  modelFromJson,
  optimizers,
  sequential,
  setSeed,
  type CompileOptions,
  type Data,
  type Model,
} from 'tabtrain';
import { expectFailure } from './support/errors';
import { samples, smallModel, smallX, smallY, weightBits } from './support/models';

const quiet = { verbose: 0 } as const;
type Says = (string | RegExp)[];

/** One wrong call on a compiled model of `[4]` inputs and 3 classes. */
type Wrong = [what: string, call: (model: Model) => unknown, code: string, says: Says];

const fit =
  (x: unknown, y: unknown, options: object = {}) =>
  (model: Model) =>
    model.fit(x as Data, y as Data, { ...quiet, ...options });
const withOption = (options: object) => fit(smallX, smallY, options);

const data: Wrong[] = [
  ['no x', fit(undefined, smallY), 'INVALID_ARGUMENT', ['model.fit: x', 'came undefined']],
  ['no y', fit(smallX, undefined), 'INVALID_ARGUMENT', ['model.fit: y', 'came undefined']],
  ['text', fit('digits', smallY), 'INVALID_ARGUMENT', ['x', 'typed array', 'came "digits"']],
  ['nothing in it', fit([], []), 'INVALID_ARGUMENT', ['x', 'at least one', 'empty']],
  ['ragged rows', fit([[1, 2, 3, 4], [1, 2]], [0, 1]), 'SHAPE_MISMATCH', ['x', 'expected 4', '[1]', 'came 2']],
  ['more labels than samples', fit(smallX, [0, 1]), 'SHAPE_MISMATCH', ['y has 2', 'x has 200']],
  ['a wrong shape', fit({ data: new Float32Array(10), shape: [3, 4] }, [0, 1, 2]), 'SHAPE_MISMATCH', ['x', '12', '10']],
  ['too few features', fit([[1, 2, 3]], [0]), 'SHAPE_MISMATCH', ['4', '3']],
  ['one axis', fit([1, 2, 3, 4], [0, 1, 2, 0]), 'SHAPE_MISMATCH', [/4/]],
  ['a label too large', fit(smallX, new Uint8Array(samples).fill(3)), 'INVALID_ARGUMENT', ['3', /\[0, 3\)|0 to 2/]],
  ['a negative label', fit(smallX, new Int8Array(samples).fill(-1)), 'INVALID_ARGUMENT', ['-1']],
  ['a wrong dtype', fit({ data: new Float32Array(4), shape: [1, 4], dtype: 'float64' }, [0]), 'INVALID_ARGUMENT', ['float64']],
  ['numbers that do not fit', fit({ data: Float64Array.of(1, 1, 1, 1e300), shape: [1, 4] }, [0]), 'INVALID_ARGUMENT', ['element 3', 'float32', '1e+300']],
  ['weights for fewer samples', withOption({ sampleWeight: [1, 2] }), 'SHAPE_MISMATCH', ['sampleWeight has 2']],
  ['x and y of validation differ', withOption({ validationData: [smallX, [0]] }), 'SHAPE_MISMATCH', ['validationData', 'y has 1']],
  ['validation of another shape', withOption({ validationData: [[[1, 2]], [0]] }), 'SHAPE_MISMATCH', ['4', '2']],
  ['targets beside a dataset', fit((async function* () {})(), smallY), 'INVALID_ARGUMENT', ['model.fit: y', 'dataset']],
]; // prettier-ignore

const options: Wrong[] = [
  ['an unknown option', withOption({ epoch: 3 }), 'INVALID_ARGUMENT', ["unknown option 'epoch'", "'epochs'"]],
  ['no epochs', withOption({ epochs: 0 }), 'INVALID_ARGUMENT', ['epochs', '>= 1', 'came 0']],
  ['half an epoch', withOption({ epochs: 0.5 }), 'INVALID_ARGUMENT', ['epochs', 'came 0.5']],
  ['a text as size', withOption({ batchSize: '32' }), 'INVALID_ARGUMENT', ['batchSize', 'came "32"']],
  ['a split of all', withOption({ validationSplit: 1 }), 'INVALID_ARGUMENT', ['validationSplit', 'came 1']],
  ['a split below 0', withOption({ validationSplit: -0.1 }), 'INVALID_ARGUMENT', ['validationSplit', '-0.1']],
  ['validation of one part', withOption({ validationData: [smallX] }), 'INVALID_ARGUMENT', ['validationData', '[x, y]']],
  ['a loud number', withOption({ verbose: 3 }), 'INVALID_ARGUMENT', ['verbose', 'came 3']],
  ['shuffle by batch', withOption({ shuffle: 'batch' }), 'INVALID_ARGUMENT', ['shuffle', 'came "batch"']],
  ['a class weight for a name', withOption({ classWeight: { cat: 1 } }), 'INVALID_ARGUMENT', ['classWeight', 'cat']],
  ['a class weight of text', withOption({ classWeight: { 0: 'a' } }), 'INVALID_ARGUMENT', ['classWeight[0]', '"a"']],
  ['a callback of text', withOption({ callbacks: ['history'] }), 'INVALID_ARGUMENT', ['callbacks', '"history"']],
  ['an unknown hook', withOption({ callbacks: { onEpochEnds() {} } }), 'INVALID_ARGUMENT', ["'onEpochEnds'", "'onEpochEnd'"]],
  ['no signal', withOption({ signal: true }), 'INVALID_ARGUMENT', ['signal', 'AbortSignal', 'came true']],
  ['evaluate: an unknown option', (m) => m.evaluate(smallX, smallY, { epochs: 1 } as never), 'INVALID_ARGUMENT', ["unknown option 'epochs'"]],
  ['predict: no data', (m) => m.predict(null as never), 'INVALID_ARGUMENT', ['model.predict: x', 'came null']],
  ['predict: other features', (m) => m.predict([[1, 2]]), 'SHAPE_MISMATCH', ['4', '2']],
  ['trainOnBatch: no y', (m) => m.trainOnBatch(smallX, undefined as never), 'INVALID_ARGUMENT', ['model.trainOnBatch: y', 'came undefined']],
  ['trainOnBatch: fewer labels', (m) => m.trainOnBatch(smallX, [0, 1]), 'SHAPE_MISMATCH', ['model.trainOnBatch: y has 2', 'x has 200']],
  ['trainOnBatch: other features', (m) => m.trainOnBatch([[1, 2]], [0]), 'SHAPE_MISMATCH', ['model.trainOnBatch: x: expected shape (None, 4)', '(1, 2)']],
  ['trainOnBatch: a label too large', (m) => m.trainOnBatch([[1, 2, 3, 4]], [3]), 'INVALID_ARGUMENT', ['model.trainOnBatch: y', '[0, 3)']],
  ['trainOnBatch: an unknown option', (m) => m.trainOnBatch(smallX, smallY, { sampleWeights: [] } as never), 'INVALID_ARGUMENT', ["'sampleWeights'", "'sampleWeight'"]],
  ['trainOnBatch: a class without weight', (m) => m.trainOnBatch([[1, 2, 3, 4]], [2], { classWeight: { 0: 1 } }), 'INVALID_ARGUMENT', ['model.trainOnBatch: classWeight', 'class 2']],
  ['trainOnBatch: resetMetrics of text', (m) => m.trainOnBatch(smallX, smallY, { resetMetrics: 'no' as never }), 'INVALID_ARGUMENT', ['resetMetrics', '"no"']],
  ['trainOnBatch: returnDict of text', (m) => m.trainOnBatch(smallX, smallY, { returnDict: 1 as never }), 'INVALID_ARGUMENT', ['returnDict', 'came 1']],
  ['testOnBatch: class weights', (m) => m.testOnBatch(smallX, smallY, { classWeight: {} } as never), 'INVALID_ARGUMENT', ["model.testOnBatch: unknown option 'classWeight'"]],
  ['testOnBatch: weights for fewer', (m) => m.testOnBatch(smallX, smallY, { sampleWeight: [1] }), 'SHAPE_MISMATCH', ['model.testOnBatch: sampleWeight has 1']],
  ['predictOnBatch: no data', (m) => m.predictOnBatch(null as never), 'INVALID_ARGUMENT', ['model.predictOnBatch: x', 'came null']],
  ['predictOnBatch: other features', (m) => m.predictOnBatch([[1, 2]]), 'SHAPE_MISMATCH', ['model.predictOnBatch: x', '(None, 4)']],
  ['setWeights: too few', (m) => m.setWeights([[1, 2]]), 'INVALID_ARGUMENT', ['4', '1']],
  ['setWeights: no list', (m) => m.setWeights(3 as never), 'INVALID_ARGUMENT', ['array', 'came 3']],
  ['getLayer: no such', (m) => m.getLayer('dense_9'), 'INVALID_ARGUMENT', ["'dense_9'", 'dense']],
  ['getLayer: beyond', (m) => m.getLayer(7), 'INVALID_ARGUMENT', ['below 3', 'came 7']],
  ['a learning rate of text', (m) => void (m.optimizer.learningRate = 'fast' as never), 'INVALID_ARGUMENT', ['learningRate', '"fast"']],
  ['summary: a wide line', (m) => m.summary({ lineLength: -1 }), 'INVALID_ARGUMENT', ['lineLength', '-1']],
  ['compile: an unknown option', (m) => m.compile({ optimiser: 'adam' } as never), 'INVALID_ARGUMENT', ["'optimiser'", "'optimizer'"]],
  ['compile: no loss', (m) => m.compile({ optimizer: 'adam' } as never), 'INVALID_ARGUMENT', ["missing option 'loss'"]],
  ['compile: no optimizer', (m) => m.compile({ loss: 'mse' } as never), 'INVALID_ARGUMENT', ['optimizer', 'came undefined']],
  ['compile: metrics of text', (m) => m.compile({ optimizer: 'sgd', loss: 'mse', metrics: 'accuracy' } as never), 'INVALID_ARGUMENT', ['metrics', 'array', '"accuracy"']],
]; // prettier-ignore

const backups: Wrong[] = [
  ['no options', () => callbacks.backupAndRestore(undefined as never), 'INVALID_ARGUMENT', ['backupDir']],
  ['an empty directory', () => callbacks.backupAndRestore({ backupDir: '' }), 'INVALID_ARGUMENT', ['backupDir', '""']],
  ['saveFreq 0', () => callbacks.backupAndRestore({ backupDir: 'b', saveFreq: 0 }), 'INVALID_ARGUMENT', ['saveFreq', "'epoch'", 'came 0']],
  ['saveFreq of no time', () => callbacks.backupAndRestore({ backupDir: 'b', saveFreq: { seconds: -1 } }), 'INVALID_ARGUMENT', ['saveFreq', 'seconds']],
  ['keep 0', () => callbacks.backupAndRestore({ backupDir: 'b', keep: 0 }), 'INVALID_ARGUMENT', ['keep', 'came 0']],
  ['two of them', (m) => m.fit(smallX, smallY, { verbose: 0, callbacks: [callbacks.backupAndRestore({ backupDir: 'a' }), callbacks.backupAndRestore({ backupDir: 'b' })] }), 'INVALID_ARGUMENT', ['callbacks', 'one backupAndRestore']],
]; // prettier-ignore

const files: Wrong[] = [
  ['save: an empty path', (m) => m.save(''), 'INVALID_ARGUMENT', ['model.save: path', "came \"\""]],
  ['save: an unknown format', (m) => m.save('m', { format: 'onnx' as never }), 'INVALID_ARGUMENT', ["'h5'", '"onnx"']],
  ['saveWeights: another format', (m) => m.saveWeights('w', { format: 'tfjs' as never }), 'INVALID_ARGUMENT', ["'tf', 'h5' or 'keras'", '"tfjs"']],
  ['saveWeights: a layout of Keras 3', (m) => m.saveWeights('w.h5', { optimizerLayout: 'keras3' }), 'INVALID_ARGUMENT', ['optimizerLayout', '"keras3"']],
  ['loadWeights: byName of text', (m) => m.loadWeights('cp', { byName: 'yes' as never }), 'INVALID_ARGUMENT', ['byName', '"yes"']],
  ['loadWeights: nothing there', (m) => m.loadWeights('no/such', { byName: true }), 'NOT_FOUND', ["'no/such.index'"]],
  ['loadModel: nothing there', () => loadModel('no/such.keras'), 'NOT_FOUND', ["'no/such.keras'"]],
]; // prettier-ignore

describe.each([
  ['data', data],
  ['options', options],
  ['backups', backups],
  ['files', files],
])('%s', (_, cases) => {
  let model: Model;
  let before: number[][];

  beforeEach(async () => {
    model = smallModel();
    before = await weightBits(model);
  });

  test.each(cases)('%s', async (_what, call, code, says) => {
    await expectFailure(() => call(model), { code, says });
    expect(await weightBits(model)).toEqual(before);
    await model.fit(smallX, smallY, quiet);
    expect(await weightBits(model)).not.toEqual(before);
    model.dispose();
  });
});

describe('a model that is not ready', () => {
  test('fit and evaluate before compile', async () => {
    const model = sequential([layers.dense({ units: 3, inputShape: [4] })]);
    const refused = { code: 'INVALID_ARGUMENT', says: [/compile/] };
    await expectFailure(() => model.fit(smallX, smallY, quiet), refused);
    await expectFailure(() => model.evaluate(smallX, smallY, quiet), refused);
    await expectFailure(() => model.optimizer, refused);
    expect((await model.predict(smallX)).shape).toEqual([samples, 3]);
  });

  test('no layers', async () => {
    const model = sequential();
    await expectFailure(() => model.predict(smallX), { code: 'INVALID_ARGUMENT', says: [] });
    model.add(layers.dense({ units: 2, inputShape: [4] }));
    expect((await model.predict(smallX)).shape).toEqual([samples, 2]);
    await expectFailure(() => model.add(layers.dense({ units: 2 })), {
      code: 'INVALID_ARGUMENT',
      says: ['has been used'],
    });
  });

  test('getters that need shapes', async () => {
    const model = sequential([layers.dense({ units: 2 })]);
    const unknown = { code: 'INVALID_ARGUMENT', says: ['await model.build'] };
    await expectFailure(() => model.countParams(), unknown);
    await expectFailure(() => model.metricsNames, unknown);
    await expectFailure(() => model.getConfig(), unknown);
    await expectFailure(() => model.layers[0]!.outputShape, unknown);
    await expectFailure(() => model.summary({ print: () => {} }), {
      code: 'INVALID_ARGUMENT',
      says: [/build/],
    });
    await model.build([null, 4]);
    expect(model.countParams()).toBe(10);
    expect(model.layers[0]!.outputShape).toEqual([null, 2]);
  });

  test.each<[string, CompileOptions, Says]>([
    ['an optimizer', { optimizer: 'adamm', loss: 'mse' }, ['adamm']],
    ['a loss', { optimizer: 'adam', loss: 'mean_square' }, ['mean_square']],
    ['a metric', { optimizer: 'adam', loss: 'mse', metrics: ['precise'] }, ['precise']],
  ])('%s that nobody knows rejects every call until it is put right', async (_, wrong, says) => {
    const model = sequential([layers.dense({ units: 3, inputShape: [4] })]);
    model.compile(wrong);
    for (let i = 0; i < 2; ++i) {
      await expectFailure(() => model.predict(smallX), { code: 'UNKNOWN_CLASS', says });
    }
    model.compile({
      optimizer: 'adam',
      loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    });
    await model.fit(smallX, smallY, quiet);
  });

  test('a refused compile of a model that was compiled rejects one call, then the old one counts', async () => {
    const model = smallModel();
    await model.fit(smallX, smallY, quiet);
    const before = await weightBits(model);
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0.5 }), loss: 'typo' });
    model.optimizer.learningRate = 0.25;
    await expectFailure(() => model.getWeights(), { code: 'UNKNOWN_CLASS', says: ['typo'] });
    expect(await weightBits(model)).toEqual(before);
    expect(model.optimizer.className).toBe('adam');
    expect(model.optimizer.learningRate).toBeCloseTo(0.001);
    expect(model.metricsNames).toEqual(['loss', 'accuracy']);
    await model.fit(smallX, smallY, quiet);
    model.dispose();
  });

  test('an activation that nobody knows', async () => {
    const model = sequential([layers.dense({ units: 3, inputShape: [4], activation: 'relo' })]);
    await expectFailure(() => model.build(), {
      code: /UNKNOWN_CLASS/.source,
      says: ['relo', 'relu'],
    });
  });
});

describe('more than memory holds', () => {
  // Sizes beyond 32 bits, where the engine's addresses end: 2^32 bytes must not become 0.
  test.each<[string, () => Promise<unknown>]>([
    [
      'a layer of 2^20 units over 4096 rows',
      () => {
        const model = sequential([layers.dense({ units: 2 ** 20, inputShape: [1] })]);
        return model.predict({ data: new Float32Array(4096), shape: [4096, 1] }, { batchSize: 4096 }); // prettier-ignore
      },
    ],
    [
      'predictions of 4.5 GB',
      () => {
        const model = sequential([layers.dense({ units: 1024, inputShape: [1] })]);
        return model.predict({ data: new Uint8Array(1_100_000), shape: [1_100_000, 1] });
      },
    ],
    [
      'a product of 2^32 columns',
      () => {
        const repeat = layers.repeatVector({ n: 2 ** 32, inputShape: [1] });
        return sequential([repeat, layers.flatten(), layers.dense({ units: 64 })]).predict([[1]]);
      },
    ],
    [
      'weights of 8 GB',
      () => sequential([layers.dense({ units: 2 ** 16, inputShape: [2 ** 15] })]).getWeights(),
    ],
  ])('%s', async (_, task) => {
    await expectFailure(task, { code: 'OUT_OF_MEMORY', says: [/memory/] });
    const model = smallModel();
    await model.fit(smallX, smallY, quiet);
    model.dispose();
  });
});

describe('making models', () => {
  test.each<[string, () => unknown, string, Says]>([
    ['no list', () => sequential(layers.flatten() as never), 'INVALID_ARGUMENT', ['array']],
    ['no layer', () => sequential([{} as never]), 'INVALID_ARGUMENT', ['layer', 'came']],
    ['an unknown option', () => sequential([], { nme: 'a' } as never), 'INVALID_ARGUMENT', ["'name'"]],
    ['a seed of text', () => setSeed('1' as never), 'INVALID_ARGUMENT', ['setSeed', 'came "1"']],
    ['a seed too large', () => setSeed(2 ** 33), 'INVALID_ARGUMENT', ['4294967295']],
    ['no JSON', () => modelFromJson('{'), 'INVALID_ARGUMENT', ['modelFromJson', 'JSON']],
    ['other JSON', () => modelFromJson('[]'), 'INVALID_ARGUMENT', ['class_name']],
    ['a functional model', () => modelFromJson({ class_name: 'Functional', config: { layers: [] } }), 'UNSUPPORTED', ['Functional']],
  ])('%s', (_, call, code, says) => expectFailure(call, { code, says })); // prettier-ignore

  test('one layer in two models', async () => {
    const shared = layers.dense({ units: 1, inputShape: [1] });
    sequential([shared]);
    await expectFailure(() => sequential([shared]), {
      code: 'UNSUPPORTED',
      says: ['another model'],
    });
    const own = layers.flatten();
    await expectFailure(() => sequential([own, own]), {
      code: 'INVALID_ARGUMENT',
      says: ['twice'],
    });
  });

  test('one optimizer in two models', async () => {
    const shared = optimizers.sgd();
    const [first, second] = [smallModel(), smallModel()];
    first.compile({ optimizer: shared, loss: 'mse' });
    first.compile({ optimizer: shared, loss: 'mse' });
    await expectFailure(() => second.compile({ optimizer: shared, loss: 'mse' }), {
      code: 'UNSUPPORTED',
      says: ['SGD', 'another model'],
    });
    first.optimizer.learningRate = 0.5;
    expect(second.optimizer.className).toBe('adam');
    expect(second.optimizer.learningRate).toBe(0.001);
    await second.fit(smallX, smallY, quiet);
  });

  test('an unknown class in JSON', async () => {
    const model = modelFromJson({
      class_name: 'Sequential',
      config: { layers: [{ class_name: 'Lambda', config: {} }] },
    });
    await expectFailure(() => model.build([null, 4]), { code: 'UNKNOWN_CLASS', says: ['Lambda'] });
  });
});
