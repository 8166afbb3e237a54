// What a person does with models in files on the page.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { serve } from '../../web/serve.mjs';
import { screenshots, Visitor } from './harness.mjs';

export const golden = join(import.meta.dirname, '../golden');
/** Classifiers of MNIST's digits that Keras saved. */
export const softmax = join(golden, 'digits/tf2.8/softmax-adam.h5');
export const rescaling = join(golden, 'digits/tf2.21/rescaling-momentum.h5');

/** Loss and accuracy of it on the test digits, as Keras has them. */
export const expected = (version) =>
  JSON.parse(readFileSync(join(golden, `digits/${version}/expected.json`), 'utf8')).cases[0]
    .evaluate;

export class Bringer extends Visitor {
  /** Waits until the model of this name is open. */
  opened(name) {
    return this.reads('#opened-title', new RegExp(`^${name.replaceAll('.', '\\.')}$`));
  }

  async pick(path) {
    await this.page.setInputFiles('#pick-file', path);
    await this.opened(basename(path));
  }

  /** The file chooser that `act` opens. */
  async choosing(act) {
    const chooser = this.page.waitForEvent('filechooser');
    // The renderer learns that choosers are caught by the way this goes; a key press is faster and overtakes it.
    await this.page.evaluate(() => undefined);
    await act();
    return chooser;
  }

  /** Drops files or folders as a person does: the browser makes the event. */
  async drop(...paths) {
    const session = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files: paths, dragOperationsMask: 1 };
    const at = (type) => session.send('Input.dispatchDragEvent', { type, x: 100, y: 100, data });
    await at('dragEnter');
    await at('dragOver');
    await this.page.waitForFunction(() => document.body.dataset.dropping !== undefined);
    await at('drop');
    await this.page.waitForFunction(() => document.body.dataset.dropping === undefined);
    await session.detach();
  }

  /** Loss and accuracy of the model that is open. */
  async evaluate() {
    await this.page.click('#opened-evaluate');
    const sentence = /^On the 10,000 test digits: loss ([\d.]+), accuracy ([\d.]+)\.$/;
    await this.reads('#opened-result', sentence);
    const [, loss, accuracy] = sentence.exec(await this.text('#opened-result'));
    return { loss: Number(loss), accuracy: Number(accuracy) };
  }

  /** Saves in this format into the directory; resolves to the file. */
  async saveAs(format, directory) {
    await this.page.selectOption('#save-format', format);
    const download = this.page.waitForEvent('download');
    await this.page.click('#save-model');
    const file = await download;
    const path = join(directory, file.suggestedFilename());
    await file.saveAs(path);
    return path;
  }

  /** Pictures of the panel for a person to look at: light, dark, and on a phone. */
  async look(name) {
    const { page } = this;
    for (const [how, width, colorScheme] of [
      ['light', 1280, 'light'],
      ['dark', 1280, 'dark'],
      ['phone', 390, 'light'],
    ]) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      const path = join(screenshots, `${name}-${how}.png`);
      await page.locator('section.models').screenshot({ path });
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, 'nothing is wider than a phone');
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: null });
  }
}

/** A server and a directory for the tests of a file; one visitor at a time, who leaves when a test is over. */
export function modelFiles() {
  const directory = mkdtempSync(join(tmpdir(), 'tabtrain-models-'));
  let server;
  let visitor;
  before(async () => {
    server = await serve({ port: 0 });
  });
  afterEach(async () => {
    await visitor?.leave();
    visitor = null;
  });
  after(async () => {
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const arrive = async () => {
    visitor = new Bringer(server.url, { acceptDownloads: true });
    await visitor.start();
    return visitor;
  };
  return { directory, arrive };
}
