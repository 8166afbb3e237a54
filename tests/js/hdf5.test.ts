// HDF5 by itself: what is written is read, and no damage gets further than a TabtrainError.
import { readFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import type { Hdf5 } from '../../web/api/host/host';
import { expectFailure } from './support/errors';
import { kerasFile } from './support/kerasFiles';

// The bundler puts the library in.
const url = new URL('../../dist/hdf5.js', import.meta.url).href;
const { createHdf5, openHdf5 } = (await import(url)) as Hdf5;

const bytesOf = (array: Float32Array | BigInt64Array | Uint16Array) =>
  new Uint8Array(array.buffer.slice(0));
const float = (...values: number[]) => bytesOf(Float32Array.from(values));

async function small(): Promise<Uint8Array> {
  const file = await createHdf5('test');
  file.text('', 'config', '{"a": "ö"}');
  file.texts('', 'empty', []);
  file.tensor('a/b/kernel:0', { dtype: 'float32', shape: [2, 2], bytes: float(1, 2, 3, 4) });
  file.texts('a', 'names', ['x', 'größe', '']);
  const count = bytesOf(BigInt64Array.of(-7n));
  file.tensor('count', { dtype: 'int64', shape: [], bytes: count });
  file.tensor('none', { dtype: 'float32', shape: [0, 3], bytes: new Uint8Array(0) });
  file.tensor('half', { dtype: 'uint16', shape: [1], bytes: bytesOf(Uint16Array.of(0x3f80)) });
  return file.finish();
}

test('texts, lists, groups and tensors come back', async () => {
  const file = await openHdf5(await small(), 'test', 1000);
  expect(file.text('', 'config')).toBe('{"a": "ö"}');
  expect(file.text('', 'other')).toBeNull();
  expect(file.text('nowhere', 'other')).toBeNull();
  expect(file.texts('', 'empty')).toEqual([]);
  expect(file.texts('a', 'names')).toEqual(['x', 'größe', '']);
  expect(file.names('')).toEqual(['a', 'count', 'half', 'none']);
  expect(file.names('a/b/kernel:0')).toEqual([]);
  expect(file.datasets()).toEqual(['a/b/kernel:0', 'count', 'half', 'none']);
  expect(['a/b', 'a/c', 'count', 'count/b'].map((path) => file.has(path))).toEqual([
    ...[true, false, true, false],
  ]);
  const kernel = { dtype: 'float32', shape: [2, 2], bytes: float(1, 2, 3, 4) };
  expect(file.tensor('a/b/kernel:0')).toEqual(kernel);
  expect(file.tensor('count')).toEqual({
    ...{ dtype: 'int64', shape: [], bytes: bytesOf(BigInt64Array.of(-7n)) },
  });
  expect(file.tensor('none').shape).toEqual([0, 3]);
  file.close();
});

test('all tensors together have no more bytes than there is room for', async () => {
  const file = await openHdf5(await small(), 'test', 20);
  file.tensor('a/b/kernel:0');
  await expectFailure(() => file.tensor('count'), { code: 'OUT_OF_MEMORY', says: ['count'] });
});

test.each(['a/../count', './count', 'a//b', '/'])('%s is no path', async (path) => {
  const file = await openHdf5(await small(), 'test', 1000);
  await expectFailure(() => file.tensor(path), { code: 'CORRUPT_FILE', says: ['no path'] });
});

test('what fails while a file is written is not passed over', async () => {
  const file = await createHdf5('model.save');
  await expectFailure(() => file.tensor('x', { dtype: 'float32', shape: [-1], bytes: float(2) }), {
    code: 'INTERNAL',
    says: ["model.save: could not write 'x'"],
  });
  const other = await createHdf5('model.save');
  await expectFailure(() => other.text('nowhere', 'a', 'y'), { code: 'INTERNAL', says: ['@a'] });
});

test('nothing has the place of another', async () => {
  const file = await createHdf5('model.save');
  const tensor = { dtype: 'float32', shape: [1], bytes: float(1) };
  file.tensor('a/x', tensor);
  file.group('a');
  file.text('', 'a', 'x');
  for (const task of [
    () => file.tensor('a/x', tensor),
    () => file.tensor('a', tensor),
    () => file.group('a/x'),
    () => file.text('', 'a', 'y'),
  ]) {
    await expectFailure(task, { code: 'INVALID_ARGUMENT', says: ['model.save', 'twice'] });
  }
});

describe('damage', () => {
  /** Reads all that readers read. */
  async function readAll(bytes: Uint8Array): Promise<string> {
    try {
      const file = await openHdf5(bytes, 'test', 1 << 20);
      for (const path of file.datasets()) file.tensor(path);
      for (const name of ['config', 'model_config', 'training_config']) file.text('', name);
      for (const group of ['a', 'model_weights', 'model_weights/dense', 'optimizer_weights']) {
        for (const name of ['names', 'layer_names', 'weight_names']) file.texts(group, name);
      }
      file.close();
      return 'read';
    } catch (error) {
      const { name, code } = error as { name: string; code: string };
      return name === 'TabtrainError' ? code : String(error);
    }
  }
  const allowed = ['read', 'CORRUPT_FILE', 'UNSUPPORTED', 'OUT_OF_MEMORY'];

  test.each(['ours', 'h5py', 'packed'])('a byte of %s is another', async (kind) => {
    const printed = [jest.spyOn(console, 'log'), jest.spyOn(console, 'error')];
    const name = kind === 'packed' ? 'odd-packed.h5' : 'tiny-adam.h5';
    const whole = kind === 'ours' ? await small() : readFileSync(kerasFile('tf2.21', name));
    // Everywhere in the places that say where others are, and here and there.
    const places = Array.from({ length: 60 }, (_, i) =>
      i < 30 ? i * 7 + 8 : Math.floor((whole.length * (i - 30)) / 30),
    );
    const seen = new Set<string>();
    for (const place of places) {
      const bytes = Uint8Array.from(whole);
      bytes[place]! ^= 1 << (place % 8);
      seen.add(await readAll(bytes));
    }
    expect(allowed).toEqual(expect.arrayContaining([...seen]));
    expect(seen).toContain('CORRUPT_FILE');
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
    jest.restoreAllMocks();
  });

  test('a file is cut', async () => {
    const whole = await small();
    for (let i = 0; i < 20; ++i) {
      const cut = whole.subarray(0, Math.floor((whole.length * i) / 20));
      expect(await readAll(cut)).toBe('CORRUPT_FILE');
    }
  });
});
