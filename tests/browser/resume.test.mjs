// The browser is killed in the middle of an epoch: opened again, the page goes on by itself and ends with
// the bits of a run that nobody disturbed.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '../../web/serve.mjs';
import { startChromium } from '../chromium.mjs';
import { removeDirectory } from '../processes.mjs';
import { screenshots } from './harness.mjs';

const EPOCHS = 4;

let server;
before(async () => {
  server = await serve({ port: 0 });
});
after(() => server?.close());

const phase = async (page, ...phases) => {
  const found = await page.waitForFunction(
    (wanted) => {
      const now = document.documentElement.dataset.phase;
      return wanted.includes(now) && now;
    },
    phases,
    { timeout: 120_000 },
  );
  return found.jsonValue();
};

/** A browser on a profile, with the page open. */
async function open(profile, ...phases) {
  const browser = await startChromium(profile);
  await browser.connect();
  const page = await browser.open(`${server.url}?seed=5`);
  return { browser, page, at: await phase(page, ...phases) };
}

async function begin(page) {
  await page.selectOption('#digits', '5000');
  await page.fill('#epochs', String(EPOCHS));
  await page.click('#train');
}

/** The hash of the last checkpoint's tensors, as IndexedDB has them. */
function finalHash(page) {
  return page.evaluate(async (epochs) => {
    const opened = indexedDB.open('/tabtrain/training_1');
    await new Promise((done) => (opened.onsuccess = done));
    const path = `/tabtrain/training_1/cp-000${epochs}.ckpt.data-00000-of-00001`;
    const got = opened.result.transaction('FILE_DATA').objectStore('FILE_DATA').get(path);
    await new Promise((done) => (got.onsuccess = done));
    opened.result.close();
    const digest = await crypto.subtle.digest('SHA-256', got.result.contents);
    return [...new Uint8Array(digest)].join();
  }, EPOCHS);
}

const newProfile = () => mkdtempSync(join(tmpdir(), 'tabtrain-resume-'));
const stateIsSaved = (page, epoch) =>
  page.waitForFunction(
    (wanted) => {
      const [, at, step] =
        /^Saved at epoch (\d+), step (\d+),/.exec(document.querySelector('#saved').textContent) ??
        [];
      return Number(at) >= wanted && Number(step) > 0;
    },
    epoch,
    { timeout: 120_000 },
  );

test('killed in the middle of an epoch, it goes on by itself to the very same bits', async () => {
  const undisturbed = newProfile();
  const first = await open(undisturbed, 'ready');
  await begin(first.page);
  assert.equal(await phase(first.page, 'finished', 'failed'), 'finished');
  const expected = await finalHash(first.page);
  await first.browser.kill();
  removeDirectory(undisturbed);

  const profile = newProfile();
  const killed = await open(profile, 'ready');
  await begin(killed.page);
  await stateIsSaved(killed.page, 2);
  await killed.browser.kill();

  const second = await open(profile, 'interrupted', 'restored', 'ready');
  assert.equal(second.at, 'interrupted');
  assert.match(await second.page.textContent('#status'), /Going on from there in \d s/);
  await second.page.screenshot({ path: join(screenshots, 'interrupted.png') });
  assert.equal(await phase(second.page, 'training', 'failed'), 'training');
  assert.equal(await phase(second.page, 'finished', 'failed'), 'finished');
  assert.equal(await finalHash(second.page), expected);
  // Nothing is left to go on from.
  await second.page.reload();
  assert.equal(await phase(second.page, 'interrupted', 'restored', 'ready'), 'restored');
  await second.browser.kill();
  removeDirectory(profile);
});

test('the countdown can be cancelled; Train goes on from there', async () => {
  const profile = newProfile();
  const killed = await open(profile, 'ready');
  await begin(killed.page);
  await stateIsSaved(killed.page, 1);
  await killed.browser.kill();

  const { browser, page } = await open(profile, 'interrupted');
  await page.click('#wait');
  assert.match(await phase(page, 'restored', 'ready', 'training'), /restored|ready/);
  await page.waitForTimeout(3500);
  assert.match(await phase(page, 'restored', 'ready', 'training'), /restored|ready/);
  assert.equal(await page.inputValue('#digits'), '5000');
  await page.click('#train');
  await stateIsSaved(page, 1);
  assert.equal(await phase(page, 'finished', 'failed'), 'finished');
  await browser.kill();
  removeDirectory(profile);
});
