// The page's other states: by keyboard alone, on a phone, dark, without data, without storage, with a damaged file.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { serve } from '../../web/serve.mjs';
import { Visitor } from './harness.mjs';

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

/** Trains until so many epochs are done. */
async function trainTo(page, epochs) {
  await page.fill('#epochs', String(epochs));
  await page.click('#train');
  await visitor.phase('finished');
}

/** Presses Tab until the wanted element has the focus, which must be visible on each stop. */
async function tabTo(page, id) {
  for (let stops = 0; stops < 40; stops++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const { id, parentElement } = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return { id, parent: parentElement?.id, outline: `${outlineStyle} ${outlineWidth}` };
    });
    assert.equal(at.outline, 'solid 2px', `focus on ${JSON.stringify(at)} is visible`);
    if (at.id === id || at.parent === id) return;
  }
  assert.fail(`Tab does not reach #${id}`);
}

test('everything works by keyboard alone', async () => {
  const page = await visit();
  await visitor.open('ready');
  await tabTo(page, 'digits');
  await page.keyboard.type('5');
  assert.equal(await page.inputValue('#digits'), '5000');
  await tabTo(page, 'epochs');
  await page.keyboard.type('30');
  await tabTo(page, 'train');
  assert.equal(await visitor.text('#train'), 'Train');
  await page.keyboard.press('Enter');
  await visitor.phase('training');
  const focused = () => page.evaluate(() => document.activeElement.id);
  assert.equal(await focused(), 'pause', 'the focus is not lost with the button');
  await visitor.reads('#number-epoch', /^2 of 30/);
  await page.keyboard.press('Space');
  await visitor.phase('paused');
  await page.keyboard.press('Space');
  await visitor.phase('training');

  await tabTo(page, 'gallery');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await visitor.reads('#verdict', /^Test digit 14, a 0: looks like/);
  await visitor.screenshot('keyboard');

  await page.locator('#pause').focus();
  await tabTo(page, 'stop');
  await page.keyboard.press('Enter');
  await visitor.phase('stopped');
  assert.equal(await focused(), 'train');
  await tabTo(page, 'files-zip');
  await tabTo(page, 'delete-all');
  await page.keyboard.press('Tab');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.keyboard.press('Enter'),
  ]);
  assert.match(download.suggestedFilename(), /^cp-\d+\.ckpt\.data-00000-of-00001$/);
  assert.deepEqual(visitor.problems, []);
});

for (const colorScheme of ['light', 'dark']) {
  test(`on a phone, ${colorScheme}: one column, by touch`, async () => {
    const page = await visit({
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
      colorScheme,
    });
    await visitor.open('ready');
    await visitor.screenshot(`phone-${colorScheme}-ready`);
    await page.tap('#train');
    await visitor.phase('finished');
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    const pad = page.locator('#pad');
    await pad.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await pad.boundingBox();
    const touch = await page.context().newCDPSession(page);
    const at = (type, share) =>
      touch.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: type === 'touchEnd' ? [] : [{ x: x + width / 2, y: y + height * share }],
      });
    await at('touchStart', 0.15);
    for (const share of [0.3, 0.45, 0.6, 0.75, 0.85]) await at('touchMove', share);
    await at('touchEnd');
    await visitor.reads('#verdict', /^Looks like a \d/);
    assert.deepEqual(await page.evaluate(() => [scrollX, scrollY]).then(([left]) => left), 0);
    await visitor.screenshot(`phone-${colorScheme}-finished`, { fullPage: true });
    assert.deepEqual(visitor.problems, []);
  });

  test(`text has contrast, ${colorScheme}`, async () => {
    const page = await visit({ colorScheme });
    await visitor.open('ready');
    const ratios = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const luminance = (name) => {
        const hex = style.getPropertyValue(name).trim();
        const [r, g, b] = [1, 3, 5]
          .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
          .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const pairs = [
        ...['--text', '--muted', '--accent', '--alarm'].flatMap((ink) =>
          ['--page', '--surface', '--sunken'].map((paper) => [ink, paper]),
        ),
        ['--on-accent', '--accent'],
        ['--accent', '--accent-wash'],
        ['--muted', '--accent-wash'],
        ['--alarm', '--alarm-wash'],
        ['--text', '--alarm-wash'],
      ];
      return pairs.map(([ink, paper]) => {
        const [low, high] = [luminance(ink), luminance(paper)].sort((a, b) => a - b);
        return [`${ink} on ${paper}`, (high + 0.05) / (low + 0.05)];
      });
    });
    for (const [pair, ratio] of ratios) assert.ok(ratio >= 4.5, `${pair}: ${ratio.toFixed(2)}`);
    await visitor.screenshot(`desktop-${colorScheme}-ready`, { fullPage: true });
  });
}

test('without data: says so next to it, and tries again', async () => {
  const page = await visit();
  await page.route('**/data/**', (route) => route.abort());
  await page.goto(visitor.url);
  await visitor.phase('failed');
  assert.match(
    await visitor.text('#failure'),
    /MNIST could not be loaded.*\(NOT_FOUND\).*Safe: .*Try again/s,
  );
  assert.ok(await page.locator('#train').isDisabled());
  await visitor.screenshot('without-data');
  await page.unroute('**/data/**');
  await page.click('#retry');
  await visitor.phase('ready');
  assert.ok(await page.locator('#failure').isHidden());
});

