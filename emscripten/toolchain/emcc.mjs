// Finds an Emscripten that can build the engine, and makes a private one where there is none.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isDebian, say, which } from './host.mjs';
import { ensurePrefix, toolchainEnvironment } from './prefix.mjs';

const minimumMajor = 4;

/**
 * Environment variables with which `emcc` and `em-config` on PATH work: an Emscripten >= 4.0 on PATH or in $EMSDK,
 * otherwise the private prefix (installed on the first call).
 */
export function emscriptenEnvironment() {
  const { EMSDK, PATH } = process.env;
  const sdk = EMSDK && join(EMSDK, 'upstream/emscripten');
  for (const emcc of [which('emcc'), sdk && join(sdk, 'emcc')]) {
    if (!emcc) continue;
    const version = emccVersion(emcc);
    if (version && Number(version.split('.')[0]) >= minimumMajor) {
      return emcc.startsWith(sdk) ? { PATH: `${sdk}:${PATH}` } : {};
    }
    say(`${emcc} is version ${version ?? 'unknown'}, older than ${minimumMajor}.0: not used`);
  }
  return toolchainEnvironment(ensurePrefix('toolchain'));
}

/** Include directory of the header-only C++ libraries; empty where CMake has to find or fetch them. */
export function headerDirectory() {
  return isDebian() && process.arch === 'x64' ? join(ensurePrefix('headers'), 'usr/include') : '';
}

function emccVersion(emcc) {
  const { stdout } = spawnSync(emcc, ['--version'], { encoding: 'utf8' });
  return /\) (\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
}
