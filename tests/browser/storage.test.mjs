// What the page says of storage, and what it does where there is little, none, or damaged files.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { serve } from '../../web/serve.mjs';
import { startChromium } from '../chromium.mjs';
import { removeDirectory } from '../processes.mjs';
import { Visitor } from './harness.mjs';
import { begin, click, newProfile, open, phase, picture, saved, text } from './runs.mjs';

let server;
let visitor;

before(async () => {
  server = await serve({ port: 0 });
});

afterEach(async () => {
  await visitor?.leave();
  visitor = null;
});

after(() => server?.close());

async function visit(options) {
  visitor = new Visitor(server.url, options);
  await visitor.start();
  return visitor.page;
}

/** Names of the origin's databases and how many records are in them. */
const databases = (page) =>
  page.evaluate(async () => {
    const found = {};
    for (const { name } of await indexedDB.databases()) {
      const opened = indexedDB.open(name);
      await new Promise((done) => (opened.onsuccess = done));
      const stores = [...opened.result.objectStoreNames];
      let records = 0;
      for (const store of stores) {
        const count = opened.result.transaction(store).objectStore(store).count();
        await new Promise((done) => (count.onsuccess = done));
        records += count.result;
      }
      opened.result.close();
      found[name] = records;
    }
    return found;
  });

/** Lets the origin use this much more, or as much as ever. */
async function limit(page, more) {
  const { usage } = await page.evaluate(() => navigator.storage.estimate());
  const session = await page.context().newCDPSession(page);
  const origin = new URL(server.url).origin;
  const quota = more === null ? {} : { quotaSize: Math.max(1, usage + more) };
  await session.send('Storage.overrideQuotaForOrigin', { origin, ...quota });
  return () => session.detach();
}

test('what is stored is told; everything is deleted after an answer in the page', async () => {
  const page = await visit();
  await visitor.open('ready');
  const fresh = await databases(page);
  const usage = () => page.evaluate(async () => (await navigator.storage.estimate()).usage);
  const asNew = {
    storage: await visitor.text('#storage-parts'),
    curves: await visitor.curves(),
  };
  assert.match(asNew.storage, /^Nothing is stored yet\. In this browser’s IndexedDB/);
  assert.match(
    await visitor.text('#storage-line'),
    /^[\d.]+ k?B of [\d.]+ GB used · (may be evicted|kept by the browser)/,
  );
  await page.fill('#epochs', '3');
  await page.click('#train');
  await visitor.phase('finished');
  await visitor.reads('#storage-line', /^[\d.]+ MB of [\d.]+ GB used · /);
  await visitor.reads('#storage-parts', /^Checkpoints 14\.\d MB\. /);
  if (await page.locator('#persist').isVisible()) {
    await page.click('#persist');
    await visitor.reads('#persist-answer', /does not promise it|^$/);
  }
  const before = await usage();
  assert.ok(before > 10e6);
  await visitor.screenshot('storage', { fullPage: true });

  await page.click('#delete-all');
  assert.match(await visitor.text('#delete-question'), /^Delete all .*\(14\.\d MB\)\?/);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'delete-no');
  await visitor.screenshot('delete-everything', { fullPage: true });
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#delete-confirm').isHidden());
  assert.equal(await page.locator('#files-rows tr').count(), 8);
  await page.click('#delete-all');
  await Promise.all([page.waitForEvent('load'), page.click('#delete-yes')]);
  assert.equal(await visitor.phase('ready', 'restored', 'interrupted', 'failed'), 'ready');
  assert.deepEqual(await databases(page), fresh);
  assert.deepEqual(Object.values(fresh), [0]);
  assert.ok((await usage()) < before / 2, 'the room is free again');
  assert.equal(await page.inputValue('#epochs'), '10');
  assert.equal(await visitor.text('#train'), 'Train');
  await visitor.reads('#storage-parts', /^Nothing is stored yet/);
  assert.deepEqual(await visitor.curves(), asNew.curves);
  assert.ok(await page.locator('#files-empty').isVisible());
  assert.deepEqual(visitor.problems, []);
});

test('a full disk: said beside the controls, trained on without saving, saved later', async () => {
  const page = await visit();
  await visitor.open('ready');
  await page.fill('#epochs', '40');
  const unlimit = await limit(page, 3_000_000);
  await page.click('#train');
  assert.equal(await visitor.phase('failed', 'finished'), 'failed');
  assert.match(
    await visitor.text('#failure'),
    /no more room for this page, so nothing more can be saved \(QUOTA_EXCEEDED\).*Free space.*go on without saving/s,
  );
  await page.fill('#epochs', '6');
  await page.click('#unsaved');
  assert.equal(await visitor.phase('training', 'failed'), 'training');
  assert.match(await visitor.text('#saved'), /^Not saved .*lost when this tab is closed/);
  assert.equal(await visitor.phase('finished', 'failed'), 'finished');
  assert.ok(Number(await visitor.text('#number-accuracy')) > 0.8);
  assert.equal(await page.locator('#files-rows tr').filter({ hasText: 'cp-0006' }).count(), 0);

  // Still full: said again, and what was trained is still in the tab.
  await page.click('#save-now');
  assert.equal(await visitor.phase('failed'), 'failed');
  assert.match(await visitor.text('#failure'), /QUOTA_EXCEEDED/);
  await limit(page, null);
  await unlimit();
  await page.click('#save-now');
  await visitor.reads('#saved', /^Saved after epoch 6/);
  await page.locator('#files-rows tr').filter({ hasText: 'cp-0006' }).first().waitFor();
  const accuracy = await visitor.text('#number-accuracy');
  await page.reload();
  assert.equal(await visitor.phase('restored', 'ready', 'interrupted', 'failed'), 'restored');
  assert.equal(await visitor.text('#number-accuracy'), accuracy);
});

