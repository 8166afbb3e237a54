import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../../../web/api/storage/crc32';
import { zipEntries } from '../../../../web/api/storage/zip';
import { rowsOf, text, type Change, type Row } from './row';

/** A zip of one deflated entry that claims to unpack to `rawSize` bytes. */
export function deflated(content: Uint8Array, rawSize = content.length): Uint8Array {
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

type Zip = { bytes: Uint8Array<ArrayBuffer> };
const entries = [
  { name: 'cp.ckpt.index', bytes: text('index') },
  { name: 'a/ü.txt', bytes: text('') },
];
const rows = rowsOf<Zip>(
  () => Promise.resolve({ bytes: zipEntries(entries) }),
  ({ bytes }) => ({ zip: bytes }),
);
const directory = zipEntries(entries).length - 22 - (46 * 2 + 13 + 8);
const put = (bytes: Uint8Array) => (zip: Zip) => void (zip.bytes = Uint8Array.from(bytes));
const write = (edit: (view: DataView, bytes: Uint8Array) => unknown) => (zip: Zip) =>
  void edit(new DataView(zip.bytes.buffer), zip.bytes);
const word = (place: number, value: number) => write((view) => view.setUint32(directory + place, value, true)); // prettier-ignore
const half = (place: number, value: number) => write((view) => view.setUint16(directory + place, value, true)); // prettier-ignore
const named = (name: string): Change<Zip> => [
  `the name ${JSON.stringify(name)}`,
  put(zipEntries([entries[0]!, { name, bytes: text('evil') }])),
  'INVALID_ARGUMENT',
  'entry',
];
const CORRUPT = 'CORRUPT_FILE';

/** Archives of checkpoints, for `storage.importZip`. */
export const zipRows: readonly Row[] = [
  ...rows('a directory that is believed', [
    ['no zip', put(text('hello, this is not a zip at all')), CORRUPT, 'no end record'],
    ['nothing', put(new Uint8Array(0)), CORRUPT, 'no end record'],
    ['cut off', (zip) => void (zip.bytes = zip.bytes.slice(0, -30)), CORRUPT, 'no end record'],
    ['a flipped byte', write((_, bytes) => (bytes[45]! ^= 1)), CORRUPT, 'checksum'],
    ['a size beyond the file', word(20, 1e9), CORRUPT, 'claims'],
    ['a directory beyond the file', write((view, bytes) => view.setUint32(bytes.length - 6, 1e9, true)), CORRUPT, 'header'],
    ['a header beyond the file', word(42, 1e9), CORRUPT, 'header'],
    ['more entries than there are', write((view, bytes) => view.setUint16(bytes.length - 12, 9, true)), CORRUPT, 'header'],
    ['a name beyond the directory', half(28, 0xffff), CORRUPT, 'ends after'],
    ['encryption', half(8, 1), 'UNSUPPORTED', 'encrypted'],
    ['a rare method', half(10, 14), 'UNSUPPORTED', 'packed rarely'],
    ['no deflate data', half(10, 8), CORRUPT, /does not unpack|holds|claims/],
  ]), // prettier-ignore
  ...rows('memory by what an entry claims', [
    ['a bomb by its claim', put(deflated(text('x'), 0xf0000000)), CORRUPT, 'claims'],
    ['one entry named often', put(bomb(zipEntries([{ name: 'x', bytes: text('abc') }]), 2)), CORRUPT, 'claim'],
    ['one packed entry named often', put(bomb(deflated(new Uint8Array(1e6)), 0xffff)), CORRUPT, 'claim'],
    ['more than it claims', put(deflated(new Uint8Array(5000), 100)), CORRUPT, 'more than'],
    ['less than it claims', put(deflated(text('abc'), 4)), CORRUPT, 'holds 3'],
  ]), // prettier-ignore
  ...rows(
    'a name that leads out of the directory',
    ['../x', '/etc/x', 'a/../../x', 'a\\b', 'C:/x', 'a//b', './x', 'x\0y'].map(named),
  ),
];
