// A person's browser: real Chromium with a profile of its own, on the page's own server.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchPersistentChromium } from '../chromium.mjs';

/** Where this run's screenshots go, for a person to look at. */
export const screenshots = mkdtempSync(join(tmpdir(), 'tabtrain-screenshots-'));

const desktop = { width: 1280, height: 800 };

/** One browser profile, which survives reloads and restarts, and the problems seen in it. */
export class Visitor {
  page = null;
  /** Console errors and warnings, uncaught errors, CSP violations, failed and cross-origin requests. */
  problems = [];
  #profile = mkdtempSync(join(tmpdir(), 'tabtrain-profile-'));
  #context = null;

  constructor(url, options = {}) {
    this.url = url;
    this.options = options;
  }

  /** Opens the browser, and the page in it. */
  async start() {
    this.#context = await launchPersistentChromium(this.#profile, {
      viewport: desktop,
      ...this.options,
    });
    this.page = this.#context.pages()[0] ?? (await this.#context.newPage());
    this.#watch();
    await this.#context.exposeFunction('reportProblem', (text) => this.problems.push(text));
    await this.#context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        globalThis.reportProblem(`CSP: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
  }

  async open(...phases) {
    await this.page.goto(this.url);
    return this.phase(...phases);
  }

  /** Opens the page in one more tab, which is the one looked at from here on. */
  async openTab(...phases) {
    this.page = await this.#context.newPage();
    this.#watch();
    return this.open(...phases);
  }

  #watch() {
    this.page.setDefaultTimeout(60_000);
    const note = (text) => this.problems.push(text);
    this.page.on('pageerror', (error) => note(`uncaught: ${error.stack ?? error}`));
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        note(`${message.type()}: ${message.text()}`);
    });
    this.page.on('response', (response) => {
      if (response.status() >= 400) note(`${response.status()}: ${response.url()}`);
      if (/^https?:/.test(response.url()) && !response.url().startsWith(this.url)) {
        note(`cross-origin: ${response.url()}`);
      }
    });
  }

  /** Waits until the page is in one of these phases, and says in which. */
  async phase(...phases) {
    const found = await this.page.waitForFunction((wanted) => {
      const now = document.documentElement.dataset.phase;
      return wanted.includes(now) && now;
    }, phases);
    return found.jsonValue();
  }

  /** Waits until an element's text matches; says what it and the page's failures read where it never does. */
  async reads(selector, pattern) {
    try {
      await this.page.waitForFunction(
        ([at, source]) => new RegExp(source).test(document.querySelector(at).textContent),
        [selector, pattern.source],
      );
    } catch (cause) {
      const failures = await this.page.locator('.failure:visible').allTextContents();
      const seen = JSON.stringify([await this.text(selector), ...failures, ...this.problems]);
      throw new Error(`${selector} does not read ${pattern}, the page says ${seen}`, { cause });
    }
  }

  async text(selector) {
    return (await this.page.locator(selector).textContent()).trim();
  }

  /** Hashes of what the two charts show, once they have come to rest: a redraw waits up to 100 ms. */
  async curves() {
    await this.page.waitForTimeout(300);
    const images = await this.page
      .locator('.chart canvas')
      .evaluateAll((charts) => charts.map((chart) => chart.toDataURL()));
    return images.map((image) => createHash('sha256').update(image).digest('hex'));
  }

  /** Draws strokes on the pad; points are in shares of its sides. */
  async draw(...strokes) {
    const pad = this.page.locator('#pad');
    await pad.scrollIntoViewIfNeeded();
    const box = await pad.boundingBox();
    const { mouse } = this.page;
    for (const [first, ...rest] of strokes) {
      await mouse.move(box.x + first[0] * box.width, box.y + first[1] * box.height);
      await mouse.down();
      for (const [x, y] of rest) {
        await mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 4 });
      }
      await mouse.up();
    }
  }

  /** The digit that the bars say. */
  async bestBar() {
    const best = this.page.locator('#bars .best .bar-digit');
    return Number(await best.textContent());
  }

  async screenshot(name, options = {}) {
    // Transitions of the bars last 120 ms.
    await this.page.waitForTimeout(200);
    await this.page.screenshot({ path: join(screenshots, `${name}.png`), ...options });
  }

  /** Ends the whole browser; `start` opens it again with the same profile. */
  async quit() {
    await this.#context?.close();
    this.#context = null;
  }

  async leave() {
    await this.quit();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}

/**
 * Records the page's main thread; the returned function ends that and resolves to the CPU
 * milliseconds of its tasks, longest first. CPU time, since on a busy machine the wall time of a task
 * is mostly waiting for a core.
 */
export async function recordMainThread(page) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'devtools.timeline'] },
  });
  return async () => {
    // Chromium's own pages, such as the one of a new tab, have main threads as well: ours says so.
    const ours = 'the page under test';
    await page.evaluate((text) => console.timeStamp(text), ours);
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    const main = events.find(({ args }) => args?.data?.message === ours);
    if (!main) throw new Error('the trace does not show the page');
    return events
      .filter(({ pid, tid }) => pid === main.pid && tid === main.tid)
      .filter(({ ph, name }) => ph === 'X' && /RunTask$/.test(name))
      .map((event) => (event.tdur ?? event.dur) / 1000)
      .sort((a, b) => b - a);
  };
}
