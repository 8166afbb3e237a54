// Datasets: batches that come one by one, from generators and functions, whatever happens to them.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  Callback,
  engineInfo,
  layers,
  sequential,
  type Batch,
  type Dataset,
  type Model,
} from 'tabtrain';
import { expectFailure } from './support/errors';
import { collected } from './support/garbage';
import { disposeModels, samples, smallModel, smallX, smallY, weightBits } from './support/models';

const quiet = { verbose: 0 } as const;
afterEach(disposeModels);

const rows = (begin: number, end: number) => ({
  data: smallX.data.slice(begin * 4, end * 4),
  shape: [end - begin, 4],
});
const batch = (begin: number, end: number): Batch => [rows(begin, end), smallY.slice(begin, end)];

/** All samples in batches of these sizes, over and over. */
function* batches(...sizes: number[]): Generator<Batch> {
  for (let begin = 0, i = 0; begin < samples; ++i) {
    const end = Math.min(samples, begin + sizes[i % sizes.length]!);
    yield batch(begin, end);
    begin = end;
  }
}
async function* slowly<T>(from: Iterable<T>): AsyncGenerator<T> {
  for (const each of from) {
    await new Promise((done) => setTimeout(done, 1));
    yield each;
  }
}

describe('the same batches give the same bits', () => {
  let expected: number[][];
  let history: Record<string, number[]>;
  const options = { ...quiet, epochs: 3, shuffle: false };

  beforeEach(async () => {
    const model = smallModel(7);
    const validationData = [rows(0, 60), smallY.slice(0, 60)] as const;
    ({ history } = await model.fit(smallX, smallY, {
      ...{ ...options, batchSize: 32, validationData, validationBatchSize: 25 },
    }));
    expected = await weightBits(model);
  });

  const validation = () => [batch(0, 25), batch(25, 50), batch(50, 60)];
  test.each<[string, () => Dataset]>([
    ['a function', () => () => batches(32)],
    ['an async function', () => async () => slowly(batches(32))],
    ['an async generator function', () => () => slowly(batches(32))],
    ['an iterable', () => ({ [Symbol.iterator]: () => batches(32) })],
    ['an async iterable', () => ({ [Symbol.asyncIterator]: () => slowly(batches(32)) })],
    ['a set', () => new Set(batches(32))],
  ])('%s', async (_, dataset) => {
    const model = smallModel(7);
    const came = await model.fit(dataset(), { ...options, validationData: new Set(validation()) });
    expect(came.history).toEqual(history);
    expect(await weightBits(model)).toEqual(expected);
  });

  test('a generator that goes on from epoch to epoch', async () => {
    const endless = (function* () {
      for (;;) yield* batches(32);
    })();
    const val = (function* () {
      for (;;) yield* validation();
    })();
    const model = smallModel(7);
    const came = await model.fit(endless, {
      ...{ ...options, stepsPerEpoch: 7, validationData: val, validationSteps: 3 },
    });
    expect(came.history).toEqual(history);
    expect(await weightBits(model)).toEqual(expected);
  });

  test('trainOnBatch', async () => {
    const model = smallModel(7);
    for (let epoch = 0; epoch < 3; ++epoch) {
      for (const [x, y] of batches(32)) await model.trainOnBatch(x, y);
    }
    expect(await weightBits(model)).toEqual(expected);
    // And fit goes on from there: dropout draws at the model's own count of steps.
    const fitted = smallModel(7);
    await fitted.fit(() => batches(32), options);
    await fitted.fit(smallX, smallY, { ...options, epochs: 1 });
    await model.fit(() => batches(32), { ...options, epochs: 1 });
    expect(await weightBits(model)).toEqual(await weightBits(fitted));
  });
});

test('batches may differ in size, and a larger one is planned anew', async () => {
  const fed = smallModel(3);
  const sizes = [4, 32, 1, 50, 50];
  const { history } = await fed.fit(() => batches(...sizes), { ...quiet, epochs: 2 });
  const single = smallModel(3);
  let last: Record<string, number> = {};
  for (let epoch = 0; epoch < 2; ++epoch) {
    let resetMetrics = true;
    for (const [x, y] of batches(...sizes)) {
      last = await single.trainOnBatch(x, y, { resetMetrics, returnDict: true });
      resetMetrics = false;
    }
  }
  expect(await weightBits(fed)).toEqual(await weightBits(single));
  expect(history['loss']![1]).toBe(last['loss']);
  expect(history['accuracy']![1]).toBe(last['accuracy']);
});

