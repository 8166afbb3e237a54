// What this machine is and has: running programs, and installing the few that are missing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** A failure whose message alone is meant for the person at the terminal. */
export class SetupError extends Error {}

/** One line about set-up, on stderr so that scripts can use stdout for results. */
export function say(message) {
  process.stderr.write(`tabtrain: ${message}\n`);
}

export function isRoot() {
  return process.getuid?.() === 0;
}

/** Fields of /etc/os-release, an empty object elsewhere. */
export function osRelease() {
  if (!existsSync('/etc/os-release')) return {};
  const fields = {};
  for (const line of readFileSync('/etc/os-release', 'utf8').split('\n')) {
    const match = /^(\w+)="?([^"]*)"?$/.exec(line);
    if (match) fields[match[1]] = match[2];
  }
  return fields;
}

export function isDebian() {
  return osRelease().ID === 'debian';
}

/** Full path of a program on PATH, or undefined. */
export function which(program) {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}

/**
 * Runs a program and returns its stdout. Output goes to the terminal with `show`, otherwise it is kept and becomes part
 * of the error when the program fails.
 */
export function run(program, args, { cwd, env = process.env, show = false } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', show ? 2 : 'pipe', show ? 'inherit' : 'pipe'],
  });
  if (result.error) throw new SetupError(`${program} cannot be run: ${result.error.message}`);
  if (result.status !== 0) {
    const output = show ? ' (its output is above)' : `\n${result.stdout}${result.stderr}`;
    const how = result.signal
      ? `was ended by ${result.signal}`
      : `failed with status ${result.status}`;
    throw new SetupError(`\`${program} ${args.join(' ')}\` ${how}${output}`);
  }
  return result.stdout ?? '';
}

/** Whether fuzz targets are built for 32 bits (native.cmake). */
const is32Bit = process.arch === 'x64';

// What to install for what is missing. `present` says whether it is there already.
const needs = {
  cmake: { packages: ['cmake'], present: () => which('cmake') },
  ninja: { packages: ['ninja-build'], present: () => which('ninja') },
  'g++': { packages: ['g++'], present: () => which('g++') },
  python3: { packages: ['python3'], present: () => which('python3') },
  gtest: {
    packages: ['libgtest-dev'],
    present: () =>
      ['/usr/include', '/usr/local/include', '/opt/homebrew/include'].some((directory) =>
        existsSync(join(directory, 'gtest/gtest.h')),
      ),
  },
  clang: {
    packages: [
      'clang',
      'libclang-rt-14-dev',
      ...(is32Bit ? ['libc6-dev-i386', 'lib32stdc++-12-dev'] : []),
    ],
    present: () => which('clang++') && (!isDebian() || hasFuzzerRuntime()),
  },
  'clang-format': { packages: ['clang-format'], present: () => which('clang-format') },
  chromium: { packages: ['chromium'], present: () => chromiumPath() },
  firefox: { packages: ['firefox-esr'], present: () => firefoxPath() },
};

function hasFuzzerRuntime() {
  const bits = is32Bit ? ['-m32'] : [];
  const fileOf = (name) => run('clang++', [...bits, `-print-file-name=${name}`]).trim();
  const library = `libclang_rt.fuzzer-${is32Bit ? 'i386' : 'aarch64'}.a`;
  return [library, 'libstdc++.so'].every((name) => isAbsolute(fileOf(name)));
}

/** The browser that tests drive: $CHROMIUM, or the first of the usual names on PATH. */
export function chromiumPath() {
  return (
    process.env.CHROMIUM ??
    ['chromium', 'chromium-browser', 'google-chrome'].map(which).find((path) => path)
  );
}

/** The Firefox that tests drive: $FIREFOX, or the first of the usual names on PATH. */
export function firefoxPath() {
  return process.env.FIREFOX ?? ['firefox-esr', 'firefox'].map(which).find((path) => path);
}

/** Installs the named tools that are missing (as root on Debian), or says in one sentence how to. */
export function ensureTools(...names) {
  const missing = names.filter((name) => !needs[name].present());
  if (missing.length === 0) return;
  const packages = missing.flatMap((name) => needs[name].packages);
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (!isDebian() || !isRoot()) {
    const command = isDebian()
      ? `sudo apt-get ${install.join(' ')}`
      : `install ${missing.join(', ')}`;
    throw new SetupError(`${missing.join(', ')} missing: run \`${command}\` and start again.`);
  }
  say(`installing missing tools: ${packages.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = ['-qq', '-o', 'DPkg::Lock::Timeout=600'];
  run('apt-get', [...apt, 'update'], { env });
  run('apt-get', [...apt, ...install], { env });
}

/** Runs a script's body; a SetupError becomes one line and exit status 1 instead of a stack trace. */
export async function entry(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    if (error.message) say(error.message);
    process.exitCode = 1;
  }
}
