// The page's side of the worker: it starts, answers, and when it dies nobody waits for ever.
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { browserPlatform } from '../../web/api/browser';
import { Connection } from '../../web/api/client/connection';
import { init } from '../../web/api/client/engine';
import { definePlatform } from '../../web/api/client/platform';
import type { EngineFiles } from '../../web/api/engine/load';
import { TabtrainError } from '../../web/api/errors';
import type { HookCall, HostClient, RunEvent } from '../../web/api/host/protocol';
import { serve } from '../../web/api/transport/workerServer';
import { WorkerTransport } from '../../web/api/transport/workerTransport';
import { expectFailure } from './support/errors';
import { FakeWorker, fakePlatform as platform } from './support/fakeWorker';

const nobody: HostClient = { event: () => {}, hook: () => Promise.resolve() };

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a worker that works', () => {
  async function open() {
    const fake = new FakeWorker();
    const connection = await Connection.open((client) => {
      const opened = WorkerTransport.open(fake.worker, client);
      void serve(fake.scope, platform);
      return opened;
    });
    await connection.call('start', [{}]);
    return { fake, connection };
  }

  test('answers, with results and with errors', async () => {
    const { connection } = await open();
    expect(await connection.call('info', [])).toMatchObject({ storage: 'memory', threads: 1 });
    await connection.call('storage.write', ['a/b', Uint8Array.of(1, 2)]);
    expect(Array.from(await connection.call('storage.read', ['a/b']))).toEqual([1, 2]);
    await expectFailure(() => connection.call('storage.read', ['a/c']), {
      code: 'NOT_FOUND',
      says: ["'a/c'"],
    });
  });

  test('trains, with hooks awaited in order and progress not awaited', async () => {
    const { connection } = await open();
    const config = {
      class_name: 'Sequential',
      config: {
        layers: [{ class_name: 'Dense', config: { units: 2, batch_input_shape: [null, 3] } }],
      },
    };
    await connection.call('createModel', [1, JSON.stringify(config), 7]);
    const loss = { class_name: 'SparseCategoricalCrossentropy', config: { from_logits: true } };
    await connection.call('compile', [1, JSON.stringify({ optimizer: 'sgd', loss, metrics: [] })]);
    for (const [id, dtype, shape, data] of [
      [2, 'float32', [4, 3], new Float32Array(12)],
      [3, 'uint8', [4], new Uint8Array(4)],
    ] as const) {
      await connection.call('createTensor', [id, dtype, shape]);
      const bytes = new Uint8Array(data.buffer);
      await connection.call('writeTensor', [id, 0, bytes], [bytes.buffer]);
      expect(bytes.byteLength).toBe(0);
    }
    const seen: string[] = [];
    connection.listen(9, {
      event: ({ type }: RunEvent) => void seen.push(type),
      hook: async ({ name, index }: HookCall) => {
        await new Promise((done) => setTimeout(done, 5));
        seen.push(`${name} ${index}`);
      },
    });
    const engine = { batch_size: 2, epochs: 1, initial_epoch: 0, shuffle: false,
      validation_split: 0, validation_freq: 1, steps_per_epoch: null, validation_batch_size: null,
      validation_steps: null, class_weight: null }; // prettier-ignore
    const data = { x: [2], y: [3], sampleWeight: null, valX: [], valY: [], valSampleWeight: null };
    const request = { run: 9, engine, hooks: ['onTrainBatchEnd', 'onEpochEnd'] as const };
    const { value } = await connection.call('fit', [1, request, data]);
    expect(value).toEqual({ result: null, missing: 0 });
    expect(seen).toEqual(['begin', 'epochBegin', 'onTrainBatchEnd 0', 'batch', 'onTrainBatchEnd 1',
      'batch', 'onEpochEnd 0', 'epochEnd', 'end']); // prettier-ignore
    await connection.call('disposeModel', [1]);
  });

  test('a hook that throws ends the run with its text', async () => {
    const fake = new FakeWorker();
    const post = jest.spyOn(fake, 'postMessage');
    const client: HostClient = { ...nobody, hook: () => Promise.reject(new Error('mine')) };
    const opened = WorkerTransport.open(fake.worker, client);
    fake.scope.postMessage({ type: 'ready', lock: null });
    await opened;
    fake.scope.postMessage({
      type: 'hook',
      id: 4,
      run: 1,
      call: { name: 'onTrainEnd', index: null, logs: null, valLogs: null },
    });
    await new Promise((done) => setTimeout(done, 10));
    expect(post.mock.calls.at(-1)![0]).toMatchObject({
      type: 'hookDone',
      id: 4,
      error: { message: expect.stringMatching('mine') },
    });
  });
});