test('types and weights may differ from batch to batch', async () => {
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const before = await weightBits(model);
  const ignored = new Set<Batch>([
    [{ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }, [0, 1], [0, 0]],
    [{ data: Uint8Array.of(1, 2), shape: [1, 2] }, [5], [0]],
  ]);
  await model.fit(ignored, quiet);
  expect(await weightBits(model)).toEqual(before);
  const counted = new Set<Batch>([
    [[[1, 2]], [5], [0]],
    [[[1, 2]], [5]],
  ]);
  await model.fit(counted, quiet);
  expect(await weightBits(model)).not.toEqual(before);
});

test('evaluate and predict', async () => {
  const model = smallModel(4);
  const expected = await model.evaluate(smallX, smallY, { ...quiet, batchSize: 32 });
  expect(await model.evaluate(() => slowly(batches(32)), quiet)).toEqual(expected);
  expect(await model.evaluate(batches(32), { ...quiet, returnDict: true })).toEqual({
    loss: expected[0],
    accuracy: expected[1],
  });
  const whole = await model.predict(smallX);
  const inputs = function* (...sizes: number[]) {
    for (const [x] of batches(...sizes)) yield x;
  };
  const tuples = function* () {
    for (const part of batches(50, 7)) yield part;
  };
  for (const dataset of [inputs(32), () => slowly(inputs(3, 60)), tuples]) {
    const output = await model.predict(dataset);
    expect(output.shape).toEqual([samples, 3]);
    output.data.forEach((value, i) => expect(value).toBeCloseTo(whole.data[i] as number, 5));
  }
  const nested = await model.predict(new Set([[[1, 2, 3, 4]], [[[1, 2, 3, 4]]]]));
  expect(nested.shape).toEqual([2, 3]);
});

test('a model without input shape is built by its first batch', async () => {
  const model = sequential([layers.dense({ units: 3 })]);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
  const bad = new Set([[[[1, 2]], [7]] as const]);
  await expectFailure(() => model.fit(bad, quiet), { code: 'INVALID_ARGUMENT', says: ['batch 0'] });
  await model.fit(() => batches(8), quiet);
  expect(model.inputs[0]!.shape).toEqual([null, 4]);
});

test('one batch is fetched ahead, not more, and none is kept', async () => {
  const liveBytes = async () => (await engineInfo()).memory.liveBytes;
  const model = smallModel();
  await model.fit(() => batches(10), quiet);
  const before = await collected(liveBytes);

  const peak = async (passes: number) => {
    let fetched = 0;
    let most = 0;
    const dataset = function* () {
      for (let pass = 0; pass < passes; ++pass) {
        for (const each of batches(10)) {
          ++fetched;
          yield each;
        }
      }
    };
    await model.fit(dataset, {
      ...quiet,
      callbacks: {
        onTrainBatchEnd: async (index) => {
          expect(fetched).toBeLessThanOrEqual(index + 2);
          most = Math.max(most, await liveBytes());
        },
      },
    });
    return most;
  };
  // Whether the batch ahead has arrived by the time of a hook is chance; it has 10 rows of 4 + 1 numbers.
  expect(await peak(5)).toBeLessThanOrEqual((await peak(1)) + 10 * 5 * 4 + 64);
  expect(await liveBytes()).toBe(before);
});

