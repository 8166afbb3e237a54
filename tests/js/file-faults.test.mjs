// Sets of files on the disk are whole or not there, whatever fails and whenever the process is killed.
import { mkdtempSync, rmSync } from 'node:fs';
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
