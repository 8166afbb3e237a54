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

/** A browser that was never here, in the place of one that was. */
async function renewVisitor() {
  await visitor?.leave();
  visitor = new Visitor(server.url);
  await visitor.start();
}

before(async () => {
  server = await serve({ port: 0 });
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

/** The longest tasks of the main thread while `run` runs, in milliseconds. */
async function tasksOf(t, what, run) {
  const stop = await recordMainThread(visitor.page);
  await run();
  const tasks = await stop();
  const longest = tasks.slice(0, 5).map((ms) => ms.toFixed(1));
  t.diagnostic(`${what}: ${longest.join(', ')} ms`);
  assert.ok(tasks.length > 50, 'tasks were recorded');
  return tasks.slice(0, 5);
}

/**
 * Loading and training on all of MNIST, by at most three browsers that were never here before: a task of ours that
 * takes long does so in each of them, one that only the machine stops on its way does not.
 */
test('no task on the main thread takes 50 ms', async (t) => {
  let longest = Infinity;
  for (let i = 0; i < 3 && longest > 50; ++i) {
    await renewVisitor();
    longest = Math.max(...(await loadAndTrain(t)));
    assert.deepEqual(visitor.problems, []);
  }
  assert.ok(longest <= 50, `a task took ${longest} ms`);
});

async function loadAndTrain(t) {
  const loading = await tasksOf(t, 'loading', () => visitor.open('ready'));
  const { page } = visitor;
  await page.selectOption('#digits', '60000');
  await page.selectOption('#batch-size', '256');
  const training = await tasksOf(t, 'training', async () => {
    await page.click('#train');
    await visitor.reads('#number-batch', /^[2-9]\d of 235/);
    await page.locator('#gallery button').first().click();
    await visitor.reads('#gallery-summary', /right in epoch 1, batch \d+/);
    await visitor.reads('#number-batch', /^1\d\d of 235/);
    await page.click('#stop');
    await visitor.phase('stopped');
  });
  return [...loading, ...training];
}
