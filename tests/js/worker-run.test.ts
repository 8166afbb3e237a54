// The public API with the engine behind a worker's messages: callbacks, datasets and single batches.
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { browserPlatform } from '../../web/api/browser';
import { init } from '../../web/api/client/engine';
import { definePlatform } from '../../web/api/client/platform';
import type { WireBatch } from '../../web/api/host/protocol';
import {
  callbacks,
  layers,
  sequential,
  setSeed,
  storage,
  type Batch,
  type Model,
} from '../../web/api/public';
import { serve } from '../../web/api/transport/workerServer';
import { FakeWorker, fakePlatform } from './support/fakeWorker';

const fake = new FakeWorker();
let printed: string[] = [];

beforeAll(async () => {
  definePlatform(browserPlatform);
  const valid = jest.spyOn(WebAssembly, 'validate').mockReturnValue(true);
  setImmediate(() => void serve(fake.scope, fakePlatform));
  await init({ worker: () => fake.worker });
  valid.mockRestore();
  jest.spyOn(console, 'log').mockImplementation((line) => void printed.push(String(line)));
});
afterAll(() => {
  jest.restoreAllMocks();
});
beforeEach(() => {
  printed = [];
});

const x = { data: Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)), shape: [20, 2] };
const y = Float32Array.from({ length: 20 }, (_, i) => Math.cos(i));
const rows = (begin: number, end: number): Batch => [
  { data: x.data.subarray(begin * 2, end * 2), shape: [end - begin, 2] },
  y.subarray(begin, end),
];
function* batches() {
  for (let i = 0; i < 20; i += 8) yield rows(i, Math.min(20, i + 8));
}

function build(): Model {
  setSeed(5);
  const model = sequential([
    layers.dense({ units: 4, activation: 'relu', inputShape: [2] }),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  return model;
}
const weightsOf = async (model: Model) =>
  (await model.getWeights()).map(({ data }) => Array.from(data as Float32Array));
const options = { shuffle: false, verbose: 0, batchSize: 8 } as const;
const fed = { verbose: 0 } as const;

test('a dataset trains to the same bits, and the caller keeps its arrays', async () => {
  const [whole, parts, single] = [build(), build(), build()];
  const { history } = await whole.fit(x, y, { ...options, epochs: 2, validationData: [x, y] });
  const came = await parts.fit(batches, { ...fed, epochs: 2, validationData: batches });
  expect(came.history).toEqual(history);
  for (const [bx, by] of [...batches(), ...batches()]) await single.trainOnBatch(bx, by);
  expect(await weightsOf(parts)).toEqual(await weightsOf(whole));
  expect(await weightsOf(single)).toEqual(await weightsOf(whole));
  expect([x.data.length, y.length]).toEqual([40, 20]);
  const output = await whole.predict(() => [x]);
  expect(output.data).toEqual((await whole.predictOnBatch(x)).data);
});

test('a batch goes over in one message, copied once', async () => {
  const model = build();
  fake.received.length = 0;
  await model.fit(batches, fed);
  const calls = fake.received.filter((message) => message.type === 'call');
  const feeds = calls.filter(({ method }) => method === 'feed');
  expect(feeds).toHaveLength(4);
  expect(calls.some(({ method }) => method === 'writeTensor')).toBe(false);
  const { bytes } = (feeds[1]!.args[2] as WireBatch).x[0]!;
  expect(bytes.buffer.byteLength).toBe(8 * 2 * 4);
  expect(feeds[3]!.args[2]).toBeNull();
});

test('callbacks stop, restore, set rates and write files', async () => {
  const model = build();
  const given = [3, 1, 2, 2, 2, 2];
  let best: number[][] = [];
  const watch = async (epoch: number) => {
    if (epoch === 1) best = await weightsOf(model);
  };
  const { epoch, history } = await model.fit(x, y, {
    ...{ ...options, epochs: 6 },
    callbacks: [
      { onEpochEnd: (epoch, logs) => void (logs['loss'] = given[epoch]!) },
      callbacks.learningRateScheduler((epoch, lr) => (epoch === 0 ? 0.5 : lr), { verbose: 1 }),
      callbacks.reduceLROnPlateau({ monitor: 'loss', patience: 2, factor: 0.5, verbose: 1 }),
      callbacks.earlyStopping({
        ...{ monitor: 'loss', patience: 3, restoreBestWeights: true, verbose: 1 },
      }),
      callbacks.csvLogger({ filename: 'logs/run.csv' }),
      { onEpochEnd: watch },
    ],
  });
  expect(epoch).toEqual([0, 1, 2, 3, 4]);
  expect(history['lr']).toEqual([0.5, 0.5, 0.5, 0.5, 0.25]);
  expect(await weightsOf(model)).toEqual(best);
  expect(printed.slice(-2)).toEqual([
    'Epoch 5: early stopping',
    'Restoring model weights from the end of the best epoch: 2.',
  ]);
  expect(new TextDecoder().decode(await storage.read('logs/run.csv'))).toBe(
    'epoch,loss,lr,val_loss,val_lr\r\n0,3.0,0.5,NA,NA\r\n1,1.0,0.5,NA,NA\r\n' +
      '2,2.0,0.5,NA,NA\r\n3,2.0,0.5,NA,NA\r\n4,2.0,0.25,NA,NA\r\n',
  );
});

test('terminateOnNaN stops at the batch', async () => {
  const model = build();
  const bad = y.slice();
  bad[9] = NaN;
  const seen: number[] = [];
  await model.fit(x, bad, {
    ...{ ...options, epochs: 3, verbose: 2 },
    callbacks: [callbacks.terminateOnNaN(), { onBatchEnd: (batch) => void seen.push(batch) }],
  });
  expect(seen).toEqual([0, 1]);
  expect(printed).toContain('Batch 1: Invalid loss, terminating training');
});

test('what a dataset throws is rejected with as it is', async () => {
  const model = build();
  const error = new RangeError('mine');
  const dataset = async function* () {
    yield rows(0, 4);
    throw error;
  };
  await expect(model.fit(dataset, fed)).rejects.toBe(error);
  await model.fit(batches, fed);
});
