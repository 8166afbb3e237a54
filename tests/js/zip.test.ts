// Zip files: what is written reads back anywhere. Malformed ones are in malformed-files.test.ts.
import { expect, test } from '@jest/globals';
import { crc32 } from '../../web/api/storage/crc32';
import { unzipEntries, zipEntries } from '../../web/api/storage/zip';
import { deflated } from './support/malformed/zip';

const bytes = (text: string) => new TextEncoder().encode(text);
const entries = [
  { name: 'cp.ckpt.index', bytes: bytes('index') },
  { name: 'a/ü.txt', bytes: bytes('') },
];

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
