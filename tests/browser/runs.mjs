// Runs of the page in browsers that a test starts and kills: the same few steps in Chromium and Firefox, whose
// tabs have `evaluate` in common.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { screenshots } from './harness.mjs';

export const EPOCHS = 4;

export const newProfile = () => mkdtempSync(join(tmpdir(), 'tabtrain-resume-'));

/** Polls the page until `body(argument)` gives something, and resolves to it. */
export async function until(tab, body, argument, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await tab.evaluate(body, argument);
    if (found) return found;
    if (Date.now() > deadline) {
      const state = await tab.evaluate(() =>
        [document.documentElement.dataset.phase, '#status', '#saved', '#failure']
          .map((each, i) => (i === 0 ? each : document.querySelector(each).textContent.trim()))
          .join(' | '),
      );
      throw new Error(`${body} does not hold for ${argument}: ${state}`);
    }
    await sleep(20);
  }
}

/** Waits until the page is in one of these phases, and says in which. */
export const phase = (tab, ...phases) =>
  until(
    tab,
    (wanted) => {
      const now = document.documentElement.dataset.phase;
      return wanted.includes(now) && now;
    },
    phases,
  );

export const text = (tab, selector) =>
  tab.evaluate((at) => document.querySelector(at).textContent.trim(), selector);

export const click = (tab, selector) =>
  tab.evaluate((at) => document.querySelector(at).click(), selector);

/** A browser on a profile, with the page open. */
export async function open(start, profile, url, ...phases) {
  const browser = await start(profile);
  await browser.connect();
  const tab = await browser.open(url);
  return { browser, tab, at: await phase(tab, ...phases) };
}

/** Begins to train, by the page's own controls. */
export const begin = (tab, epochs = EPOCHS) =>
  tab.evaluate((count) => {
    const set = (id, value) => {
      const control = document.getElementById(id);
      control.value = value;
      control.dispatchEvent(new Event('change', { bubbles: true }));
    };
    set('digits', '5000');
    set('epochs', String(count));
    document.getElementById('train').click();
  }, epochs);

/** Waits for a state that is saved in this epoch or a later one, in the middle of it; resolves to its place. */
export const saved = (tab, epoch) =>
  until(
    tab,
    (wanted) => {
      const line = document.querySelector('#saved').textContent;
      const [, at, step] = /^Saved at epoch (\d+), step (\d+),/.exec(line) ?? [];
      return Number(at) >= wanted && Number(step) > 0 && { epoch: Number(at), step: Number(step) };
    },
    epoch,
  );

/** The hash of a checkpoint's tensors, as IndexedDB has them. */
export const finalHash = (tab, epoch = EPOCHS) =>
  tab.evaluate(async (at) => {
    const settled = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await settled(indexedDB.open('/tabtrain/training_1'));
    const path = `/tabtrain/training_1/cp-000${at}.ckpt.data-00000-of-00001`;
    const files = database.transaction('FILE_DATA').objectStore('FILE_DATA');
    const { contents } = await settled(files.get(path));
    database.close();
    const digest = await crypto.subtle.digest('SHA-256', contents);
    return [...new Uint8Array(digest)].join();
  }, epoch);

/**
 * Hashes of the two charts' pixels, once they have come to rest: a redraw waits up to 100 ms. Firefox encodes
 * the same pixels as other files each time.
 */
export async function curves(tab) {
  await sleep(400);
  return tab.evaluate(() =>
    [...document.querySelectorAll('.chart canvas')].map((chart) => {
      const { data } = chart.getContext('2d').getImageData(0, 0, chart.width, chart.height);
      // FNV-1a
      let hash = 0x811c9dc5;
      for (let i = 0; i < data.length; ++i) hash = Math.imul(hash ^ data[i], 0x01000193) >>> 0;
      return `${chart.width} x ${chart.height}: ${hash}`;
    }),
  );
}

/** The hash that a run gives which nobody disturbs. */
export async function undisturbedHash(start, url, epochs = EPOCHS) {
  const { browser, tab } = await open(start, newProfile(), url, 'ready');
  await begin(tab, epochs);
  const end = await phase(tab, 'finished', 'failed');
  if (end !== 'finished') throw new Error(await text(tab, '#failure'));
  const hash = await finalHash(tab, epochs);
  await browser.kill();
  return hash;
}

/** Screenshots of a page of Playwright's, for a person to look at: light, dark, and on a phone. */
export async function picture(page, name) {
  if (!page.screenshot) return;
  await page.bringToFront();
  for (const [look, width, height, colorScheme] of [
    ['light', 1280, 800, 'light'],
    ['dark', 1280, 800, 'dark'],
    ['phone', 390, 1600, 'light'],
  ]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await sleep(200);
    await page.screenshot({ path: join(screenshots, `${name}-${look}.png`) });
  }
  await page.emulateMedia({ colorScheme: null });
}
