// Saving and loading models in a page leaves WebAssembly's memory as it is; tests/bench/files.mjs at full size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formats, inPage, loadAndRead, saveAndLoad } from '../bench/modelFiles.mjs';

test('a model of a million parameters, ten times in each format', async (t) => {
  await inPage(async (page) => {
    for (const [format, path] of Object.entries(formats)) {
      const { parameters, bytes, seen } = await saveAndLoad(page, {
        parameters: 1_000_000,
        rounds: 10,
        path,
      });
      t.diagnostic(`${format}: ${parameters} parameters, wasm memory ${bytes.join(', ')}`);
      assert.ok(parameters > 990_000);
      assert.ok(bytes[0] > 4 * parameters, 'the engine’s memory was found');
      if (format === 'h5') assert.equal(seen, 1 + 2 * 10, 'HDF5’s was found, one for each file');
      assert.equal(bytes[9], bytes[1], format);
    }
  });
});

test('a checkpoint loads in three times what its bytes take to be read and checksummed', async (t) => {
  await inPage(async (page) => {
    const { bytes, load, read } = await loadAndRead(page, { parameters: 6_000_000, rounds: 9 });
    const median = (values) => values.toSorted((a, b) => a - b)[4];
    const ratio = median(load) / median(read);
    t.diagnostic(`${bytes} bytes: ${load.join(', ')} ms and ${read.join(', ')} ms, ${ratio}`);
    assert.ok(bytes > 20e6);
    assert.ok(ratio <= 3, `ratio ${ratio}`);
  });
});
