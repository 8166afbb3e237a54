// The real Chromium that browser tests and package tests drive.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../emscripten/toolchain/host.mjs';
import { ProcessGroup } from './processes.mjs';

/** Flags that keep the browser off the network; as root it has no sandbox. */
const flags = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

export function launchChromium({ args = [], ...options } = {}) {
  return chromium.launch({ executablePath: chromiumPath(), args: [...flags, ...args], ...options });
}

/** A browser context whose storage survives in `profile`, a directory. */
export function launchPersistentChromium(profile, { args = [], ...options } = {}) {
  return chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath(),
    args: [...flags, ...args],
    ...options,
  });
}

/** Starts Chromium on `profile`, a directory, in a process group of its own, so that a kill takes all of it. */
export async function startChromium(profile) {
  const portFile = join(profile, 'DevToolsActivePort');
  rmSync(portFile, { force: true });
  const args = [
    ...flags,
    '--headless',
    '--hide-crash-restore-bubble',
    '--no-default-browser-check',
    '--password-store=basic',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    'about:blank',
  ];
  const group = new ProcessGroup(chromiumPath(), args, { mark: profile, log: `${profile}.log` });
  return new Chromium(group, portFile);
}

class Chromium {
  group;
  version;
  /** Playwright's browser and its one context, for what only Chromium can do. */
  browser = null;
  context = null;
  #portFile;
  #first = true;

  constructor(group, portFile) {
    this.group = group;
    this.#portFile = portFile;
  }

  /** Takes control. Apart from starting, so that a test can kill a browser that is still coming up. */
  async connect() {
    const text = await this.group.announces(this.#portFile, (lines) => /^\d+\n\S/.test(lines));
    const [port, path] = text.split('\n');
    this.browser = await chromium.connectOverCDP(`ws://127.0.0.1:${port}${path}`);
    this.version = `Chromium ${this.browser.version()}`;
    [this.context] = this.browser.contexts();
  }

  /** Opens a tab at `url`, loaded when it resolves. */
  async open(url) {
    const page = (this.#first && this.context.pages()[0]) || (await this.context.newPage());
    this.#first = false;
    await page.goto(url);
    return page;
  }

  async quit() {
    const session = await this.browser.newBrowserCDPSession();
    await session.send('Browser.close');
    await this.group.end();
  }

  kill() {
    return this.group.kill();
  }
}
