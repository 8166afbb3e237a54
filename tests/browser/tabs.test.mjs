// Several tabs of the page: one has the files, another takes them over by a button or when the first one dies,
// hidden and frozen ones go on. The bits are always those of a run that nobody disturbed.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../../web/serve.mjs';
import { startChromium } from '../chromium.mjs';
import { removeDirectory } from '../processes.mjs';
import {
  begin,
  click,
  curves,
  finalHash,
  newProfile,
  open,
  phase,
  picture,
  saved,
  text,
  undisturbedHash,
  until,
} from './runs.mjs';

const EPOCHS = 9;

let server;
let url;
let expected;
let profile;
let browser;

before(async () => {
  server = await serve({ port: 0 });
  url = `${server.url}?seed=7`;
  expected = await undisturbedHash(startChromium, url, EPOCHS);
});

afterEach(async () => {
  await browser?.kill();
  removeDirectory(profile);
});

after(() => server?.close());

/** A tab that trains, with a state saved in the middle of its second epoch or later. */
async function training() {
  profile = newProfile();
  const first = await open(startChromium, profile, url, 'ready');
  browser = first.browser;
  await begin(first.tab, EPOCHS);
  await saved(first.tab, 1);
  return first.tab;
}

/** One more tab of the page, which looks on. */
async function lookOn() {
  const tab = await browser.open(url);
  assert.equal(await phase(tab, 'elsewhere', 'ready', 'restored', 'failed'), 'elsewhere');
  await until(tab, () =>
    /^Training runs in another tab, at epoch \d+ of 9, step \d+\./.test(
      document.querySelector('#status').textContent,
    ),
  );
  return tab;
}

const isOver = async (tab) => {
  assert.equal(await phase(tab, 'finished', 'failed'), 'finished', await text(tab, '#failure'));
  assert.equal(await finalHash(tab, EPOCHS), expected);
};

test('a second tab says that training runs elsewhere, follows it and takes it over by a button', async () => {
  const first = await training();
  const second = await lookOn();
  assert.ok(await second.locator('#train').isHidden());
  assert.ok(await second.locator('#delete-all').isDisabled());
  const before = await curves(second);
  const place = await text(second, '#number-batch');
  await until(
    second,
    (seen) => document.querySelector('#number-batch').textContent !== seen,
    place,
  );
  assert.notDeepEqual(await curves(second), before, 'its curves grow');
  await picture(second, 'second-tab');

  await click(second, '#take-over');
  await phase(first, 'elsewhere');
  await phase(second, 'training', 'finished');
  await until(first, () =>
    /^Training runs in another tab/.test(document.querySelector('#status').textContent),
  );
  await picture(first, 'let-go');
  // And back again.
  await click(first, '#take-over');
  await phase(second, 'elsewhere');
  await isOver(first);
});

test('a second tab takes over by itself within a second when the first one dies', async (t) => {
  const first = await training();
  const second = await lookOn();
  const at = await text(second, '#number-batch');
  const closed = performance.now();
  await first.close();
  await phase(second, 'preparing', 'training');
  const took = performance.now() - closed;
  t.diagnostic(`${took.toFixed(0)} ms, at batch ${at}`);
  await isOver(second);
  assert.ok(took < 1000, `${took.toFixed(0)} ms`);
});

test('of three tabs the one that asked has it, also where another waits longer', async () => {
  const first = await training();
  const second = await lookOn();
  const third = await lookOn();
  await click(third, '#take-over');
  await phase(first, 'elsewhere');
  await phase(third, 'preparing', 'training');
  assert.equal(await phase(second, 'elsewhere', 'preparing', 'training'), 'elsewhere');
  await isOver(third);
});

test('a paused run whose tab is closed goes on elsewhere after the countdown only', async () => {
  const first = await training();
  const second = await lookOn();
  await click(first, '#pause');
  await until(second, () => /is paused in another/.test(document.querySelector('#status').textContent)); // prettier-ignore
  await first.close();
  assert.equal(await phase(second, 'interrupted', 'training'), 'interrupted');
  await isOver(second);
});

test('a hidden tab goes on, a frozen one goes on when it comes back', async (t) => {
  const tab = await training();
  const session = await tab.context().newCDPSession(tab);
  const steps = () => text(tab, '#saved');
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await sleep(1500);
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  const then = await steps();
  await until(tab, (before) => document.querySelector('#saved').textContent !== before, then);
  // A tab behind another one paints nothing.
  await tab.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
    Object.defineProperty(document, 'hidden', { value: true });
    globalThis.requestAnimationFrame = () => 0;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  t.diagnostic(then);
  await isOver(tab);
});

test('a page that is left by a link and come back to goes on', async () => {
  const tab = await training();
  await tab.goto(`${server.url}tabtrain/worker.js`);
  await sleep(500);
  // A page that the browser kept loads nothing when it comes back.
  await tab.goBack({ waitUntil: 'commit' });
  await phase(tab, 'interrupted', 'training', 'finished');
  await isOver(tab);
});
