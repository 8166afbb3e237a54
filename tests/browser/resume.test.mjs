// The browser is killed in the middle of an epoch: opened again, the page shows the run as it was, goes on by
// itself and ends with the bits of a run that nobody disturbed. In Chromium and in Firefox.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureTools } from '../../emscripten/toolchain/host.mjs';
import { serve } from '../../web/serve.mjs';
import { startChromium } from '../chromium.mjs';
import { startFirefox } from '../firefox.mjs';
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

let server;
let url;
before(async () => {
  server = await serve({ port: 0 });
  url = `${server.url}?seed=5`;
});
after(() => server?.close());

for (const [name, tool, start] of [
  ['Chromium', 'chromium', startChromium],
  ['Firefox', 'firefox', startFirefox],
]) {
  describe(name, () => {
    before(() => ensureTools(tool));

    test('killed in the middle of an epoch, it goes on by itself to the very same bits', async () => {
      const expected = await undisturbedHash(start, url);
      const profile = newProfile();
      const first = await open(start, profile, url, 'ready');
      await begin(first.tab);
      const at = await saved(first.tab, 2);
      await first.browser.kill();

      const second = await open(start, profile, url, 'interrupted', 'restored', 'ready');
      const { tab } = second;
      assert.equal(second.at, 'interrupted');
      const [, epoch, step] = /^Going on from epoch (\d+), step (\d+) in \d s…/.exec(
        await text(tab, '#status'),
      );
      assert.ok(epoch * 1000 + +step >= at.epoch * 1000 + at.step, `${epoch}, ${step}`);
      assert.equal(await text(tab, '#train'), 'Go on now');
      assert.equal(await text(tab, '#number-batch'), `${step} of 157`);
      assert.match(await text(tab, '#announcer'), /^Going on from epoch/);
      await picture(tab, 'interrupted');
      assert.equal(await phase(tab, 'training', 'failed'), 'training');
      assert.equal(await phase(tab, 'finished', 'failed'), 'finished');
      assert.equal(await finalHash(tab), expected);
      // Nothing is left to go on from.
      await second.browser.kill();
      const third = await open(start, profile, url, 'interrupted', 'restored', 'ready');
      assert.equal(third.at, 'restored');
      await third.browser.kill();
      removeDirectory(profile);
    });

    test('the curves of the unfinished epoch come back, and the countdown can be cancelled', async () => {
      const profile = newProfile();
      const first = await open(start, profile, url, 'ready');
      await begin(first.tab);
      await saved(first.tab, 2);
      // In the middle of an epoch: while the test digits are gone through there is no place to go on from.
      await until(first.tab, () => {
        const batch = parseInt(document.querySelector('#number-batch').textContent);
        if (!(batch > 10 && batch < 100)) return false;
        document.querySelector('#pause').click();
        return true;
      });
      await phase(first.tab, 'paused');
      // It is saved where it rests.
      await until(first.tab, () => {
        const [, epoch, batch] = /in epoch (\d+) after batch (\d+) of/.exec(
          document.querySelector('#status').textContent,
        );
        return document
          .querySelector('#saved')
          .textContent.startsWith(`Saved at epoch ${epoch}, step ${batch},`);
      });
      const place = [
        await text(first.tab, '#number-epoch'),
        await text(first.tab, '#number-batch'),
      ];
      const before = await curves(first.tab);
      await first.browser.kill();

      const { browser, tab } = await open(start, profile, url, 'interrupted');
      await click(tab, '#wait');
      assert.equal(await phase(tab, 'restored', 'training'), 'restored');
      assert.deepEqual(await curves(tab), before, 'the curves are as they were');
      assert.deepEqual([await text(tab, '#number-epoch'), await text(tab, '#number-batch')], place);
      assert.match(
        await text(tab, '#status'),
        /^Interrupted at epoch \d+, step \d+\. Press “Train” to go on from there\./,
      );
      await picture(tab, 'cancelled');
      await sleep(3500);
      assert.equal(await phase(tab, 'restored', 'training'), 'restored');
      assert.equal(await tab.evaluate(() => document.querySelector('#digits').value), '5000');
      await click(tab, '#train');
      await phase(tab, 'training');
      assert.match(await text(tab, '#saved'), /^(Went on from|Saved at) epoch \d+, step \d+/);
      assert.equal(await phase(tab, 'finished', 'failed'), 'finished');
      assert.match(await text(tab, '#number-epoch'), /^4 of 4$/);
      await browser.kill();
      removeDirectory(profile);
    });
  });
}
