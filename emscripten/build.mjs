// Builds the C++ engine with CMake and Ninja: node emscripten/build.mjs [wasm|native|sanitize|fuzz] ...
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emscriptenEnvironment, headerDirectory } from './toolchain/emcc.mjs';
import { ensureTools, entry, run, SetupError } from './toolchain/host.mjs';
import { root } from './toolchain/npm.mjs';

const clang = ['-DCMAKE_CXX_COMPILER=clang++'];

const kinds = {
  wasm: { tools: [], options: [] },
  native: { tools: ['g++', 'gtest'], options: [] },
  sanitize: { tools: ['g++', 'gtest'], options: ['-DTABTRAIN_SANITIZE=ON'] },
  fuzz: { tools: ['clang'], options: [...clang, '-DTABTRAIN_FUZZ=ON'] },
};

/** Builds one kind of engine, incrementally, and returns its build directory. */
export function buildEngine(kind) {
  if (!(kind in kinds))
    throw new SetupError(`no build named ${kind}; there are ${Object.keys(kinds).join(', ')}.`);
  const { tools, options } = kinds[kind];
  ensureTools('cmake', 'ninja', ...tools);
  const directory = join(root, 'build', kind);
  const variables = kind === 'wasm' ? emscriptenEnvironment() : {};
  const env = { ...process.env, ...variables };
  const configure = [
    '-S',
    root,
    '-B',
    directory,
    '-G',
    'Ninja',
    `-DTABTRAIN_HEADERS=${headerDirectory()}`,
    ...options,
  ];
  if (kind === 'wasm') {
    const emscripten = run('em-config', ['EMSCRIPTEN_ROOT'], { env }).trim();
    configure.push(
      `-DCMAKE_TOOLCHAIN_FILE=${join(emscripten, 'cmake/Modules/Platform/Emscripten.cmake')}`,
    );
  }
  // CMake starts anew when its arguments change: a build directory keeps the compiler that it began with.
  const record = join(directory, 'configured.json');
  const wanted = JSON.stringify(configure);
  if (
    !existsSync(join(directory, 'build.ninja')) ||
    !existsSync(record) ||
    readFileSync(record, 'utf8') !== wanted
  ) {
    mkdirSync(directory, { recursive: true });
    run('cmake', ['--fresh', '--log-level=WARNING', ...configure], { env, show: true });
    writeFileSync(record, wanted);
  }
  run('ninja', ['-C', directory, `-j${availableParallelism()}`, '--quiet'], { env, show: true });
  return directory;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(() => process.argv.slice(2).forEach(buildEngine));
}
