// Layouts that older Keras wrote, made here by hand: names of Windows, other roots, counts, and lists of optimizers.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { layers, loadModel, sequential, type Model } from 'tabtrain';
import type { Hdf5 } from '../../web/api/host/host';
import { crc32 } from '../../web/api/storage/crc32';
import { zipEntries } from '../../web/api/storage/zip';
import { expectFailure } from './support/errors';
import { temporaryDirectory } from './support/models';

const url = new URL('../../dist/hdf5.js', import.meta.url).href;
const { createHdf5 } = (await import(url)) as Hdf5;
const directory = temporaryDirectory();

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const float = (shape: readonly number[], value: number) => {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const data = new Float32Array(count).fill(value);
  return { dtype: 'float32', shape, bytes: new Uint8Array(data.buffer) };
};
const int64 = (value: number) => {
  const bytes = new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
  return { dtype: 'int64', shape: [], bytes };
};

/** Of three dense layers, the second in a model within. */
const shapes = [
  [2, 3],
  [3, 4],
  [4, 1],
] as const;
function threeDense(): Model {
  return sequential([
    layers.dense({ units: 3, inputShape: [2] }),
    layers.dropout({ rate: 0 }),
    sequential([layers.dense({ units: 4 })]),
    layers.dense({ units: 1 }),
  ]);
}

describe('weights of Keras 2.12 and later', () => {
  test.each([
    ['Windows', 'layers\\dense', 'layers\\sequential\\layers\\dense', 'layers\\dense_1'],
    ['2.14', 'old/dense', 'old/sequential/old/dense', 'old/dense_1'],
    ['2.12', 'old/dense', 'old/sequential/old/dense', 'old/dense_2'],
  ])('as of %s', async (name, ...paths) => {
    const file = await createHdf5('test');
    for (const [i, path] of paths.entries()) {
      const group = path.replaceAll('old', '_layer_checkpoint_dependencies');
      file.tensor(`${group}/vars/0`, float(shapes[i]!, i + 1));
      file.tensor(`${group}/vars/1`, float([shapes[i]![1]], -i));
    }
    file.tensor('metrics/mean/vars/0', float([], 3));
    const path = join(directory, `${name}.weights.h5`);
    writeFileSync(path, file.finish());
    const model = threeDense();
    await model.build();
    (await model.loadWeights(path)).assertConsumed();
    const first = (await model.getWeights()).map(({ data }) => Number(data[0]));
    expect(first).toEqual([1, -0, 2, -1, 3, -2]);
  });

  test('bfloat16, which HDF5 has as whole numbers', async () => {
    const file = await createHdf5('test');
    const bytes = new Uint8Array(Uint16Array.of(0x3f80, 0xc000).buffer);
    file.tensor('layers/dense/vars/0', { dtype: 'uint16', shape: [2, 1], bytes });
    file.text('layers/dense/vars/0', 'dtype', 'bfloat16');
    const path = join(directory, 'bfloat16.weights.h5');
    writeFileSync(path, file.finish());
    const model = sequential([layers.dense({ units: 1, useBias: false, inputShape: [2] })]);
    await model.build();
    const { notes } = await model.loadWeights(path);
    expect(notes).toEqual(['1 weights are bfloat16 in the file and were converted to float32']);
    expect((await model.getWeights())[0]!.data).toEqual(Float32Array.of(1, -2));
  });

  test('a gap in a list is damage', async () => {
    const file = await createHdf5('test');
    file.tensor('layers/dense/vars/1', float([3], 0));
    const path = join(directory, 'gap.weights.h5');
    writeFileSync(path, file.finish());
    const model = threeDense();
    await model.build();
    const says = ["there is no 'layers/dense/vars/0'"];
    await expectFailure(() => model.loadWeights(path), { code: 'CORRUPT_FILE', says });
  });
});

