// The real Chromium that browser tests and package tests drive.
import { chromium } from 'playwright-core';
import { chromiumPath } from '../emscripten/toolchain/host.mjs';

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