test('without the engine: says so, and offers nothing that needs it', async () => {
  const page = await visit();
  await page.context().route('**/*.wasm', (route) => route.abort());
  await page.goto(visitor.url);
  await visitor.reads('#data-line', /60,000 .* 10,000/);
  await visitor.reads('#failure', /The engine could not start.*\(NOT_FOUND\).*Reload the page/);
  await page.waitForTimeout(500);
  assert.equal(await visitor.phase('failed'), 'failed');
  assert.match(await visitor.text('#failure'), /The engine could not start/);
  assert.ok(await page.locator('#train').isDisabled());
  await visitor.screenshot('without-engine');
  const uncaught = visitor.problems.filter((problem) => problem.startsWith('uncaught'));
  assert.deepEqual(uncaught, []);
});

test('the engine is lost while training: the newest checkpoint comes back, and it goes on', async () => {
  const page = await visit();
  await page.addInitScript(() => {
    const Original = Worker;
    globalThis.Worker = class extends Original {
      constructor(...given) {
        super(...given);
        globalThis.engineWorker = this;
      }
    };
  });
  await visitor.open('ready');
  await trainTo(page, 2);
  await page.fill('#epochs', '40');
  await page.click('#train');
  await visitor.reads('#number-batch', /^\d+ of 32/);
  await page.evaluate(() => globalThis.engineWorker.terminate());
  await visitor.phase('failed');
  const label = await visitor.text('#train');
  const [, next] = /^Train epochs (\d+) to 40$/.exec(label);
  assert.ok(next >= 3, label);
  assert.match(await visitor.text('#failure'), /Training stopped: the worker died.*Safe: cp-00/s);
  await visitor.screenshot('engine-lost');
  await page.click('#train');
  await visitor.reads('#announcer', new RegExp(`^Epoch ${Number(next) + 1} of 40: test accuracy`));
  assert.ok(Number(await visitor.text('#number-accuracy')) > 0.75);
  assert.deepEqual(visitor.problems, []);
});

test('without IndexedDB: says that files go with the tab, and trains', async () => {
  const page = await visit();
  await page.context().route('**/worker.js', async (route) => {
    const response = await route.fetch();
    const body = `Object.defineProperty(globalThis, 'indexedDB', { value: undefined });\n${await response.text()}`;
    await route.fulfill({ response, body });
  });
  await visitor.open('ready');
  assert.ok(await page.locator('#no-storage').isVisible());
  await page.fill('#epochs', '2');
  await page.click('#train');
  await visitor.phase('finished');
  await page.locator('#files-rows tr').first().waitFor();
  await visitor.screenshot('without-storage');
  assert.deepEqual(visitor.problems, []);
});

test('a second tab watches and answers, and goes on when the first one is closed', async () => {
  const first = await visit();
  await visitor.open('ready');
  await trainTo(first, 2);
  const second = await visitor.openTab('elsewhere', 'restored', 'failed');
  assert.equal(second, 'elsewhere');
  const { page } = visitor;
  assert.match(
    await visitor.text('#status'),
    /^The page is open in another tab, which has the files.*cp-0002\.ckpt/,
  );
  await page.locator('#files-rows .delete').first().waitFor();
  for (const control of ['#start-over', '#digits', '#delete-all', '#files-rows .delete >> nth=0']) {
    assert.ok(await page.locator(control).isDisabled(), control);
  }
  assert.ok(await page.locator('#train').isHidden());
  assert.ok(await page.locator('#take-over').isEnabled());
  await page.locator('#gallery button').first().click();
  await visitor.reads('#verdict', /^Test digit 1, a 7: looks like/);
  await visitor.screenshot('second-tab');

  await first.close();
  assert.equal(await visitor.phase('restored', 'failed'), 'restored');
  assert.match(await visitor.text('#status'), /^Restored from cp-0002\.ckpt/);
  await trainTo(page, 3);
  assert.match(await visitor.text('#number-epoch'), /^3 of 3$/);
  assert.deepEqual(visitor.problems, []);
});

test('a damaged newest checkpoint: the one before it comes back, and it says why', async () => {
  const page = await visit();
  await visitor.open('ready');
  await page.fill('#epochs', '3');
  await page.click('#train');
  await visitor.phase('finished');
  await page.evaluate(async () => {
    const result = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await result(indexedDB.open('/tabtrain/training_1'));
    const store = database.transaction('FILE_DATA', 'readwrite').objectStore('FILE_DATA');
    const key = (await result(store.getAllKeys())).find((path) => /cp-0003.*data/.test(path));
    const file = await result(store.get(key));
    file.contents = file.contents.slice(0, 1000);
    await result(store.put(file, key));
    database.close();
  });
  await page.reload();
  assert.equal(await visitor.phase('restored', 'failed', 'ready'), 'restored');
  assert.match(
    await visitor.text('#status'),
    /^Restored from cp-0002\.ckpt: test accuracy [\d.]+, as when it was saved\. Training goes on with epoch 3\. .*cp-0003\.ckpt: /,
  );
  await visitor.screenshot('damaged');
  await page.click('#train');
  await visitor.phase('finished');
  assert.match(await visitor.text('#number-epoch'), /^3 of 3$/);
  assert.deepEqual(visitor.problems, []);
});
