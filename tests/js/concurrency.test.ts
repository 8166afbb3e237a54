// What may happen while fit runs, and that the run's bits do not notice.
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Callback, engineInfo, setSeed, storage, type Logs, type Tensor } from 'tabtrain';
import { CallbackList, toCallbacks } from '../../web/api/callbacks/list';
import { expectFailure } from './support/errors';
import {
  disposeModels,
  samples,
  smallModel,
  smallX,
  smallY,
  temporaryDirectory,
  weightBits,
} from './support/models';

const directory = temporaryDirectory();
const quiet = { verbose: 0 } as const;
const forEver = { ...quiet, epochs: 1_000_000 } as const;
afterEach(disposeModels);

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

test('predict, evaluate, save and pause leave the bits of fit unchanged', async () => {
  const options = { ...quiet, epochs: 4000, batchSize: 4, validationSplit: 0.2 };
  const alone = smallModel(5);
  const { history } = await alone.fit(smallX, smallY, options);

  const busy = smallModel(5);
  let running = true;
  const counts = { predict: 0, evaluate: 0, save: 0, pause: 0 };
  const disturb = async () => {
    while (running) {
      await busy.predict(smallX);
      counts.predict += running ? 1 : 0;
      await busy.evaluate(smallX, smallY, quiet);
      counts.evaluate += running ? 1 : 0;
      await busy.saveWeights(join(directory, 'busy', 'cp.ckpt'));
      counts.save += running ? 1 : 0;
      await busy.pause();
      counts.pause += running ? 1 : 0;
      await sleep(1);
      busy.resume();
    }
  };
  const disturbed = disturb();
  const result = await busy.fit(smallX, smallY, options);
  running = false;
  await disturbed;
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
  expect(result.history).toEqual(history);
  expect(await weightBits(busy)).toEqual(await weightBits(alone));
});

/** Rows that are all the same, so that one set of weights gives them all one output. */
const sameRows = (rows: number) => ({
  data: Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i % 4)),
  shape: [rows, 4],
});
const outputsOf = ({ data }: Tensor) =>
  new Set(Array.from({ length: data.length / 3 }, (_, i) => String([0, 1, 2].map((j) => data[3 * i + j])))); // prettier-ignore

test('predict during fit answers soon, from one set of weights', async () => {
  const model = smallModel();
  const fit = model.fit(smallX, smallY, forEver);
  await sleep(50);
  const seen = new Set<string>();
  for (let i = 0; i < 5; ++i) {
    const start = performance.now();
    expect((await model.predict(smallX, { batchSize: 50 })).data).toHaveLength(samples * 3);
    expect(performance.now() - start).toBeLessThan(100);
    const outputs = outputsOf(await model.predict(sameRows(40_000), { batchSize: 8 }));
    expect(outputs.size).toBe(1);
    for (const output of outputs) seen.add(output);
  }
  expect(seen.size).toBeGreaterThan(1);
  model.stopTraining = true;
  await fit;
});

test('predict and evaluate with hooks during fit see one set of weights', async () => {
  const model = smallModel();
  const fit = model.fit(smallX, smallY, forEver);
  await sleep(30);
  const onPredictBatchEnd = () => sleep(5);
  const options = { batchSize: 8, callbacks: { onPredictBatchEnd } };
  expect(outputsOf(await model.predict(sameRows(64), options)).size).toBe(1);

  const copy = smallModel(9);
  const bits: string[] = [];
  const callbacks = {
    onTestBegin: async () => copy.setWeights(await model.getWeights()),
    onTestBatchEnd: async () => {
      await sleep(5);
      await model.predict(smallX);
      bits.push(JSON.stringify(await weightBits(model)));
    },
  };
  const result = await model.evaluate(smallX, smallY, { ...quiet, callbacks });
  expect(result).toEqual(await copy.evaluate(smallX, smallY, quiet));
  expect(new Set(bits).size).toBe(1);
  await sleep(30);
  expect(JSON.stringify(await weightBits(model))).not.toBe(bits[0]);
  model.stopTraining = true;
  await fit;
});

