// The package's .d.ts files: web/api -> dist/types, by tsc, again only when a source changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { SetupError } from '../emscripten/toolchain/host.mjs';
import { root } from '../emscripten/toolchain/npm.mjs';

const api = join(root, 'web/api');
const types = join(root, 'dist/types');
const stamp = join(root, 'build/types.sha256');

export function emitTypes() {
  const sources = filesBelow(api).sort();
  const hash = createHash('sha256');
  for (const path of [...sources, join(root, 'tsconfig.json')])
    hash.update(path).update(readFileSync(path));
  const digest = hash.digest('hex');
  if (existsSync(types) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;

  rmSync(types, { recursive: true, force: true });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', api, '--outDir', types], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0)
    throw new SetupError('the type declarations of web/api cannot be made (errors above).');
  for (const path of sources.filter((path) => /\.d\.[mc]?ts$/.test(path))) {
    cpSync(path, join(types, relative(api, path)));
  }
  filesBelow(types).forEach(addExtensions);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

/** './x' and './x.ts' become './x.js', which every module resolution of TypeScript understands. */
function addExtensions(path) {
  const text = readFileSync(path, 'utf8');
  const relativeImport = /(\bfrom |\bimport\(|\bimport )(['"])(\.{1,2}\/[^'"]+)\2/g;
  const fixed = text.replace(relativeImport, (all, keyword, quote, specifier) => {
    if (/\.(m|c)?js$/.test(specifier)) return all;
    const bare = specifier.replace(/\.ts$/, '');
    const isDirectory = !existsSync(join(dirname(path), `${bare}.d.ts`));
    return `${keyword}${quote}${bare}${isDirectory ? '/index' : ''}.js${quote}`;
  });
  writeFileSync(path, fixed);
}

function filesBelow(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
