// Renews pins.json: `node emscripten/toolchain/pin.mjs` takes the newest version of everything in the suite.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrivateApt } from './apt.mjs';
import { headerPackages, leaveOut, suite, toolchainRoots } from './packages.mjs';

const directory = mkdtempSync(join(tmpdir(), 'tabtrain-pins-'));
try {
  const apt = new PrivateApt(directory, suite);
  const pin = (names) =>
    apt.download(apt.newest(names)).map(({ name, version, sha256 }) => ({ name, version, sha256 }));
  const pins = {
    suite,
    toolchain: pin(apt.closure(toolchainRoots, leaveOut)),
    headers: pin(headerPackages),
  };
  writeFileSync(new URL('pins.json', import.meta.url), `${JSON.stringify(pins, null, 2)}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
