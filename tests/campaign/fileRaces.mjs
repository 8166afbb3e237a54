// Several backends, as of several processes, change one directory at once: what is read meanwhile is what one
// of them left, never a mix.
import * as promises from 'node:fs/promises';
import { join } from 'node:path';
import { random } from './configurations.mjs';

const CHECKPOINT = ['cp.data', 'cp.index', 'checkpoint'];
const MODEL = ['checkpoint', 'variables/data', 'variables/index'];
const ALL = [...new Set([...CHECKPOINT, ...MODEL])];

const setOf = (dir, names, mark) =>
  names.map((name) => ({ path: join(dir, name), bytes: new Uint8Array(2000).fill(mark) }));

/** What the changes leave: nothing; a model; a checkpoint alone or over a model; both at once. */
function isWhole([data, index, checkpoint, modelData, modelIndex]) {
  if (data !== index || modelData !== modelIndex) return false;
  return checkpoint === (data ?? modelData);
}

/** Counts reads; `print` is told of those that were a mix, and of changes that failed. */
export async function raceFiles({ NodeBackend }, dir, { writers, changes, seed }, print) {
  let left = writers;
  let failed = 0;
  let passed = 0;
  const fail = (text) => {
    ++failed;
    print(text);
  };
  const write = async (mark) => {
    const r = random(seed * 100 + mark);
    const backend = new NodeBackend();
    const replaceDirectory = dir;
    for (let i = 0; i < changes; ++i) {
      const change = r.pick([
        () => backend.commit(setOf(dir, CHECKPOINT, mark)),
        () => backend.commit(setOf(dir, CHECKPOINT, mark)),
        () => backend.commit(setOf(dir, MODEL, mark), { replaceDirectory }),
        () => backend.commit(setOf(dir, ALL, mark)),
        () => backend.remove(dir),
      ]);
      await change().catch((error) => fail(`a change failed: ${error.message}`));
    }
    --left;
  };
  const read = async () => {
    const backend = new NodeBackend();
    while (left > 0) {
      const files = await backend.readAll(ALL.map((name) => join(dir, name)));
      const marks = files.map((bytes) => (bytes ? [...new Set(bytes)].join('+') : null));
      if (isWhole(marks)) ++passed;
      else fail(`read: ${marks}`);
    }
  };
  const marks = Array.from({ length: writers }, (_, i) => i + 1);
  await Promise.all([...marks.map(write), read(), read()]);
  await new NodeBackend().list(join(dir, '..'));
  const inside = await promises.readdir(join(dir, '..'), { recursive: true });
  if (inside.some((name) => name.includes('.tabtrain'))) fail(`${inside} is there in the end`);
  return { passed, failed };
}