test('a fit that rests for the hooks of evaluate can be paused, resumed and aborted', async () => {
  const model = smallModel();
  const controller = new AbortController();
  const fit = model.fit(smallX, smallY, { ...forEver, signal: controller.signal });
  await sleep(20);
  const onTestBatchBegin = async (batch: number) => {
    await model.pause();
    if (batch === 3) model.resume();
    if (batch === 5) controller.abort();
    await sleep(5);
  };
  await Promise.all([
    model.evaluate(smallX, smallY, { ...quiet, callbacks: { onTestBatchBegin } }),
    expectFailure(() => fit, { code: 'ABORTED', says: [] }),
  ]);
  await model.fit(smallX, smallY, quiet);
});

test('a fit whose data come after those of predict with hooks waits for it', async () => {
  const model = smallModel();
  const fit = model.fit(smallX, smallY, quiet);
  const options = { batchSize: 8, callbacks: { onPredictBatchEnd: () => sleep(2) } };
  expect(outputsOf(await model.predict(sameRows(64), options)).size).toBe(1);
  await fit;
});

test('a fit in a hook of evaluate is refused, on another model it runs', async () => {
  const model = smallModel();
  const other = smallModel();
  const onTestBegin = async () => {
    await expectFailure(() => model.fit(smallX, smallY, quiet), {
      code: 'INVALID_ARGUMENT',
      says: ['model.fit', 'evaluate'],
    });
    await other.fit(smallX, smallY, quiet);
  };
  await model.evaluate(smallX, smallY, { ...quiet, callbacks: { onTestBegin } });
  await model.fit(smallX, smallY, quiet);
});

test('pause rests at a batch border until resume', async () => {
  const model = smallModel();
  const fit = model.fit(smallX, smallY, forEver);
  await sleep(30);
  await model.pause();
  const resting = await weightBits(model);
  await sleep(40);
  expect(await weightBits(model)).toEqual(resting);
  model.resume();
  await sleep(40);
  expect(await weightBits(model)).not.toEqual(resting);
  await model.pause();
  model.stopTraining = true;
  expect((await fit).epoch.length).toBeGreaterThan(0);
});

test.each([
  'onTrainBegin',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onTestBatchBegin',
  'onEpochEnd',
])('pause in %s resolves, and the run rests after the hook until resume', async (hook) => {
  const model = smallModel();
  let paused = () => {};
  const resting = new Promise<void>((done) => (paused = done));
  let calls = 0;
  const callbacks = {
    [hook]: async () => {
      if (++calls > 1) return;
      await model.pause();
      paused();
    },
  };
  const fit = model.fit(smallX, smallY, { ...quiet, validationSplit: 0.2, callbacks });
  await resting;
  const bits = await weightBits(model);
  await sleep(40);
  expect(await weightBits(model)).toEqual(bits);
  model.resume();
  expect((await fit).epoch).toEqual([0]);
});

test('pause in the last hook does not keep fit from its end', async () => {
  const model = smallModel();
  await model.fit(smallX, smallY, { ...quiet, callbacks: { onTrainEnd: () => model.pause() } });
});

