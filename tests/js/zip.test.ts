// Zip files: what is written reads back anywhere, what is hostile is refused before it costs anything.
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { crc32 } from '../../web/api/storage/crc32';
import { Storage } from '../../web/api/storage/storage';
import { MemoryBackend } from '../../web/api/storage/memoryBackend';
import { unzipEntries, zipEntries } from '../../web/api/storage/zip';
import { expectFailure } from './support/errors';

const bytes = (text: string) => new TextEncoder().encode(text);
const entries = [
  { name: 'cp.ckpt.index', bytes: bytes('index') },
  { name: 'a/ü.txt', bytes: bytes('') },
];

/** A zip of one deflated entry that claims to unpack to `rawSize` bytes. */
function deflated(content: Uint8Array, rawSize = content.length): Uint8Array {
  const packed = deflateRawSync(content);
  const zip = zipEntries([{ name: 'x', bytes: packed }]);
  const view = new DataView(zip.buffer);
  const directory = 30 + 1 + packed.length;
  view.setUint16(directory + 10, 8, true);
  view.setUint32(directory + 16, crc32(content), true);
  view.setUint32(directory + 24, rawSize, true);
  return zip;
}

/** A zip whose directory names its only entry, 'x', `count` times. */
function bomb(zip: Uint8Array, count: number): Uint8Array {
  const end = zip.length - 22;
  const directory = end - 47;
  const header = zip.slice(directory, end);
  const out = new Uint8Array(directory + count * header.length + 22);
  out.set(zip.subarray(0, directory));
  for (let i = 0; i < count; ++i) out.set(header, directory + i * header.length);
  out.set(zip.subarray(end), out.length - 22);
  new DataView(out.buffer).setUint16(out.length - 12, count, true);
  return out;
}

test('the check value of CRC-32', () => expect(crc32(bytes('123456789'))).toBe(0xcbf43926));

test('round trip', async () => {
  const read = await unzipEntries(zipEntries(entries));
  expect(read.map(({ name }) => name)).toEqual(entries.map(({ name }) => name));
  expect(read.map((entry) => Array.from(entry.bytes))).toEqual(
    entries.map((e) => Array.from(e.bytes)),
  );
});

test('a deflated entry', async () => {
  const content = new Uint8Array(100_000).fill(7);
  const [entry] = await unzipEntries(deflated(content));
  expect(entry!.bytes.length).toBe(content.length);
  expect(crc32(entry!.bytes)).toBe(crc32(content));
});

describe('hostile zips', () => {
  const zip = zipEntries(entries);
  const directory = zip.length - 22 - (46 * 2 + 13 + 8);
  const changed = (change: (view: DataView, copy: Uint8Array) => void) => {
    const copy = zip.slice();
    change(new DataView(copy.buffer), copy);
    return copy;
  };

  test.each<[string, Uint8Array, string]>([
    ['no zip', bytes('hello, this is not a zip at all'), 'no end record'],
    ['nothing', new Uint8Array(0), 'no end record'],
    ['cut off', zip.slice(0, -30), 'no end record'],
    ['a flipped byte', changed((_, copy) => (copy[45] = copy[45]! ^ 1)), 'checksum'],
    [
      'a size beyond the file',
      changed((view) => view.setUint32(directory + 20, 1e9, true)),
      'claims',
    ],
    [
      'a directory beyond the file',
      changed((view, copy) => view.setUint32(copy.length - 6, 1e9, true)),
      'header',
    ],
    [
      'a header beyond the file',
      changed((view) => view.setUint32(directory + 42, 1e9, true)),
      'header',
    ],
    ['a bomb by its claim', deflated(bytes('x'), 0xf0000000), 'claims'],
    ['one entry named often', bomb(zipEntries([{ name: 'x', bytes: bytes('abc') }]), 2), 'claim'],
    ['one packed entry named often', bomb(deflated(new Uint8Array(1e6)), 0xffff), 'claim'],
    ['more than it claims', deflated(new Uint8Array(5000), 100), 'more than'],
    ['less than it claims', deflated(bytes('abc'), 4), 'holds 3'],
    [
      'no deflate data',
      changed((view) => view.setUint16(directory + 10, 8, true)),
      'does not unpack|holds|claims',
    ],
  ])('%s', (_, hostile, says) =>
    expectFailure(() => unzipEntries(hostile), { code: 'CORRUPT_FILE', says: [new RegExp(says)] }),
  );

  test.each(['../x', '/etc/x', 'a/../../x', 'a\\b', 'C:/x', 'a//b', './x', 'x\0y'])(
    'the name %j leads outside, so nothing is written',
    async (name) => {
      const storage = new Storage(new MemoryBackend(), () => import('../../web/api/storage/zip'));
      const zipped = zipEntries([entries[0]!, { name, bytes: bytes('evil') }]);
      await expectFailure(() => storage.importZip(zipped, 'in'), {
        code: 'INVALID_ARGUMENT',
        says: ['entry'],
      });
      expect(await storage.list('')).toEqual([]);
    },
  );
});
