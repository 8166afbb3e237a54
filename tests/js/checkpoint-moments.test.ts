// A checkpoint that is loaded while another is saved under its name is one of the two, whole.
import 'fake-indexeddb/auto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { Backend } from '../../web/api/storage/backend';
import { openBrowserBackend } from '../../web/api/storage/browserBackend';
import { CheckpointFiles } from '../../web/api/storage/checkpointFiles';
import { NodeBackend } from '../../web/api/storage/nodeBackend';
import { Storage } from '../../web/api/storage/storage';
import { newEngine } from './support/engine';
import { smallModel, smallX, smallY, temporaryDirectory, weightBits } from './support/models';

const extras = () => import('../../web/api/extras');

const directory = temporaryDirectory();
const models = [smallModel(1), smallModel(2)];
const checkpoints: { index: Uint8Array; data: Uint8Array }[] = [];
const read = (path: string) => new Uint8Array(readFileSync(path));

beforeAll(async () => {
  for (const [i, model] of models.entries()) {
    const path = join(directory, `model-${i}`);
    await model.fit(smallX, smallY, { verbose: 0 });
    await model.saveWeights(path);
    checkpoints.push({
      index: read(`${path}.index`),
      data: read(`${path}.data-00000-of-00001`),
    });
  }
});

/** One that takes its time before each read, so that a commit may fall in between two. */
class SlowStorage extends Storage {
  override async findAll(paths: readonly string[]): Promise<(Uint8Array | null)[]> {
    await new Promise((done) => setTimeout(done, Math.random() * 4));
    return super.findAll(paths);
  }
}

/** Repeats a task until the other one is done; how often. */
async function during(other: Promise<void>, task: () => Promise<void>): Promise<number> {
  let count = 0;
  let isOver = false;
  void other.finally(() => (isOver = true)).catch(() => {});
  while (!isOver) {
    await task();
    ++count;
  }
  await other;
  return count;
}

test('with models, on the disk', async () => {
  const path = join(directory, 'shared', 'cp');
  const expected = await Promise.all(models.map(weightBits));
  const loaders = [smallModel(3), smallModel(4)];
  await models[0]!.saveWeights(path);
  const save = async () => {
    for (let i = 0; i < 80; ++i) await models[i % 2]!.saveWeights(path);
  };
  const saves = save();
  const loads = await Promise.all(
    loaders.map((loader) =>
      during(saves, async () => {
        await loader.loadWeights(path);
        expect(expected).toContainEqual(await weightBits(loader));
      }),
    ),
  );
  expect(loads[0]! + loads[1]!).toBeGreaterThan(50);
});

test.each<[string, () => Promise<Backend>]>([
  ['processes', async () => new NodeBackend()],
  ['tabs', async () => (await openBrowserBackend(await newEngine(), extras)).backend],
])('by several %s', async (_, open) => {
  const engine = await newEngine();
  const openFiles = async (Kind = Storage) =>
    new CheckpointFiles(engine, new Kind(await open(), null as never));
  const prefix = `${directory.slice(1)}/several/cp`;
  const path = (await open()).kind === 'nodefs' ? `/${prefix}` : prefix;
  const writers = [await openFiles(), await openFiles()];
  await writers[0]!.write(path, checkpoints[0]!);
  const saves = Promise.all(
    writers.map(async (files, which) => {
      for (let i = 0; i < 60; ++i) await files.write(path, checkpoints[which]!);
    }),
  ).then(() => {});
  let seen = 0;
  const readers = await Promise.all([1, 2, 3, 4].map(() => openFiles(SlowStorage)));
  const reads = await Promise.all(
    readers.map((files) =>
      during(saves, async () => {
        const { index, shards } = await files.read(path);
        const which = checkpoints.findIndex(({ data }) => Buffer.compare(data, shards[0]!) === 0);
        expect([which, shards.length]).toEqual([expect.any(Number), 1]);
        expect(Buffer.compare(checkpoints[which]!.index, index)).toBe(0);
        seen |= 1 << which;
      }),
    ),
  );
  expect(reads.reduce((sum, count) => sum + count)).toBeGreaterThan(100);
  expect(seen).toBe(3);
});
