// The real Firefox that tests drive, with the same few methods as the Chromium that `startChromium` gives.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firefoxPath } from '../emscripten/toolchain/host.mjs';
import { Marionette } from './marionette.mjs';
import { ProcessGroup } from './processes.mjs';

/** Off the network, no first-run pages, and no safe mode after many kills. */
const preferences = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.region.network.url': '',
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.sessionstore.resume_from_crash': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.update.enabled': false,
  'marionette.port': 0,
  'messaging-system.rsexperimentloader.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.startup.max_resumed_crashes': -1,
  'toolkit.telemetry.enabled': false,
};

/** Starts Firefox on `profile`, a directory, in a process group of its own. */
export async function startFirefox(profile) {
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join(''));
  const portFile = join(profile, 'MarionetteActivePort');
  rmSync(portFile, { force: true });
  const args = ['--headless', '--no-remote', '--marionette', '--profile', profile];
  const group = new ProcessGroup(firefoxPath(), args, { mark: profile, log: `${profile}.log` });
  return new Firefox(group, portFile);
}

class Firefox {
  group;
  version;
  #portFile;
  #client = null;
  #first = true;
  #queue = Promise.resolve();

  constructor(group, portFile) {
    this.group = group;
    this.#portFile = portFile;
  }

  /** Takes control. Apart from starting, so that a test can kill a browser that is still coming up. */
  async connect() {
    const port = await this.group.announces(this.#portFile, (text) => /^\d+$/.test(text.trim()));
    this.#client = await Marionette.connect(Number(port));
    const { capabilities } = await this.#client.send('WebDriver:NewSession', {
      capabilities: { alwaysMatch: { timeouts: { script: 600_000, pageLoad: 60_000 } } },
    });
    this.version = `Firefox ${capabilities.browserVersion}`;
  }

  /** Opens a tab at `url`, loaded when it resolves. */
  open(url) {
    return this.#alone(async (client) => {
      let handle;
      if (this.#first) handle = (await client.send('WebDriver:GetWindowHandle')).value;
      else ({ handle } = await client.send('WebDriver:NewWindow', { type: 'tab' }));
      this.#first = false;
      await client.send('WebDriver:SwitchToWindow', { handle });
      await client.send('WebDriver:Navigate', { url });
      return new Tab((run) =>
        this.#alone(async () => {
          await client.send('WebDriver:SwitchToWindow', { handle });
          return run(client);
        }),
      );
    });
  }

  async quit() {
    // Firefox may close the connection before it answers.
    await this.#client.send('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => {});
    this.#client.close();
    await this.group.end();
  }

  async kill() {
    const strays = await this.group.kill();
    this.#client?.close();
    return strays;
  }

  /** One command sequence at a time: a session has one current window. */
  #alone(body) {
    const result = this.#queue.then(() => body(this.#client));
    this.#queue = result.catch(() => {});
    return result;
  }
}

class Tab {
  #inWindow;

  constructor(inWindow) {
    this.#inWindow = inWindow;
  }

  /** Runs a function in the page, with one argument, and resolves to what its promise gives. */
  evaluate(body, argument) {
    return this.#inWindow(async (client) => {
      const { value } = await client.send('WebDriver:ExecuteScript', {
        script: `return (${body})(arguments[0]);`,
        args: [argument ?? null],
      });
      return value;
    });
  }

  async close() {
    await this.#inWindow((client) => client.send('WebDriver:CloseWindow'));
  }
}
