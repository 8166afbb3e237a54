// npm run typecheck: every TypeScript file of the repository, no output.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { entry } from '../emscripten/toolchain/host.mjs';
import { ensureNodeModules, root } from '../emscripten/toolchain/npm.mjs';

await entry(() => {
  ensureNodeModules();
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
});
