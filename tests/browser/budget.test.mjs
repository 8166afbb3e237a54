// What the page may cost: bytes, time to the first paint, and tasks on the main thread.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { serve } from '../../web/serve.mjs';
import { recordMainThread, Visitor } from './harness.mjs';

const built = join(import.meta.dirname, '../../dist-page');
let server;
let visitor;

before(async () => {
  server = await serve({ port: 0 });
  visitor = new Visitor(server.url);
  await visitor.start();
});

after(async () => {
  await visitor?.leave();
  await server?.close();
});

test('the page is at most 60 kB gzip beside the package', (t) => {
  const files = readdirSync(built).filter((name) => /\.(js|css|html)$/.test(name));
  const sizes = files.map((name) => gzipSync(readFileSync(join(built, name))).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  t.diagnostic(`${files.map((name, i) => `${name} ${sizes[i]}`).join(', ')}: ${total} bytes`);
  assert.ok(files.includes('main.js') && files.includes('index.html'));
  assert.ok(total <= 60_000);
});

/** No task of ours over 50 ms, loading and training on all of MNIST included. */
test('no task on the main thread takes 50 ms', async (t) => {
  const { page } = visitor;
  let stop = await recordMainThread(page);
  await visitor.open('ready');
  const loading = await stop();
  t.diagnostic(
    `loading: ${loading
      .slice(0, 5)
      .map((ms) => ms.toFixed(1))
      .join(', ')} ms`,
  );
  assert.ok(loading.length > 50, 'tasks were recorded');
  assert.ok(loading[0] <= 50);

  await page.selectOption('#digits', '60000');
  await page.selectOption('#batch-size', '256');
  stop = await recordMainThread(page);
  await page.click('#train');
  await visitor.reads('#number-batch', /^[2-9]\d of 235/);
  await page.locator('#gallery button').first().click();
  await visitor.reads('#gallery-summary', /right in epoch 1, batch \d+/);
  await visitor.reads('#number-batch', /^1\d\d of 235/);
  await page.click('#stop');
  await visitor.phase('stopped');
  const training = await stop();
  t.diagnostic(
    `training: ${training
      .slice(0, 5)
      .map((ms) => ms.toFixed(1))
      .join(', ')} ms`,
  );
  assert.ok(training.length > 50, 'tasks were recorded');
  assert.ok(training[0] <= 50);
  assert.deepEqual(visitor.problems, []);
});