describe('ends', () => {
  test('abort rejects with its reason, and the model goes on', async () => {
    const model = smallModel();
    const controller = new AbortController();
    const fit = model.fit(smallX, smallY, { ...forEver, signal: controller.signal });
    await sleep(30);
    controller.abort('enough');
    const error = await fit.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ABORTED', cause: 'enough' });
    await model.fit(smallX, smallY, quiet);
  });

  test('abort wakes a run that rests', async () => {
    const model = smallModel();
    const controller = new AbortController();
    const fit = model.fit(smallX, smallY, { ...forEver, signal: controller.signal });
    await sleep(20);
    await model.pause();
    controller.abort();
    await expectFailure(() => fit, { code: 'ABORTED', says: [] });
  });

  test('a signal that is aborted already starts nothing', async () => {
    const model = smallModel();
    const before = await weightBits(model);
    await expectFailure(
      () => model.fit(smallX, smallY, { ...quiet, signal: AbortSignal.abort() }),
      {
        code: 'ABORTED',
        says: ['model.fit'],
      },
    );
    expect(await weightBits(model)).toEqual(before);
  });

  test('dispose rejects a run and all that follows, and frees the memory', async () => {
    const { memory: before } = await engineInfo();
    const model = smallModel();
    const fit = model.fit(smallX, smallY, forEver);
    await sleep(20);
    model.dispose();
    model.dispose();
    await expectFailure(() => fit, { code: 'DISPOSED', says: [] });
    await expectFailure(() => model.predict(smallX), { code: 'DISPOSED', says: ['model.predict'] });
    await expectFailure(() => model.compile({ optimizer: 'sgd', loss: 'mse' }), {
      code: 'DISPOSED',
      says: ['model.compile'],
    });
    const { memory: after } = await engineInfo();
    expect(after.liveBytes).toBe(before.liveBytes);
  });

  test.each([
    'onTestBegin',
    'onTestBatchEnd',
    'onTestEnd',
    'onPredictBegin',
    'onPredictBatchEnd',
    'onPredictEnd',
  ])('dispose in %s rejects the run, and frees the memory', async (hook) => {
    const { memory: before } = await engineInfo();
    const model = smallModel();
    const options = { ...quiet, callbacks: { [hook]: () => model.dispose() } };
    const run = hook.startsWith('onTest')
      ? model.evaluate(smallX, smallY, options)
      : model.predict(smallX, options);
    await expectFailure(() => run, { code: 'DISPOSED', says: ['disposed'] });
    const { memory: after } = await engineInfo();
    expect(after.liveBytes).toBe(before.liveBytes);
  });

  test('dispose while runs await hooks rejects all, and the last one frees the memory', async () => {
    const { memory: before } = await engineInfo();
    const model = smallModel();
    const callbacks = { onPredictBatchEnd: () => sleep(30), onTestEnd: () => sleep(60) };
    const runs = [
      model.fit(smallX, smallY, forEver),
      model.predict(smallX, { callbacks }),
      model.evaluate(smallX, smallY, { ...quiet, callbacks }),
    ];
    await sleep(20);
    model.dispose();
    const disposed = { code: 'DISPOSED', says: ['disposed'] };
    await Promise.all(runs.map((run) => expectFailure(() => run, disposed)));
    const { memory: after } = await engineInfo();
    expect(after.liveBytes).toBe(before.liveBytes);
  });

  test('an event on its way from the worker when the model is disposed is told with its names', () => {
    const told: object[] = [];
    const user = toCallbacks('callbacks', { onProgress: (progress) => void told.push(progress) });
    const model = smallModel();
    const names = ['loss', 'accuracy'];
    const own = { history: null, progress: [] };
    const list = new CallbackList(model, user, own, { verbose: 0, epochs: 1 }, () => names);
    const begin = { kind: 'fit', steps: 1, batchSize: 1, plannedBytes: 0, time: 0 } as const;
    list.event({ type: 'begin', ...begin });
    model.dispose();
    list.event({ type: 'batch', batch: 0, logs: [1, 2], time: 0 });
    expect(told.at(-1)).toMatchObject({ type: 'batch', logs: { loss: 1, accuracy: 2 } });
  });

  test('disposed or aborted while the data is on its way, nothing is left behind', async () => {
    const { memory: before } = await engineInfo();
    const rows = { data: new Uint8Array(4 * 5_000_000), shape: [5_000_000, 4] };
    const model = smallModel();
    const fit = model.fit(rows, new Uint8Array(5_000_000), quiet);
    await sleep(5);
    model.dispose();
    await expectFailure(() => fit, { code: 'DISPOSED', says: [] });
    const other = smallModel();
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = other.fit(rows, new Uint8Array(5_000_000), { ...quiet, signal });
    await sleep(5);
    controller.abort();
    await expectFailure(() => aborted, { code: 'ABORTED', says: [] });
    other.dispose();
    const { memory: after } = await engineInfo();
    expect(after.liveBytes).toBe(before.liveBytes);
  });

  test('a hook that throws ends fit with that very error', async () => {
    const model = smallModel();
    const mine = new RangeError('mine');
    const onTrainBatchEnd = (batch: number) => {
      if (batch === 2) throw mine;
    };
    const thrown = await model
      .fit(smallX, smallY, { ...quiet, callbacks: { onTrainBatchEnd } })
      .catch((error: unknown) => error);
    expect(thrown).toBe(mine);
    await model.fit(smallX, smallY, quiet);
  });
});

