// Checkpoints on the disk: whole or not at all, and files that are not what they seem.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  latestCheckpoint,
  layers,
  listVariables,
  losses,
  sequential,
  storage,
  type Model,
} from 'tabtrain';
import { expectFailure } from './support/errors';
import { smallModel, smallX, smallY, temporaryDirectory, weightBits } from './support/models';

const directory = temporaryDirectory();
const quiet = { verbose: 0 } as const;
const good = join(directory, 'good', 'cp.ckpt');
const [index, shard] = ['.index', '.data-00000-of-00001'];
let trained: Model;

beforeAll(async () => {
  trained = smallModel(1);
  await trained.fit(smallX, smallY, quiet);
  await trained.saveWeights(good);
});

/** A copy of the good checkpoint under another name. */
function copyOf(name: string): string {
  const path = join(directory, name, 'cp.ckpt');
  mkdirSync(join(directory, name), { recursive: true });
  for (const suffix of [index, shard]) copyFileSync(good + suffix, path + suffix);
  return path;
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  writeFileSync(path, bytes);
}

describe('saving', () => {
  test('leaves the three files and nothing else', () => {
    expect(readdirSync(join(directory, 'good')).sort()).toEqual([
      'checkpoint',
      'cp.ckpt.data-00000-of-00001',
      'cp.ckpt.index',
    ]);
    expect(readFileSync(join(directory, 'good', 'checkpoint'), 'utf8')).toBe(
      'model_checkpoint_path: "cp.ckpt"\nall_model_checkpoint_paths: "cp.ckpt"\n',
    );
  });

  test('and loading gives the same bits, optimizer and all', async () => {
    const other = smallModel(2);
    const status = await other.loadWeights(good);
    expect(await weightBits(other)).toEqual(await weightBits(trained));
    expect(status.restored.length).toBeGreaterThanOrEqual(4);
    status.assertExistingObjectsMatched();
    expect(status.expectPartial()).toBe(status);
    await other.saveWeights(join(directory, 'again', 'cp.ckpt'));
    expect(await listVariables(join(directory, 'again', 'cp.ckpt'))).toEqual(
      await listVariables(good),
    );
  });

  test('overwrite: false keeps what is there', async () => {
    const path = copyOf('kept');
    const before = readFileSync(path + shard);
    await expectFailure(() => smallModel(3).saveWeights(path, { overwrite: false }), {
      code: 'INVALID_ARGUMENT',
      says: ['exists', 'overwrite'],
    });
    expect(readFileSync(path + shard).equals(before)).toBe(true);
  });

  test('into a directory that cannot be written', async () => {
    const blocked = join(directory, 'blocked');
    writeFileSync(blocked, 'a file where a directory should be');
    await expectFailure(() => trained.saveWeights(join(blocked, 'cp.ckpt')), {
      code: 'STORAGE_UNAVAILABLE',
      says: ['blocked', /ENOTDIR|EEXIST/],
    });
    expect(readFileSync(blocked, 'utf8')).toMatch('a file');
    await trained.saveWeights(good);
  });

  test('where a directory has the name of one of the files', async () => {
    const path = copyOf('taken');
    const before = readFileSync(path + shard);
    mkdirSync(join(directory, 'taken', 'checkpoint'));
    const other = smallModel(9);
    await other.fit(smallX, smallY, quiet);
    await expectFailure(() => other.saveWeights(path), {
      code: 'STORAGE_UNAVAILABLE',
      says: ['checkpoint', 'there is a directory'],
    });
    expect(readFileSync(path + shard).equals(before)).toBe(true);
    expect(readdirSync(join(directory, 'taken')).sort()).toEqual([
      'checkpoint',
      'cp.ckpt.data-00000-of-00001',
      'cp.ckpt.index',
    ]);
  });

  test('into a file system that takes no files, root or not', () =>
    expectFailure(() => trained.saveWeights('/proc/tabtrain/cp.ckpt'), {
      code: 'STORAGE_UNAVAILABLE',
      says: ['/proc/tabtrain'],
    }));

  test.each([
    ['no name', '', 'INVALID_ARGUMENT'],
    ['a directory', `${directory}/`, 'INVALID_ARGUMENT'],
    ['a number', 7 as never, 'INVALID_ARGUMENT'],
    ['a NUL', 'a\0b', 'INVALID_ARGUMENT'],
  ])('under %s', (_, path, code) =>
    expectFailure(() => trained.saveWeights(path), { code, says: ['model.saveWeights: path'] }),
  );

  test('options are checked', () =>
    expectFailure(() => trained.saveWeights(good, { optimizerLayout: 'old' as never }), {
      code: 'INVALID_ARGUMENT',
      says: ['optimizerLayout', "'legacy'", 'came "old"'],
    }));
});