describe('what ends a run', () => {
  let model: Model;
  let before: number[][];
  let returned: number;
  beforeEach(async () => {
    model = smallModel(9);
    before = await weightBits(model);
    returned = 0;
  });
  afterEach(async () => {
    await model.fit(smallX, smallY, quiet);
    expect(await weightBits(model)).not.toEqual(before);
  });

  /** Batches without end that notes that it was told to stop. */
  const endless = (): AsyncIterator<Batch> & AsyncIterable<Batch> => ({
    next: async () => ({ done: false, value: batch(0, 8) }),
    return: async () => {
      ++returned;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  });

  test('an iterator that throws', async () => {
    const error = new Error('the disk is gone');
    const dataset = function* () {
      yield batch(0, 8);
      throw error;
    };
    await expect(model.fit(dataset, quiet)).rejects.toBe(error);
    await expect(model.evaluate(dataset, quiet)).rejects.toBe(error);
    await expect(model.predict(dataset)).rejects.toBe(error);
    await expect(model.fit(smallX, smallY, { ...quiet, validationData: dataset })).rejects.toBe(
      error,
    );
  });

  test('a function that throws', async () => {
    const error = new Error('not now');
    const dataset = () => Promise.reject(error);
    await expect(model.fit(dataset, quiet)).rejects.toBe(error);
  });

  test('an abort', async () => {
    const controller = new AbortController();
    const callbacks = { onTrainBatchEnd: (i: number) => void (i === 3 && controller.abort()) };
    const running = model.fit(endless(), { ...quiet, callbacks, signal: controller.signal });
    await expectFailure(() => running, { code: 'ABORTED', says: ['aborted'] });
    expect(returned).toBe(1);
  });

  test('an abort while a batch is on its way that never comes', async () => {
    const controller = new AbortController();
    const stuck = (async function* () {
      yield batch(0, 8);
      await new Promise(() => {});
    })();
    const running = model.fit(stuck, { ...quiet, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expectFailure(() => running, { code: 'ABORTED', says: ['aborted'] });
  });

  test('stopTraining', async () => {
    const callbacks = {
      onTrainBatchEnd: (i: number) => void (i === 2 && (model.stopTraining = true)),
    };
    const { epoch } = await model.fit(endless(), { ...quiet, epochs: 5, callbacks });
    expect(epoch).toEqual([0]);
    expect(returned).toBe(1);
  });

  test('stepsPerEpoch, steps and validationSteps', async () => {
    const validationData = endless;
    await model.fit(endless, {
      ...{ ...quiet, epochs: 3, stepsPerEpoch: 2, validationData, validationSteps: 2 },
    });
    expect(returned).toBe(6);
    await model.evaluate(endless(), { ...quiet, steps: 3 });
    const { shape } = await model.predict(endless(), { steps: 3 });
    expect(shape).toEqual([24, 3]);
    expect(returned).toBe(8);
  });

  test('its own end, after which an iterator is left alone', async () => {
    let asked = 0;
    const three = { ...endless(), [Symbol.asyncIterator]: () => three };
    three.next = async () =>
      ++asked > 3 ? { done: true, value: undefined } : { done: false, value: batch(0, 8) };
    const { epoch } = await model.fit(three, { ...quiet, epochs: 3, stepsPerEpoch: 2 });
    expect({ epoch, asked, returned }).toEqual({ epoch: [0, 1], asked: 4, returned: 0 });
  });

  test('an abort before the function has answered: what it gives is told to stop', async () => {
    const controller = new AbortController();
    let answer: (dataset: AsyncIterable<Batch>) => void = () => {};
    const dataset = () => new Promise<AsyncIterable<Batch>>((resolve) => (answer = resolve));
    const running = model.fit(dataset, { ...quiet, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expectFailure(() => running, { code: 'ABORTED', says: ['aborted'] });
    answer(endless());
    await new Promise((done) => setTimeout(done, 1));
    expect(returned).toBe(1);
  });

  test('a hook that throws', async () => {
    const error = new Error('enough');
    const callbacks = {
      onTrainBatchEnd: () => {
        throw error;
      },
    };
    await expect(model.fit(endless(), { ...quiet, callbacks })).rejects.toBe(error);
    expect(returned).toBe(1);
  });

  test('dispose', async () => {
    const other = smallModel();
    const callbacks = { onTrainBatchEnd: () => other.dispose() };
    await expectFailure(() => other.fit(endless(), { ...quiet, callbacks }), {
      code: 'DISPOSED',
      says: ['disposed'],
    });
    expect(returned).toBe(1);
  });

  const wrong = (...all: unknown[]) => all.values() as unknown as Dataset;
  const good = batch(0, 4);
  test.each<[string, Dataset, string, (string | RegExp)[]]>([
    ['no pair', wrong(good, 5), 'INVALID_ARGUMENT', ['model.fit: batch 1', '[x, y]', 'came 5']],
    ['x alone', wrong([rows(0, 2)]), 'INVALID_ARGUMENT', ['batch 0', 'came an array of 1']],
    ['no y', wrong(good, good, [rows(0, 2), null]), 'INVALID_ARGUMENT', ['batch 2: y', 'came null']],
    ['text as x', wrong(['a', [1]]), 'INVALID_ARGUMENT', ['batch 0: x', '"a"']],
    ['fewer labels', wrong(good, [rows(0, 3), [1]]), 'SHAPE_MISMATCH', ['batch 1: y has 1 samples, x has 3']],
    ['other features', wrong(good, [[[1, 2]], [1]]), 'SHAPE_MISMATCH', ['model.fit: batch 1: x: expected shape (None, 4), got (1, 2)']],
    ['a label too large', wrong(good, good, good, [rows(0, 1), [3]]), 'INVALID_ARGUMENT', ['batch 3: y', 'got 3']],
    ['other targets', wrong([rows(0, 1), [[1]]], [rows(0, 1), [1]]), 'SHAPE_MISMATCH', ['batch 1: y: expected shape (None, 1)', 'got (1,)']],
    ['no batch', wrong(), 'INVALID_ARGUMENT', ['model.fit: the dataset gave no batch']],
    ['no iterable', (() => 3) as never, 'INVALID_ARGUMENT', ['model.fit', 'iterable', 'came 3']],
    ['nothing', (() => null) as never, 'INVALID_ARGUMENT', ['iterable', 'came null']],
  ])('a batch that cannot be: %s', async (_, dataset, code, says) => {
    await expectFailure(() => model.fit(dataset, quiet), { code, says });
  }); // prettier-ignore

  test('one of validation', async () => {
    const fit = (validationData: Dataset) => () =>
      model.fit(smallX, smallY, { ...quiet, validationData });
    await expectFailure(fit(wrong(good, [[[1, 2]], [1]])), {
      code: 'SHAPE_MISMATCH',
      says: ['model.fit: validationData: batch 1: x: expected shape (None, 4)'],
    });
    await expectFailure(fit(wrong(good, 5)), {
      code: 'INVALID_ARGUMENT',
      says: ['model.fit: validationData: batch 1', 'came 5'],
    });
    await expectFailure(fit(wrong()), {
      code: 'INVALID_ARGUMENT',
      says: ['validationData: the dataset gave no batch'],
    });
  });

  test('of evaluate and predict', async () => {
    await expectFailure(() => model.evaluate(wrong(good, [[[1, 2]], [1]]), quiet), {
      code: 'SHAPE_MISMATCH',
      says: ['model.evaluate: batch 1: x'],
    });
    await expectFailure(() => model.predict(wrong(rows(0, 2), [[1, 2]]) as never), {
      code: 'SHAPE_MISMATCH',
      says: ['model.predict: batch 1: x'],
    });
    await expectFailure(() => model.predict((() => []) as never), {
      code: 'INVALID_ARGUMENT',
      says: ['model.predict: the dataset gave no batch'],
    });
  });

  const dataset = () => batches(32);
  test.each<[string, () => unknown, (string | RegExp)[]]>([
    ['batchSize', () => model.fit(dataset, { batchSize: 8 }), ['model.fit: batchSize', 'dataset', 'came 8']],
    ['sampleWeight', () => model.fit(dataset, { sampleWeight: [1] }), ['sampleWeight', 'dataset']],
    ['validationSplit', () => model.fit(dataset, { validationSplit: 0.5 }), ['validationSplit', 'came 0.5']],
    ['validationBatchSize', () => model.fit(smallX, smallY, { validationData: dataset, validationBatchSize: 4 }), ['validationBatchSize']],
    ['evaluate batchSize', () => model.evaluate(dataset, { batchSize: 8 }), ['model.evaluate: batchSize']],
    ['evaluate sampleWeight', () => model.evaluate(dataset, { sampleWeight: [1] }), ['model.evaluate: sampleWeight']],
    ['predict batchSize', () => model.predict(dataset as never, { batchSize: 8 }), ['model.predict: batchSize']],
    ['y', () => model.fit(dataset, smallY as never), ['model.fit: y', 'dataset']],
    ['an unknown option', () => model.fit(dataset, { epoch: 1 } as never), ["'epoch'", "'epochs'"]],
    ['validationData', () => model.fit(smallX, smallY, { validationData: 3 as never }), ['validationData', 'dataset', 'came 3']],
  ])('%s does not go with a dataset', (_, call, says) =>
    expectFailure(call, { code: 'INVALID_ARGUMENT', says }),
  ); // prettier-ignore
});

describe('meanwhile', () => {
  test('pause resolves though a batch is on its way, and the run rests with it', async () => {
    const model = smallModel();
    let arrive = () => {};
    const dataset = async function* () {
      yield batch(0, 8);
      await new Promise<void>((done) => (arrive = done));
      yield batch(8, 16);
    };
    const seen: number[] = [];
    const running = model.fit(dataset, {
      ...quiet,
      callbacks: { onTrainBatchEnd: (index) => void seen.push(index) },
    });
    while (seen.length === 0) await new Promise((done) => setTimeout(done, 1));
    await model.pause();
    arrive();
    await new Promise((done) => setTimeout(done, 20));
    expect(seen).toEqual([0]);
    model.resume();
    await running;
    expect(seen).toEqual([0, 1]);
  });

  test('a dataset may ask the model that it trains', async () => {
    const model = smallModel();
    const shapes: unknown[] = [];
    const dataset = async function* () {
      for (const [x, y] of batches(50)) {
        shapes.push((await model.predict(x)).shape);
        yield [x, y] as const;
      }
    };
    await model.fit(dataset, quiet);
    expect(shapes).toHaveLength(4);
  });

  test('evaluate on a slow dataset sees one set of weights while fit rests', async () => {
    const model = smallModel();
    let trained = 0;
    const running = model.fit(() => batches(1), {
      ...{ ...quiet, epochs: 1000, callbacks: { onTrainBatchEnd: () => void ++trained } },
    });
    while (trained < 5) await new Promise((done) => setTimeout(done, 1));
    const counts: number[] = [];
    const dataset = async function* () {
      for (const each of batches(50)) {
        await new Promise((done) => setTimeout(done, 5));
        counts.push(trained);
        yield each;
      }
    };
    await model.evaluate(dataset, quiet);
    // The batch that was under way when it began may have ended.
    expect(counts.at(-1)! - counts[0]!).toBeLessThanOrEqual(1);
    await expectFailure(() => model.trainOnBatch(smallX, smallY), {
      code: 'INVALID_ARGUMENT',
      says: ['model.trainOnBatch: not while fit is running'],
    });
    expect(await model.testOnBatch(smallX, smallY)).toHaveLength(2);
    model.stopTraining = true;
    await running;
  });

  test('trainOnBatch in a hook, and compile between two', async () => {
    const model = smallModel(2);
    const other = smallModel(2);
    await model.trainOnBatch(...(batch(0, 8) as [never, never]));
    await model.fit(new Set([batch(8, 16)]), {
      ...{
        ...quiet,
        stepsPerEpoch: 1,
        callbacks: { onTrainBatchBegin: () => model.trainOnBatch(smallX, smallY) as never },
      },
    });
    await other.fit(new Set([batch(0, 8), [smallX, smallY] as const, batch(8, 16)]), quiet);
    expect(await weightBits(model)).toEqual(await weightBits(other));
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const result = await model.trainOnBatch(smallX, {
      data: new Float32Array(samples * 3),
      shape: [samples, 3],
    });
    expect(typeof result).toBe('number');
  });
});

test('params tell the number of batches, null where it is not known', async () => {
  const model = smallModel();
  const seen: unknown[] = [];
  class Params extends Callback {
    override onTrainBegin(): void {
      seen.push(this.params.steps);
    }
    override onTestBegin(): void {
      seen.push(this.params.steps);
    }
  }
  await model.fit(() => batches(32), { ...quiet, callbacks: new Params() });
  await model.fit(() => batches(32), { ...quiet, stepsPerEpoch: 2, callbacks: new Params() });
  await model.evaluate(() => batches(32), { ...quiet, callbacks: new Params() });
  expect(seen).toEqual([null, 2, null]);
});

test('a loop of trainOnBatch compiles its step once', async () => {
  const model = smallModel();
  const parse = jest.spyOn(JSON, 'parse');
  try {
    await model.trainOnBatch(smallX, smallY);
    const { memory } = await engineInfo();
    parse.mockClear();
    for (let i = 0; i < 5; ++i) await model.trainOnBatch(smallX, smallY);
    // The model is described anew only when a step was compiled.
    expect(parse).not.toHaveBeenCalled();
    expect((await engineInfo()).memory.liveBytes).toBe(memory.liveBytes);
  } finally {
    parse.mockRestore();
  }
});
