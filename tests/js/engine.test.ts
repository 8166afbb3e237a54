// Starting the engine: what it is, what it refuses, and that importing alone does nothing.
import { spawnSync } from 'node:child_process';
import { describe, expect, jest, test } from '@jest/globals';
import * as tabtrain from 'tabtrain';
import { engineInfo, init, layers, modelFromJson, sequential, setSeed } from 'tabtrain';
import { expectFailure } from './support/errors';
import { smallModel, smallX, smallY, weightBits } from './support/models';

test('everything that the API names is there', () => {
  const names = ['sequential', 'model', 'input', 'layers', 'initializers', 'regularizers', 'constraints', 'optimizers',
    'losses', 'metrics', 'callbacks', 'loadModel', 'modelFromJson', 'latestCheckpoint', 'listVariables',
    'registerSerializable', 'datasets', 'storage', 'setSeed', 'init', 'engineInfo', 'TabtrainError']; // prettier-ignore
  expect(Object.keys(tabtrain)).toEqual(expect.arrayContaining(names));
});

describe('before the engine runs', () => {
  test.each<[string, object, string, (string | RegExp)[]]>([
    ['an unknown option', { varient: 'simd' }, 'INVALID_ARGUMENT', ["'varient'", "'variant'"]],
    ['an unknown variant', { variant: 'avx' }, 'INVALID_ARGUMENT', ["'relaxed'", 'came "avx"']],
    ['a variant that is not built', { variant: 'relaxed' }, 'UNSUPPORTED', ["'relaxed'", "'simd'"]],
    ['half a thread', { threads: 0.5 }, 'INVALID_ARGUMENT', ['threads', 'came 0.5']],
    ['no memory', { maxMemory: 0 }, 'INVALID_ARGUMENT', ['maxMemory', 'came 0']],
    ['no wasm', { wasmBinary: new Uint8Array([1, 2, 3]) }, 'CORRUPT_FILE', ['wasm']],
    [
      'a wasm that is not there',
      { wasmUrl: '/nowhere/engine.wasm' },
      'NOT_FOUND',
      ['/nowhere/engine.wasm'],
    ],
  ])('init refuses %s', (_, options, code, says) =>
    expectFailure(() => init(options), { code, says }),
  );

  test('no SIMD', async () => {
    jest.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    await expectFailure(() => init(), { code: 'UNSUPPORTED_ENVIRONMENT', says: ['SIMD'] });
    await expectFailure(() => smallModel().predict(smallX), {
      code: 'UNSUPPORTED_ENVIRONMENT',
      says: ['SIMD'],
    });
    jest.restoreAllMocks();
  });

  test('then it starts after all', async () => {
    const info = await init({ variant: 'auto' });
    expect(info).toMatchObject({ variant: 'simd', threads: 1, storage: 'nodefs' });
    expect(info.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(info.why).toEqual([expect.stringMatching(/no relaxed SIMD build/)]);
    expect(info.memory.heapBytes).toBeGreaterThan(0);
    expect(info.memory.maxMemory).toBeGreaterThan(info.memory.heapBytes);
    expect(await engineInfo()).toEqual(info);
    await init({ variant: 'auto' });
    await expectFailure(() => init({ threads: 8 }), {
      code: 'INVALID_ARGUMENT',
      says: ['other options'],
    });
  });
});

test.each(['index.js', 'node.js'])('importing %s touches nothing', (file) => {
  // Getters that throw stand for what a page or a server may not have.
  const script = `
    for (const name of ['window', 'document', 'Worker', 'navigator', 'indexedDB', 'WebAssembly'])
      Object.defineProperty(globalThis, name, { get() { throw new Error('touched ' + name); } });
    const { sequential, layers } = await import(${JSON.stringify(new URL(`../../dist/${file}`, import.meta.url).href)});
    const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    process.stdout.write(typeof model.fit);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'function', stderr: '' });
});

test('memory comes back when models are disposed of', async () => {
  const use = async () => {
    const model = smallModel();
    await model.fit(smallX, smallY, { verbose: 0 });
    await model.evaluate(smallX, smallY, { verbose: 0 });
    await model.predict(smallX);
    await model.setWeights(await model.getWeights());
    model.dispose();
  };
  await use();
  const { memory: before } = await engineInfo();
  for (let i = 0; i < 5; ++i) await use();
  const { memory: after } = await engineInfo();
  expect(after.liveBytes).toBe(before.liveBytes);
  expect(after.heapBytes).toBe(before.heapBytes);
});

test('models that nobody disposes of are freed when they are collected', () => {
  const script = `
    import { engineInfo, layers, sequential } from ${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)};
    const x = Array.from({ length: 64 }, () => new Float32Array(64));
    async function use() {
      const model = sequential([layers.dense({ units: 64, inputShape: [64] })]);
      model.compile({ optimizer: 'adam', loss: 'mse' });
      await model.fit(x, x, { verbose: 0 });
    }
    const live = async () => (await engineInfo()).memory.liveBytes;
    const empty = await live();
    for (let i = 0; i < 10; ++i) await use();
    const used = await live();
    for (let i = 0; i < 20 && (await live()) > empty; ++i) {
      globalThis.gc();
      await new Promise((done) => setTimeout(done, 10));
    }
    console.log(JSON.stringify({ grew: used > empty, left: (await live()) - empty }));`;
  const flags = ['--expose-gc', '--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ grew: true, left: 0 });
});

describe('what a model says of itself', () => {
  test('names, shapes, counts', async () => {
    const model = smallModel();
    await model.build();
    expect(model.layers.map(({ className }) => className)).toEqual(['Dense', 'Dropout', 'Dense']);
    expect(model.layers[0]!.outputShape).toEqual([null, 8]);
    expect(model.layers[0]!.countParams()).toBe(40);
    expect(model.countParams()).toBe(67);
    expect(model.getLayer(-1)).toBe(model.layers[2]);
    expect(model.getLayer(model.layers[2]!.name)).toBe(model.layers[2]);
    expect(model.metricsNames).toEqual(['loss', 'accuracy']);
    expect(model.optimizer.learningRate).toBeCloseTo(0.001);
    expect(model.layers[0]!.getConfig()).toMatchObject({
      units: 8,
      activation: 'relu',
      use_bias: true,
    });
    expect((await model.getWeights()).map(({ shape, dtype }) => [shape, dtype])).toEqual([
      [[4, 8], 'float32'],
      [[8], 'float32'],
      [[8, 3], 'float32'],
      [[3], 'float32'],
    ]);
  });

  test('toJson goes through modelFromJson', async () => {
    setSeed(1);
    const model = sequential([
      layers.flatten({ inputShape: [2, 2] }),
      layers.batchNormalization(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ], { name: 'mine' }); // prettier-ignore
    await model.build();
    const json = model.toJson();
    expect(JSON.parse(json)).toMatchObject({ class_name: 'Sequential', backend: 'tensorflow' });
    setSeed(1);
    const copy = modelFromJson(json);
    await copy.build();
    expect(copy.name).toBe('mine');
    expect(copy.getConfig()).toEqual(model.getConfig());
    expect(await weightBits(copy)).toEqual(await weightBits(model));
  });

  test('setSeed draws the same models in the same order', async () => {
    const draw = async () => {
      const made = [smallModel(3), smallModel(3)];
      setSeed(4);
      made.push(sequential([layers.dense({ units: 2, inputShape: [2] })]));
      made.push(sequential([layers.dense({ units: 2, inputShape: [2] })]));
      return Promise.all(made.map(weightBits));
    };
    const [first, second] = [await draw(), await draw()];
    expect(second).toEqual(first);
    expect(first[0]).toEqual(first[1]);
    expect(first[2]).not.toEqual(first[3]);
  });
});