type Damage = [
  what: string,
  damage: (path: string) => void,
  code: string,
  says: (string | RegExp)[],
];

const damages: Damage[] = [
  ['missing', (path) => rmSync(path + index), 'NOT_FOUND', ['cp.ckpt.index']],
  ['without its data', (path) => rmSync(path + shard), 'NOT_FOUND', ['data-00000-of-00001']],
  ['with a truncated index', (path) => truncateSync(path + index, 100), 'CORRUPT_FILE', []],
  ['with an empty index', (path) => truncateSync(path + index, 0), 'CORRUPT_FILE', []],
  ['with truncated data', (path) => truncateSync(path + shard, 64), 'CORRUPT_FILE', []],
  ['with empty data', (path) => truncateSync(path + shard, 0), 'CORRUPT_FILE', []],
  ['with a flipped bit in a weight', (path) => flip(path + shard, 10), 'CORRUPT_FILE', [/checksum|crc/i]],
  ['with a flipped bit at the end of the data', (path) => flip(path + shard, -3), 'CORRUPT_FILE', []],
  ['with a flipped bit in the index', (path) => flip(path + index, 30), 'CORRUPT_FILE', []],
  ['with a flipped bit in the footer', (path) => flip(path + index, -1), 'CORRUPT_FILE', []],
  ['that is a text', (path) => writeFileSync(path + index, 'hello '.repeat(100)), 'CORRUPT_FILE', []],
  ['that is an HDF5 file', (path) => writeFileSync(path + index, '\x89HDF\r\n\x1a\n'.padEnd(500, '\0'), 'latin1'), 'CORRUPT_FILE', []],
]; // prettier-ignore

test.each(damages)('loading a checkpoint %s changes nothing', async (what, damage, code, says) => {
  const path = copyOf(`damaged ${what}`);
  damage(path);
  const model = smallModel(5);
  await model.fit(smallX, smallY, quiet);
  const before = await weightBits(model);
  await expectFailure(() => model.loadWeights(path), { code, says });
  expect(await weightBits(model)).toEqual(before);
  await model.loadWeights(good);
  expect(await weightBits(model)).toEqual(await weightBits(trained));
});

describe('loading', () => {
  test.each([
    ['other units', [8, 5], 'SHAPE_MISMATCH'],
    ['a wider layer', [9, 3], 'SHAPE_MISMATCH'],
  ])('weights of another architecture: %s', async (_, [first, second], code) => {
    const model = sequential([
      layers.dense({ units: first!, inputShape: [4] }),
      layers.dropout({ rate: 0.1 }),
      layers.dense({ units: second! }),
    ]);
    model.compile({
      optimizer: 'adam',
      loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    });
    await model.build();
    const before = await weightBits(model);
    await expectFailure(() => model.loadWeights(good), { code, says: [] });
    expect(await weightBits(model)).toEqual(before);
  });

  test('null, as latestCheckpoint gives it for an empty directory', async () => {
    expect(await latestCheckpoint(join(directory, 'nothing'))).toBeNull();
    await expectFailure(() => trained.loadWeights(null), {
      code: 'INVALID_ARGUMENT',
      says: ['path', 'came null', 'no checkpoint'],
    });
  });

  test('a pipe, which nobody writes to', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [`${path}.index`]);
    await expectFailure(() => smallModel().loadWeights(path), { code: 'NOT_FOUND', says: [path] });
  });

  test('a directory', () =>
    expectFailure(() => trained.loadWeights(join(directory, 'good')), {
      code: 'NOT_FOUND',
      says: ['latestCheckpoint'],
    }));
});

