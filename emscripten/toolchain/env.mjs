// Prints shell commands that put emcc on PATH: eval "$(node emscripten/toolchain/env.mjs)"
import { emscriptenEnvironment, headerDirectory } from './emcc.mjs';
import { entry } from './host.mjs';

entry(() => {
  const variables = { ...emscriptenEnvironment(), TABTRAIN_HEADERS: headerDirectory() };
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value}'`);
});
