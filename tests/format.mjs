// npm run format: Prettier and clang-format over all sources; without --write it only checks.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTools, entry } from '../emscripten/toolchain/host.mjs';
import { ensureNodeModules, root } from '../emscripten/toolchain/npm.mjs';

await entry(() => {
  ensureNodeModules();
  ensureTools('clang-format');
  const write = process.argv.includes('--write');
  const cpp = ['src', 'emscripten', 'tests'].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true })
      .filter((name) => /\.(h|cpp)$/.test(name) && !name.includes('node_modules'))
      .map((name) => join(root, directory, name)),
  );
  const prettier = join(root, 'node_modules/prettier/bin/prettier.cjs');
  const statuses = [
    spawnSync('clang-format', [...(write ? ['-i'] : ['--dry-run', '--Werror']), ...cpp], {
      stdio: 'inherit',
    }),
    spawnSync(
      process.execPath,
      [prettier, write ? '--write' : '--check', '--log-level=warn', root],
      {
        cwd: root,
        stdio: 'inherit',
      },
    ),
  ].map(({ status }) => status ?? 1);
  process.exitCode = Math.max(...statuses);
});
