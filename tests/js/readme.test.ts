// The README's code runs as it stands there.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { temporaryDirectory } from './support/models';

const root = new URL('../../', import.meta.url);
const blocks = [
  ...readFileSync(new URL('README.md', root), 'utf8').matchAll(
    /<!-- test -->\s*```js\n([^]*?)```/g,
  ),
].map(([, code]) => code!);

test('there is code that is marked as a test', () => expect(blocks.length).toBeGreaterThan(0));

test.each(blocks.map((code, i) => [i + 1, code] as const))('block %i', (_, code) => {
  // A project of a user: the package and the data by their names.
  const project = temporaryDirectoryOf();
  const script = join(project, 'readme.mjs');
  writeFileSync(script, code);
  const { status, stderr, stdout } = spawnSync(process.execPath, [script], {
    cwd: project,
    encoding: 'utf8',
    timeout: 300_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).not.toBe('');
});

const directory = temporaryDirectory();

function temporaryDirectoryOf(): string {
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, 'tabtrain'), { recursive: true });
  const entry = JSON.stringify(new URL('dist/node.js', root).href);
  writeFileSync(join(modules, 'tabtrain', 'index.js'), `export * from ${entry};\n`);
  writeFileSync(
    join(modules, 'tabtrain', 'package.json'),
    JSON.stringify({ name: 'tabtrain', type: 'module', exports: './index.js' }),
  );
  return directory;
}
