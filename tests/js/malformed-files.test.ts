// Files that nobody should believe: each ends in one TabtrainError, soon, with everything as it was before.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { engineInfo, layers, loadModel, modelFromJson, sequential, storage, TabtrainError } from 'tabtrain'; // prettier-ignore
import { temporaryDirectory, weightBits } from './support/models';
import { checkpointRows } from './support/malformed/checkpoint';
import { hdf5Rows } from './support/malformed/hdf5';
import { jsonRows } from './support/malformed/json';
import { kerasRows } from './support/malformed/keras';
import type { Bait, Input, Row } from './support/malformed/row';
import { savedModelRows } from './support/malformed/savedModel';
import { tfjsRows } from './support/malformed/tfjs';
import { zipRows } from './support/malformed/zip';

const tables: readonly (readonly [format: string, rows: readonly Row[]])[] = [
  ['SavedModel', savedModelRows],
  ['HDF5', hdf5Rows],
  ['.keras', kerasRows],
  ['TensorFlow.js', tfjsRows],
  ['checkpoint', checkpointRows],
  ['zip', zipRows],
  ['JSON', jsonRows],
];
/** What was published of readers of these formats, and has a row. */
const PUBLISHED = [
  ...['CVE-2024-3660', 'CVE-2025-1550', 'CVE-2025-8747', 'CVE-2025-9905', 'CVE-2025-9906'],
  ...['CVE-2025-12058', 'CVE-2026-0897', 'GHSA-3m4q-jmj6-r34q'],
  ...['CVE-2021-41203', 'CVE-2022-23582', 'CVE-2022-23591', 'CVE-2022-23594'],
];
/** The name that make_malformed.py gives to a file outside. */
const CANARY = '/tmp/tabtrain-malformed-canary';

const root = temporaryDirectory();
const witness = sequential([layers.dense({ units: 2, inputShape: [3], name: 'dense' })]);
const asked: string[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
let server: Server;
let bait: Bait;

beforeAll(async () => {
  server = createServer(({ url }, response) => (asked.push(url!), response.end('1 2 3')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/words`;
  writeFileSync(CANARY, 'a secret of this machine, long enough for any weight');
  bait = { url, path: CANARY };
  process.on('unhandledRejection', note);
  witness.compile({ optimizer: 'adam', loss: 'mse' });
  await witness.trainOnBatch([[1, 2, 3]], [[1, 2]]);
});
afterAll(() => {
  process.off('unhandledRejection', note);
  rmSync(CANARY);
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const state = async () => ({
  bytes: (await engineInfo()).memory.liveBytes,
  weights: await weightBits(witness),
  optimizer: witness.optimizer,
});

/** As a browser's directory input gives them. */
const asFiles = (files: ReadonlyMap<string, Uint8Array>) =>
  [...files].map(([name, bytes]) =>
    Object.defineProperty(new File([bytes as never], name), 'webkitRelativePath', {
      value: files.size > 1 ? `m/${name}` : name,
    }),
  ) as never;

/** Gives the input to its reader; disposes of a model that comes of it. */
async function read(input: Input, directory: string): Promise<void> {
  if ('model' in input) (await loadModel(asFiles(input.model))).dispose();
  else if ('zip' in input) await storage.import(input.zip, join(directory, 'in'));
  else if ('weights' in input) await witness.loadWeights(join(directory, input.path));
  else {
    const model = modelFromJson(input.json);
    await model.build().finally(() => model.dispose());
  }
}

const said = (says: string | RegExp): unknown =>
  typeof says === 'string' ? expect.stringContaining(says) : expect.stringMatching(says);

function write(input: Input, directory: string): void {
  if (!('weights' in input)) return;
  for (const [name, bytes] of input.weights) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), bytes);
  }
}

test('there are enough, of all that was published, by names of their own', () => {
  const all = tables.flatMap(([, rows]) => rows);
  expect(all.length).toBeGreaterThan(200);
  expect([...new Set(all.map(({ id }) => id).filter(Boolean))].sort()).toEqual(
    [...PUBLISHED].sort(),
  );
  for (const [, rows] of tables) expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length); // prettier-ignore
});

describe.each(tables)('%s', (_, rows) => {
  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    const printed = [jest.spyOn(console, 'log'), jest.spyOn(console, 'error')];
    const directory = mkdtempSync(join(root, 'row-'));
    const input = await row.make(bait);
    write(input, directory);
    const [before, there] = [await state(), readdirSync(directory)];
    const start = process.cpuUsage();
    let thrown: unknown = null;
    try {
      await read(input, directory);
    } catch (error) {
      thrown = error;
    }
    const { user, system } = process.cpuUsage(start);
    expect(thrown).toBeInstanceOf(TabtrainError);
    const { code, message } = thrown as TabtrainError;
    expect({ code, message }).toEqual({ code: row.code, message: said(row.says) });
    // Of this process's time: a machine that does other things as well takes longer.
    expect((user + system) / 1e6).toBeLessThan(1);
    expect(await state()).toEqual(before);
    expect(readdirSync(directory)).toEqual(there);
    expect(Object.keys(Object.prototype).length + Number('polluted' in {})).toBe(0);
    expect([asked, unhandled]).toEqual([[], []]);
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
    jest.restoreAllMocks();
  });
});
