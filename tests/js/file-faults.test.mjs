// Sets of files on the disk are whole or not there, whatever fails and whenever the process is killed.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { TabtrainError } from '../../web/api/errors.ts';
import { NodeBackend } from '../../web/api/storage/nodeBackend.ts';
import { killCommits, sweepFiles } from '../campaign/fileFaults.mjs';
import { raceFiles } from '../campaign/fileRaces.mjs';

const directory = mkdtempSync(join(tmpdir(), 'tabtrain-faults-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const program = new URL('../../dist/node.js', import.meta.url).href;

// All steps are the campaign's.
test('every operation of two commits fails once, in each way', async () => {
  const wrong = [];
  const print = (text) => wrong.push(text);
  const options = { size: 40, count: 2 };
  const result = await sweepFiles({ NodeBackend, TabtrainError }, directory, options, print);
  expect(wrong).toEqual([]);
  console.log(`${result.passed} pairs of an operation and a fault survived`);
  expect(result.passed).toBeGreaterThan(400);
}, 300_000);

test('a process that commits is killed', async () => {
  const wrong = [];
  const options = { kills: 15, size: 200_000, seed: Date.now() };
  const result = await killCommits({ NodeBackend }, program, join(directory, 'kills'), options, (text) => wrong.push(text)); // prettier-ignore
  expect(wrong).toEqual([]);
  expect(result.passed).toBe(15);
}, 120_000);

test('several that commit, replace and remove one directory at once', async () => {
  const wrong = [];
  const options = { writers: 3, changes: 60, seed: Date.now() % 1e6 };
  const dir = join(directory, 'races', 'run');
  const { passed } = await raceFiles({ NodeBackend }, dir, options, (text) => wrong.push(text));
  expect(wrong).toEqual([]);
  expect(passed).toBeGreaterThan(100);
}, 120_000);

test('a change whose mark went with a directory that was removed marks it again', async () => {
  const dir = join(directory, 'carried', 'run');
  const shop = join(dir, '.tabtrain');
  const marks = () =>
    (existsSync(shop) ? readdirSync(shop) : []).filter((name) => /^write/.test(name));
  const files = ['a', 'b'].map((name) => ({ path: join(dir, name), bytes: new Uint8Array(9) }));
  await new NodeBackend().commit(files);

  let isRemoved;
  const removed = new Promise((done) => (isRemoved = done));
  const marked = [];
  const committer = new NodeBackend({
    fs: {
      ...promises,
      // Its first look at what others do comes when the remover has done all and is gone.
      readdir: async (...given) => {
        if (marks().length > 0) await removed;
        return promises.readdir(...given);
      },
      rename: async (from, to) => {
        if (files.some(({ path }) => path === to)) marked.push(marks().length);
        return promises.rename(from, to);
      },
    },
  });
  let committed;
  const remover = new NodeBackend({
    fs: {
      ...promises,
      // It has found nobody; the committer leaves its mark before the directory goes.
      rename: async (from, to) => {
        committed = committer.commit(files);
        while (marks().length === 0) await new Promise((done) => setTimeout(done, 1));
        return promises.rename(from, to);
      },
    },
  });
  expect(await remover.remove(dir)).toBe(true);
  isRemoved();
  await committed;
  expect(marked).toEqual([1, 1]);
});