describe('changes while fit runs', () => {
  test('are refused outside of hooks', async () => {
    const model = smallModel();
    const weights = await model.getWeights();
    await model.saveWeights(join(directory, 'other', 'cp.ckpt'));
    const fit = model.fit(smallX, smallY, forEver);
    await sleep(20);
    const refused = { code: 'INVALID_ARGUMENT', says: ['fit is running'] };
    await expectFailure(() => model.setWeights(weights), refused);
    await expectFailure(() => model.loadWeights(join(directory, 'other', 'cp.ckpt')), refused);
    await expectFailure(() => model.fit(smallX, smallY, quiet), refused);
    await expectFailure(() => model.compile({ optimizer: 'sgd', loss: 'mse' }), refused);
    model.stopTraining = true;
    await fit;
    await model.setWeights(weights);
  });

  test('are refused while the data is on its way', async () => {
    const model = smallModel();
    const weights = await model.getWeights();
    const path = join(directory, 'early', 'cp.ckpt');
    await model.saveWeights(path);
    const rows = { data: new Uint8Array(4 * 30_000_000), shape: [30_000_000, 4] };
    const fit = model.fit(rows, new Uint8Array(30_000_000), quiet);
    const refused = { code: 'INVALID_ARGUMENT', says: ['fit is running'] };
    await expectFailure(() => model.loadWeights(path), refused);
    await expectFailure(() => model.setWeights(weights), refused);
    model.dispose();
    await expectFailure(() => fit, { code: 'DISPOSED', says: [] });
  });

  test('are allowed in a hook', async () => {
    const model = smallModel();
    const initial = await weightBits(model);
    const weights = await model.getWeights();
    class Reset extends Callback {
      override async onEpochEnd(): Promise<void> {
        await this.model!.setWeights(weights);
        await this.model!.predict(smallX);
        await this.model!.evaluate(smallX, smallY, quiet);
      }
    }
    await model.fit(smallX, smallY, { ...quiet, epochs: 2, callbacks: [new Reset()] });
    expect(await weightBits(model)).toEqual(initial);
  });

  test('the learning rate counts from the next batch', async () => {
    const model = smallModel();
    const bits: string[] = [];
    const onEpochEnd = async (epoch: number) => {
      bits.push(JSON.stringify(await weightBits(model)));
      if (epoch === 0) model.optimizer.learningRate = 0;
    };
    await model.fit(smallX, smallY, { ...quiet, epochs: 3, callbacks: { onEpochEnd } });
    expect(bits[1]).toBe(bits[0]);
    expect(bits[2]).toBe(bits[0]);
    expect(model.optimizer.learningRate).toBe(0);
  });
});

test('two models train side by side as each would alone', async () => {
  const options = { ...quiet, epochs: 20 };
  const alone = [smallModel(1), smallModel(2)];
  for (const model of alone) await model.fit(smallX, smallY, options);
  const together = [smallModel(1), smallModel(2)];
  await Promise.all(together.map((model) => model.fit(smallX, smallY, options)));
  for (const i of [0, 1])
    expect(await weightBits(together[i]!)).toEqual(await weightBits(alone[i]!));
});

test('the event loop turns while fit runs', async () => {
  setSeed(1);
  const model = smallModel();
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await model.fit(smallX, smallY, { ...quiet, epochs: 400 });
  clearInterval(timer);
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThan(100);
});

test('a checkpoint saved in a hook holds the weights of that moment', async () => {
  const model = smallModel();
  const path = join(directory, 'moment', 'cp.ckpt');
  let bits: number[][] = [];
  let losses: Logs = {};
  const onEpochEnd = async (epoch: number, logs: Logs) => {
    if (epoch !== 1) return;
    await model.saveWeights(path);
    bits = await weightBits(model);
    losses = logs;
  };
  await model.fit(smallX, smallY, { ...quiet, epochs: 4, callbacks: { onEpochEnd } });
  const other = smallModel(9);
  await other.loadWeights(path);
  expect(await weightBits(other)).toEqual(bits);
  expect(Object.keys(losses)).toEqual(['loss', 'accuracy']);
  expect(await storage.exists(`${path}.index`)).toBe(true);
});
