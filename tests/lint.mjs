// npm run lint: ESLint, and the rules of the C++ sources that no compiler checks.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entry } from '../emscripten/toolchain/host.mjs';
import { ensureNodeModules, root } from '../emscripten/toolchain/npm.mjs';

const rules = [
  {
    pattern: /#\s*include\s*[<"](emscripten|wasm_simd128|idbfs)|EM_ASM|EM_JS|__EMSCRIPTEN__/,
    message: 'the engine in src/ does not know Emscripten',
  },
  { pattern: /#\s*include\s*"\.\.?\//, message: 'include paths are relative to src/' },
];

/** Lines of src/ that break a rule, as 'path:line: message'. */
export function sourceProblems(directory = join(root, 'src')) {
  const problems = [];
  for (const name of readdirSync(directory, { recursive: true })) {
    if (!/\.(h|cpp)$/.test(name)) continue;
    const text = readFileSync(join(directory, name), 'utf8');
    if (name.endsWith('.h') && !text.includes('#pragma once')) {
      problems.push(`src/${name}:1: a header starts with #pragma once`);
    }
    text.split('\n').forEach((line, index) => {
      for (const { pattern, message } of rules) {
        if (pattern.test(line)) problems.push(`src/${name}:${index + 1}: ${message}`);
      }
    });
  }
  return problems;
}

if (import.meta.filename === process.argv[1]) {
  await entry(() => {
    ensureNodeModules();
    const problems = sourceProblems();
    problems.forEach((problem) => console.error(problem));
    const eslint = join(root, 'node_modules/eslint/bin/eslint.js');
    const { status } = spawnSync(process.execPath, [eslint, '--max-warnings=0', root], {
      stdio: 'inherit',
    });
    process.exitCode = problems.length > 0 ? 1 : (status ?? 1);
  });
}