describe('a worker that does not', () => {
  test('load', async () => {
    const fake = new FakeWorker();
    const opened = WorkerTransport.open(fake.worker, nobody);
    fake.fail();
    await expectFailure(() => opened, {
      code: 'UNSUPPORTED_ENVIRONMENT',
      says: ['did not start', 'script'],
    });
    expect(fake.terminated).toBe(true);
  });

  test('answer', async () => {
    jest.useFakeTimers();
    try {
      const fake = new FakeWorker();
      const opened = WorkerTransport.open(fake.worker, nobody);
      const failure = expectFailure(() => opened, {
        code: 'UNSUPPORTED_ENVIRONMENT',
        says: ['60 s'],
      });
      jest.advanceTimersByTime(60_000);
      await failure;
    } finally {
      jest.useRealTimers();
    }
  });

  test('live: pending and later calls reject', async () => {
    const fake = new FakeWorker();
    const opened = WorkerTransport.open(fake.worker, nobody);
    fake.scope.postMessage({ type: 'ready', lock: null });
    const transport = await opened;
    const pending = transport.call('info', []);
    fake.fail('out of memory');
    await expectFailure(() => pending, {
      code: 'INTERNAL',
      says: ['the worker died', 'out of memory'],
    });
    await expectFailure(() => transport.call('info', []), { code: 'INTERNAL', says: ['died'] });
    expect(await transport.closed).toMatchObject({ code: 'INTERNAL' });
    expect(fake.terminated).toBe(true);
  });

  test('find its engine: init rejects and ends it, and may be called again', async () => {
    definePlatform(browserPlatform);
    jest.spyOn(WebAssembly, 'validate').mockReturnValue(true);
    const fakes: FakeWorker[] = [];
    const start = (files: EngineFiles) => () => {
      const fake = new FakeWorker();
      fakes.push(fake);
      setImmediate(() => void serve(fake.scope, { ...platform, files }));
      return fake.worker;
    };
    const compile = () => Promise.reject(new TabtrainError('NOT_FOUND', 'no engine there'));
    const failing = init({ worker: start({ ...platform.files, compile }) });
    await expectFailure(() => failing, { code: 'NOT_FOUND', says: ['no engine'] });
    expect(await init({ worker: start(platform.files) })).toMatchObject({ storage: 'memory' });
    expect(fakes.map(({ terminated }) => terminated)).toEqual([true, false]);
  });

  test('hold its lock any more: it was terminated', async () => {
    let release = () => {};
    const request = (_: string, task: () => void) =>
      new Promise<void>((done) => (release = () => done(task())));
    const original = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    Object.defineProperty(globalThis, 'navigator', {
      value: { locks: { request } },
      configurable: true,
    });
    try {
      const fake = new FakeWorker();
      const opened = WorkerTransport.open(fake.worker, nobody);
      fake.scope.postMessage({ type: 'ready', lock: 'its lock' });
      const transport = await opened;
      const pending = transport.call('info', []);
      release();
      await expectFailure(() => pending, { code: 'INTERNAL', says: ['died', 'terminated'] });
    } finally {
      if (original) Object.defineProperty(globalThis, 'navigator', original);
      else Reflect.deleteProperty(globalThis, 'navigator');
    }
  });
});

describe('an environment without', () => {
  const globals = globalThis as { isSecureContext?: boolean };

  test('a secure context', async () => {
    globals.isSecureContext = false;
    try {
      await expectFailure(() => browserPlatform.open({}, nobody), {
        code: 'UNSUPPORTED_ENVIRONMENT',
        says: ['secure context', 'https'],
      });
    } finally {
      delete globals.isSecureContext;
    }
  });

  test('workers', () =>
    expectFailure(() => browserPlatform.open({}, nobody), {
      code: 'UNSUPPORTED_ENVIRONMENT',
      says: ['no workers'],
    }));

  test('SIMD', async () => {
    jest.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    await expectFailure(() => browserPlatform.open({}, nobody), {
      code: 'UNSUPPORTED_ENVIRONMENT',
      says: ['SIMD'],
    });
  });
});