describe('HDF5 of Keras 2.0 to 2.2', () => {
  async function old(optimizer: readonly ReturnType<typeof float>[]): Promise<string> {
    const dense = (units: number, more: object) => ({
      class_name: 'Dense',
      config: { units, activation: 'linear', use_bias: false, ...more },
    });
    const file = await createHdf5('test');
    file.text('', 'keras_version', '2.1.6');
    file.text('', 'backend', 'tensorflow');
    const list = [
      dense(3, { name: 'a', batch_input_shape: [null, 2], dtype: 'float32' }),
      dense(1, { name: 'b' }),
    ];
    file.text('', 'model_config', JSON.stringify({ class_name: 'Sequential', config: list }));
    const config = { lr: 0.5, beta_1: 0.9, beta_2: 0.999, decay: 0, epsilon: 1e-7, amsgrad: false };
    const training = {
      ...{ optimizer_config: { class_name: 'Adam', config }, loss: 'mean_squared_error' },
      ...{ metrics: ['mae'], sample_weight_mode: null, loss_weights: null },
    };
    file.text('', 'training_config', JSON.stringify(training));
    file.group('model_weights');
    file.texts('model_weights', 'layer_names', ['a', 'b']);
    for (const [name, shape] of [
      ['a', [2, 3]],
      ['b', [3, 1]],
    ] as const) {
      file.group(`model_weights/${name}`);
      file.texts(`model_weights/${name}`, 'weight_names', [`${name}/kernel:0`]);
      file.tensor(`model_weights/${name}/${name}/kernel:0`, float(shape, 0.5));
    }
    file.group('optimizer_weights');
    const names = optimizer.map((_, i) => `training/Adam/Variable_${i}:0`);
    file.texts('optimizer_weights', 'weight_names', names);
    optimizer.forEach((tensor, i) => file.tensor(`optimizer_weights/${names[i]!}`, tensor));
    const bytes = file.finish();
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
    const path = join(directory, `old-${hash}.h5`);
    writeFileSync(path, bytes);
    return path;
  }
  const slots = [float([2, 3], 0.1), float([3, 1], 0.1), float([2, 3], 0.2), float([3, 1], 0.2)];

  test('a list of layers, a rate called lr, third slots of one 0', async () => {
    const [unused, x] = [float([1], 0), [[1, 2]]];
    const path = await old([int64(3), ...slots, unused, unused]);
    const model = await loadModel(path);
    expect(model.layers.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(model.optimizer?.learningRate).toBe(0.5);
    expect(model.metricsNames).toEqual(['loss', 'mae']);
    const same = await loadModel(await old([int64(3), ...slots]));
    expect(await model.trainOnBatch(x, [[1]])).toEqual(await same.trainOnBatch(x, [[1]]));
    const [a, b] = [await model.getWeights(), await same.getWeights()];
    expect(a.map(({ data }) => data)).toEqual(b.map(({ data }) => data));
    expect(a[0]!.data[0]).not.toBe(0.5);
  });

  test('a list that is not the optimizer: the model is there without it', async () => {
    const path = await old([int64(3), ...slots.slice(1)]);
    await expectFailure(() => loadModel(path), {
      code: 'SHAPE_MISMATCH',
      says: ['Adam has 5 variables, the file has 4', 'compile: false'],
    });
    expect((await loadModel(path, { compile: false })).layers).toHaveLength(2);
  });
});

describe('archives', () => {
  const config = {
    module: 'keras',
    class_name: 'Sequential',
    config: {
      layers: [
        { class_name: 'InputLayer', config: { batch_shape: [null, 2] } },
        { class_name: 'Dense', config: { units: 1, use_bias: false } },
      ],
    },
  };
  async function weights(): Promise<Uint8Array> {
    const file = await createHdf5('test');
    file.tensor('layers/dense/vars/0', float([2, 1], 2));
    return file.finish();
  }
  async function archive(entries: { name: string; bytes: Uint8Array }[]): Promise<File> {
    return new File([zipEntries(entries)], 'a.keras');
  }

  test('without metadata, with other files beside', async () => {
    const model = await loadModel([
      await archive([
        { name: 'assets/x', bytes: text('x') },
        { name: 'config.json', bytes: text(config) },
        { name: 'model.weights.h5', bytes: await weights() },
      ]),
    ]);
    expect((await model.getWeights())[0]!.data).toEqual(Float32Array.of(2, 2));
  });

  test('of a model without an input, which says its shape beside the layers', async () => {
    const dense = { class_name: 'Dense', config: { units: 1, use_bias: false } };
    for (const built of [
      { config: { layers: [dense], build_input_shape: [null, 2] } },
      { config: { layers: [dense] }, build_config: { input_shape: [null, 2] } },
    ]) {
      const file = await archive([
        { name: 'config.json', bytes: text({ ...config, ...built }) },
        { name: 'model.weights.h5', bytes: await weights() },
      ]);
      const model = await loadModel([file]);
      expect((await model.getWeights())[0]!.data).toEqual(Float32Array.of(2, 2));
    }
  });

  test.each(['config.json', 'model.weights.h5'])('without %s', async (missing) => {
    const all = [
      { name: 'config.json', bytes: text(config) },
      { name: 'model.weights.h5', bytes: await weights() },
    ];
    const file = await archive(all.filter(({ name }) => name !== missing));
    await expectFailure(() => loadModel([file]), { code: 'UNSUPPORTED', says: [missing] });
  });

  test('of another model, damaged, or none', async () => {
    const functional = { ...config, class_name: 'Functional' };
    const parts = async (json: Uint8Array, h5: Uint8Array) =>
      archive([
        { name: 'config.json', bytes: json },
        { name: 'model.weights.h5', bytes: h5 },
      ]);
    const refused = async (file: File, code: string, says: (string | RegExp)[]) =>
      expectFailure(() => loadModel([file]), { code, says });
    const h5 = await weights();
    await refused(await parts(text(functional), h5), 'UNSUPPORTED', ["'Functional' models"]);
    await refused(await parts(text('x').subarray(1), h5), 'CORRUPT_FILE', ['expected JSON']);
    await refused(await parts(text(null), h5), 'CORRUPT_FILE', ["a model's config"]);
    await refused(await parts(text(config), h5.subarray(0, 99)), 'CORRUPT_FILE', ['weights.h5']);
    const whole = new Uint8Array(await (await parts(text(config), h5)).arrayBuffer());
    whole[whole.length - 2000]! ^= 1;
    await refused(new File([whole], 'a.keras'), 'CORRUPT_FILE', ['checksum']);
    await refused(new File([whole.subarray(0, 500)], 'a.keras'), 'CORRUPT_FILE', ['zip']);
    const evil = new TextEncoder().encode(
      JSON.stringify(config).replace('"units":1', '"__proto__":{"units":1}'),
    );
    await refused(await parts(evil, h5), 'CORRUPT_FILE', ['__proto__']);
  });

  test('an entry that unpacks to more than there is room for', async () => {
    // One stored entry is made a deflated one that claims a thousand times its bytes.
    const packed = deflateRawSync(new Uint8Array(1 << 20));
    const zip = zipEntries([{ name: 'config.json', bytes: new Uint8Array(packed) }]);
    const view = new DataView(zip.buffer);
    const central = zip.length - 22 - 46 - 'config.json'.length;
    for (const [at, offset] of [
      [0, 0],
      [central, 2],
    ] as const) {
      view.setUint16(at + 8 + offset, 8, true);
      view.setUint32(at + 14 + offset, crc32(new Uint8Array(1 << 20)), true);
      view.setUint32(at + 22 + offset, 1 << 20, true);
    }
    const file = new File([zip], 'a.keras');
    await expectFailure(() => loadModel([file]), { code: 'UNSUPPORTED', says: ['weights.h5'] });
    view.setUint32(central + 24, 0xfffffff0, true);
    const says = [/zip|claims/];
    await expectFailure(() => loadModel([new File([zip], 'a.keras')]), {
      code: 'CORRUPT_FILE',
      says,
    });
  });
});
