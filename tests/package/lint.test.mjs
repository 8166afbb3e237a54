// The rules of tests/lint.mjs find what they are for.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sourceProblems } from '../lint.mjs';

test('Emscripten, relative includes and missing guards are found in src/', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tabtrain-lint-'));
  try {
    writeFileSync(
      join(directory, 'a.cpp'),
      '#include <emscripten/bind.h>\n#include "../base/error.h"\n',
    );
    writeFileSync(join(directory, 'b.h'), '#ifdef __EMSCRIPTEN__\n#endif\n');
    writeFileSync(join(directory, 'c.h'), '#pragma once\n#include "base/error.h"\n');
    assert.deepEqual(sourceProblems(directory).sort(), [
      'src/a.cpp:1: the engine in src/ does not know Emscripten',
      'src/a.cpp:2: include paths are relative to src/',
      'src/b.h:1: a header starts with #pragma once',
      'src/b.h:1: the engine in src/ does not know Emscripten',
    ]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
