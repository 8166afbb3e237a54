// Models in files that are damaged, are something else, or whose loading is cancelled: everything is left as it was.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { golden, modelFiles, softmax } from './bringer.mjs';

let visitor;
let page;

const { directory, arrive } = modelFiles();

async function visit() {
  visitor = await arrive();
  ({ page } = visitor);
  return visitor.open('ready', 'failed');
}

test('damaged files, checkpoints and other things: one sentence, and the model stays', async () => {
  await visit();
  await visitor.pick(softmax);
  const before = await visitor.evaluate();
  const whole = readFileSync(softmax);
  const write = (name, bytes) => {
    const path = join(directory, name);
    writeFileSync(path, bytes);
    return path;
  };
  const checkpoint = join(golden, 'checkpoints/tf2.8/legacy-adam');
  const cases = [
    [[write('short.h5', whole.subarray(0, whole.length / 2))], /CORRUPT_FILE.*Get the file anew/s],
    [[join(golden, 'files/tf2.21/bad-config.h5')], /not opened.*config/s],
    [[write('notes.txt', 'notes')], /expected a SavedModel, HDF5.*\(UNSUPPORTED\).*Drop or open/s],
    [
      ['cp.ckpt.index', 'cp.ckpt.data-00000-of-00001'].map((each) => join(checkpoint, each)),
      /a checkpoint, which holds weights alone/,
    ],
    [[join(golden, 'saved_models/tf2.8/moving/model/saved_model.pb')], /UNSUPPORTED|NOT_FOUND/],
  ];
  for (const [paths, sentence] of cases) {
    await page.setInputFiles('#pick-file', paths);
    await visitor.reads('#models-failure', sentence);
    assert.match(
      await visitor.text('#models-failure'),
      /Safe: the model of this page and its files are as they were/,
    );
    assert.equal(await visitor.text('#opened-title'), 'softmax-adam.h5');
  }
  await visitor.look('damaged');
  assert.deepEqual(await visitor.evaluate(), before);
  assert.equal(await visitor.phase('ready'), 'ready');
  assert.deepEqual(visitor.problems, []);
});

for (const [where, hold] of [
  [
    'while it is read',
    async () => {
      await page.evaluate(() => {
        const { arrayBuffer } = Blob.prototype;
        globalThis.reads = 0;
        Blob.prototype.arrayBuffer = async function () {
          globalThis.reads += 1;
          await new Promise((done) => (globalThis.release = done));
          return arrayBuffer.call(this);
        };
      });
      return async () => {
        await page.evaluate(() => globalThis.release());
        await page.waitForTimeout(200);
        assert.equal(await page.evaluate(() => globalThis.reads), 1, 'it is not read on');
      };
    },
  ],
  [
    'while the engine reads it',
    async () => {
      let release;
      const held = new Promise((done) => (release = done));
      await page.context().route('**/formats.js', async (route) => {
        await held;
        await route.continue();
      });
      return async () => {
        release();
        await page.waitForTimeout(500);
      };
    },
  ],
]) {
  test(`a load that is cancelled ${where} leaves everything as it was`, async () => {
    await visit();
    const release = await hold();
    const big = join(directory, 'big.h5');
    writeFileSync(big, Buffer.concat([readFileSync(softmax), Buffer.alloc(20 << 20)]));
    await page.setInputFiles('#pick-file', big);
    await page.locator('#transfer').waitFor();
    if (where === 'while it is read') await visitor.look('loading');
    await page.focus('#transfer-cancel');
    await page.keyboard.press('Enter');
    await visitor.reads('#models-said', /^Cancelled\. Everything is as it was\.$/);
    assert.ok(await page.locator('#transfer').isHidden());
    assert.equal(await page.evaluate(() => document.activeElement.id), 'open-file');
    await release();
    assert.ok(await page.locator('#opened').isHidden());
    assert.match(await visitor.text('#model-caption'), /^407,050 weights/);
    await page.fill('#epochs', '1');
    await page.click('#train');
    assert.equal(await visitor.phase('finished', 'failed'), 'finished');
    assert.deepEqual(visitor.problems, []);
  });
}