test('a disk that fills up in the middle of a run: it goes on from the last saved state', async () => {
  let page = await visit();
  await visitor.open('ready');
  await page.selectOption('#digits', '5000');
  await page.fill('#epochs', '4');
  await page.click('#train');
  await visitor.reads('#saved', /^Saved at epoch [1-9], step [1-9]/);
  // An open database goes by the room that there was; a browser that begins asks anew.
  await visitor.quit();
  await visitor.start();
  ({ page } = visitor);
  await page.goto(`${server.url}tabtrain/worker.js`);
  await limit(page, -1_000_000);
  await page.goto(server.url);
  await visitor.phase('interrupted');
  await page.click('#train');
  assert.equal(await visitor.phase('failed', 'finished'), 'failed');
  assert.match(await visitor.text('#failure'), /Safe: the run up to epoch \d, step \d+/);
  await picture(page, 'full-disk');
  await page.click('#unsaved');
  await visitor.phase('training');
  assert.equal(await visitor.phase('finished', 'failed'), 'finished');
  assert.match(await visitor.text('#number-epoch'), /^4 of 4$/);
  await picture(page, 'unsaved');
});

for (const [name, script] of [
  ['none', `Object.defineProperty(globalThis, 'indexedDB', { value: undefined });`],
  [
    'denied',
    `IDBFactory.prototype.open = IDBFactory.prototype.databases = () => {
       throw new DOMException('The user denied permission to access the database.', 'SecurityError');
     };`,
  ],
]) {
  test(`no storage (${name}): says what it means and what to do, and trains`, async () => {
    const page = await visit();
    await page.context().route('**/worker.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${script}\n${await response.text()}` });
    });
    await visitor.open('ready');
    assert.match(
      await visitor.text('#no-storage'),
      /no storage.*Training works.*gone when this tab is closed.*download.*normal window/s,
    );
    assert.match(await visitor.text('#no-storage-reason'), /memory only/);
    await page.fill('#epochs', '2');
    await page.click('#train');
    await visitor.phase('training', 'finished');
    assert.match(await visitor.text('#saved'), /^In this tab’s memory only: download/);
    await visitor.phase('finished');
    await page.locator('#files-rows tr').first().waitFor();
    await visitor.reads('#storage-line', /in this tab’s memory only/);
    await picture(page, `no-storage-${name}`);
    await page.click('#delete-all');
    await Promise.all([page.waitForEvent('load'), page.click('#delete-yes')]);
    assert.equal(await visitor.phase('ready', 'restored', 'failed'), 'ready');
    assert.deepEqual(visitor.problems, []);
  });
}

/** Changes this bit of a byte in each of the newest `count` states of the run. */
const damage = (page, count, bit) =>
  page.evaluate(
    async ([most, mask]) => {
      const settled = (request) =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const database = await settled(indexedDB.open('/tabtrain/training_state'));
      const files = database.transaction('FILE_DATA', 'readwrite').objectStore('FILE_DATA');
      const states = (await settled(files.getAllKeys())).filter((path) => /state-\d+/.test(path));
      for (const path of states.slice(-most)) {
        const file = await settled(files.get(path));
        file.contents[file.contents.length - 9] ^= mask;
        await settled(files.put(file, path));
      }
      database.close();
      return states.slice(-most);
    },
    [count, bit],
  );

test('a damaged state: said which file, the older one or the checkpoint is taken', async () => {
  const profile = newProfile();
  let { browser, tab } = await open(startChromium, profile, server.url, 'ready');
  try {
    await begin(tab);
    await saved(tab, 2);
    await browser.kill();
    // On a page that has nothing to do with it: ours would go on.
    const corrupt = async (count, bit) => {
      browser = await startChromium(profile);
      await browser.connect();
      tab = await browser.open(`${server.url}tabtrain/worker.js`);
      return damage(tab, count, bit);
    };
    const [newest] = await corrupt(1, 1);
    await tab.goto(server.url);
    assert.equal(await phase(tab, 'interrupted', 'restored', 'failed'), 'interrupted');
    const name = newest.split('/').pop();
    assert.match(
      await text(tab, '#warning'),
      new RegExp(`^Damaged: .*${name}.*checksum.*The state saved before it was taken\\.`),
    );
    await click(tab, '#wait');
    await phase(tab, 'restored');
    await picture(tab, 'damaged-state');
    await browser.kill();

    const all = await corrupt(9, 2);
    await tab.goto(server.url);
    assert.equal(await phase(tab, 'interrupted', 'restored', 'failed'), 'restored');
    const warning = await text(tab, '#warning');
    assert.match(warning, /training goes on from the newest checkpoint/);
    for (const path of all) assert.ok(warning.includes(path.split('/').pop()), warning);
    assert.match(await text(tab, '#status'), /^Restored from cp-000\d\.ckpt/);
    await picture(tab, 'damaged-states');
    await click(tab, '#train');
    assert.equal(await phase(tab, 'finished', 'failed'), 'finished');
  } finally {
    await browser.kill();
    removeDirectory(profile);
  }
});
