// The private prefixes: Emscripten with LLVM and Binaryen, and the header-only C++ libraries.
//
// Both live outside the checkout and are shared by all clones with the same pins. A prefix is built under an exclusive
// lock in a temporary directory and renamed; `complete.json` is written last, so a prefix without it is one whose
// making was interrupted and is made anew.
import { createHash } from 'node:crypto';
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrivateApt } from './apt.mjs';
import { ensureTools, entry, isDebian, run, say, SetupError, which } from './host.mjs';
import { headerPackages, leaveOut, pinText, readPins, toolchainRoots } from './packages.mjs';

const triple = 'x86_64-linux-gnu';

const kinds = {
  toolchain: {
    what: 'the Emscripten toolchain (about 90 MB)',
    resolve: (apt) => apt.closure(toolchainRoots, leaveOut),
    prepare: prepareToolchain,
    finish: warmCache,
  },
  headers: {
    what: 'the header-only C++ libraries',
    resolve: () => headerPackages,
    prepare: () => {},
    finish: () => {},
  },
};

/** Directory of everything that clones share, $TABTRAIN_CACHE if set. */
export function cacheDirectory() {
  const { TABTRAIN_CACHE, XDG_CACHE_HOME } = process.env;
  return TABTRAIN_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tabtrain');
}

/** Path of the prefix of that kind ('toolchain' or 'headers'), made first if needed. */
export function ensurePrefix(kind) {
  const hash = createHash('sha256').update(pinText()).digest('hex').slice(0, 16);
  const prefix = join(cacheDirectory(), `${kind}-${hash}`);
  if (isComplete(prefix)) return prefix;
  if (!isDebian() || process.arch !== 'x64') {
    throw new SetupError(
      kind === 'toolchain'
        ? 'no emcc >= 4.0 found: install emsdk (https://emscripten.org/docs/getting_started) and activate it.'
        : 'the header libraries are installed by CMake here.',
    );
  }
  ensureTools('python3');
  mkdirSync(cacheDirectory(), { recursive: true });
  // flock(1) holds the lock as long as the installing process lives, whatever ends it.
  run('flock', [`${prefix}.lock`, process.execPath, fileURLToPath(import.meta.url), kind, prefix], {
    show: true,
  });
  return prefix;
}

function isComplete(prefix) {
  return existsSync(join(prefix, 'complete.json'));
}

/** Runs with the lock held, in a process of its own. */
function install(kind, prefix) {
  if (isComplete(prefix)) return;
  const { what, resolve, prepare, finish } = kinds[kind];
  say(`fetching ${what} into ${prefix}`);
  const work = `${prefix}.new`;
  for (const stale of [work, prefix]) rmSync(stale, { recursive: true, force: true });
  mkdirSync(join(work, 'root'), { recursive: true });
  const pins = readPins();
  const apt = new PrivateApt(join(work, 'apt'), pins.suite);
  const packages = apt.download(apt.select(pins[kind], () => resolve(apt)));
  for (const { file } of packages) run('dpkg', ['-x', file, join(work, 'root')]);
  prepare(work, prefix, packages);
  renameSync(join(work, 'root'), prefix);
  finish(prefix);
  const record = packages.map(({ name, version, sha256 }) => ({ name, version, sha256 }));
  writeFileSync(join(prefix, 'complete.json'), `${JSON.stringify(record, null, 2)}\n`);
  rmSync(work, { recursive: true, force: true });
}

/** Makes the programs under `work`/root run from `prefix`: their C library is newer than the system's. */
function prepareToolchain(work, prefix, packages) {
  const root = join(work, 'root');
  const libraries = join('usr/lib', triple);
  const llvm = readdirSync(join(root, 'usr/lib')).find((name) => /^llvm-\d+$/.test(name));
  const loader = join(libraries, 'ld-linux-x86-64.so.2');
  const rpath = [libraries, join('usr/lib', llvm, 'lib')]
    .map((path) => join(prefix, path))
    .join(':');
  // patchelf comes from the same suite, so it is started through that suite's loader; it cannot change the libraries
  // that it runs on, so it gets a copy of its own.
  const patcher = join(work, 'patcher');
  for (const { name, file } of packages) {
    if (/^(patchelf|libc6|libstdc\+\+6|libgcc-s1)$/.test(name)) run('dpkg', ['-x', file, patcher]);
  }
  const start = ['--library-path', join(patcher, libraries), join(patcher, 'usr/bin/patchelf')];
  const patchelf = (...args) => run(join(patcher, loader), [...start, ...args]);

  for (const directory of [join('usr/lib', llvm, 'bin'), 'usr/bin']) {
    for (const file of elfFiles(join(root, directory))) {
      patchelf('--set-interpreter', join(prefix, loader), '--set-rpath', rpath, file);
    }
  }
  // The C library and its loader stay as they are: the loader must not depend on a path.
  const own =
    /^(ld-linux|lib(c|m|dl|rt|pthread|resolv|util|anl|BrokenLocale|mvec|nsl|thread_db)\.so|libnss)/;
  for (const file of elfFiles(join(root, libraries), own)) patchelf('--set-rpath', rpath, file);

  const emscripten = join(root, 'usr/share/emscripten');
  for (const name of ['acorn', 'acorn-import-phases']) {
    cpSync(join(root, 'usr/share/nodejs', name), join(emscripten, 'node_modules', name), {
      recursive: true,
    });
  }
  const config = {
    LLVM_ROOT: join(prefix, 'usr/lib', llvm, 'bin'),
    BINARYEN_ROOT: join(prefix, 'usr'),
    NODE_JS: process.execPath,
    CACHE: join(prefix, 'cache'),
  };
  const lines = Object.entries(config).map(([key, value]) => `${key} = '${value}'\n`);
  writeFileSync(join(root, 'emscripten.config'), lines.join(''));
}

/** Regular ELF files directly in a directory, without symbolic links. */
function elfFiles(directory, leave = /^$/) {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !leave.test(entry.name))
    .map((entry) => join(directory, entry.name))
    .filter((path) => statSync(path).size > 4 && startsAsElf(path));
}

function startsAsElf(path) {
  const head = Buffer.alloc(4);
  const file = openSync(path, 'r');
  readSync(file, head, 0, 4, 0);
  closeSync(file);
  return head.equals(Buffer.from('\x7fELF', 'latin1'));
}

/** Environment in which the prefix's emcc works. */
export function toolchainEnvironment(prefix) {
  return {
    EM_CONFIG: join(prefix, 'emscripten.config'),
    EM_NODE_JS: process.execPath,
    EMSDK_PYTHON: which('python3'),
    PATH: `${join(prefix, 'usr/share/emscripten')}:${process.env.PATH}`,
  };
}

/** Builds Emscripten's system libraries once, for the flags that the engine is linked with. */
function warmCache(prefix) {
  say('building the Emscripten system libraries (about a minute)');
  const env = { ...process.env, ...toolchainEnvironment(prefix) };
  const source = join(prefix, 'warm.cpp');
  writeFileSync(
    source,
    '#include <emscripten/bind.h>\n#include <iostream>\nint main() { std::cout << 1; }\n',
  );
  const { common } = JSON.parse(readFileSync(new URL('../variants.json', import.meta.url), 'utf8'));
  const flags = [...common.compile, ...common.link];
  run('em++', [source, '-o', join(prefix, 'warm.mjs'), ...flags], { env });
  for (const name of ['warm.cpp', 'warm.mjs', 'warm.wasm'])
    rmSync(join(prefix, name), { force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(() => install(...process.argv.slice(2)));
}