describe('latestCheckpoint', () => {
  const stateFile = (name: string, text: string) => {
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, 'checkpoint'), text);
    return join(directory, name);
  };

  test.each([
    ['malformed', 'not a state file {'],
    ['empty', ''],
    ['naming what is gone', 'model_checkpoint_path: "gone.ckpt"\n'],
    ['leading outside', 'model_checkpoint_path: "../good/cp.ckpt"\n'],
    ['absolute', `model_checkpoint_path: "${good}"\n`],
  ])('null for a state file %s', async (what, text) => {
    expect(await latestCheckpoint(stateFile(`state ${what}`, text))).toBeNull();
  });

  test('an absolute path to a file that was moved along', async () => {
    const path = copyOf('moved');
    stateFile('moved', 'model_checkpoint_path: "/somewhere/else/cp.ckpt"\n');
    expect(await latestCheckpoint(join(directory, 'moved'))).toBe(path);
  });
});

describe('storage', () => {
  const bytes = Uint8Array.of(1, 2, 3);

  test('write, read, list, exists, remove', async () => {
    const path = join(directory, 'plain', 'deep', 'x.bin');
    await storage.write(path, bytes);
    expect(Array.from(await storage.read(path))).toEqual([1, 2, 3]);
    const [file] = await storage.list(join(directory, 'plain'));
    expect(file).toMatchObject({ path, size: 3 });
    expect(Math.abs(file!.modified - Date.now())).toBeLessThan(60_000);
    expect(await storage.exists(path)).toBe(true);
    await storage.remove(join(directory, 'plain'));
    expect(await storage.exists(path)).toBe(false);
    await expectFailure(() => storage.read(path), { code: 'NOT_FOUND', says: ['x.bin'] });
    await expectFailure(() => storage.remove(path), { code: 'NOT_FOUND', says: ['x.bin'] });
    await expectFailure(() => storage.write(path, 'abc' as never), {
      code: 'INVALID_ARGUMENT',
      says: ['bytes', 'came "abc"'],
    });
  });

  test('a zip of a checkpoint comes back as the same files', async () => {
    const zip = (await storage.exportZip(good)) as Uint8Array;
    const target = join(directory, 'imported');
    const paths = await storage.import(zip, target);
    expect(paths.map((path) => path.slice(target.length + 1))).toEqual([
      'cp.ckpt.data-00000-of-00001',
      'cp.ckpt.index',
    ]);
    const model = smallModel(8);
    await model.loadWeights(join(target, 'cp.ckpt'));
    expect(await weightBits(model)).toEqual(await weightBits(trained));
    const whole = (await storage.exportZip(join(directory, 'good'))) as Uint8Array;
    await storage.import(whole, join(directory, 'whole'));
    expect(await latestCheckpoint(join(directory, 'whole'))).toBe(
      join(directory, 'whole', 'cp.ckpt'),
    );
    await expectFailure(() => storage.exportZip(join(directory, 'never')), {
      code: 'NOT_FOUND',
      says: ['never'],
    });
  });

  test('files by name', async () => {
    const target = join(directory, 'named');
    await storage.import({ 'a/b.bin': bytes }, target);
    expect(Array.from(await storage.read(join(target, 'a', 'b.bin')))).toEqual([1, 2, 3]);
    await expectFailure(() => storage.import({ '../b.bin': bytes }, target), {
      code: 'INVALID_ARGUMENT',
      says: ['../b.bin'],
    });
  });

  test('a view is written by its bytes', async () => {
    const path = join(directory, 'views', 'x.bin');
    await storage.write(path, new Float32Array([1, 2]) as never);
    expect(new Float32Array((await storage.read(path)).buffer)).toEqual(new Float32Array([1, 2]));
  });

  test('persistence and room', async () => {
    expect(await storage.persisted()).toBe(true);
    expect(await storage.persist()).toBe(true);
    const { usage, quota } = await storage.estimate();
    expect(usage).toBeGreaterThan(0);
    expect(quota).toBeGreaterThan(usage);
  });
});
