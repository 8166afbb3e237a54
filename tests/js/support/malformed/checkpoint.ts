import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layers, sequential, setSeed } from 'tabtrain';
import {
  bytes as field,
  fields,
  int,
  join as joined,
  varint,
} from '../../../../web/api/formats/proto';
import { crc32c } from '../../../../web/api/state/crc32c';
import { once, rowsOf, text, type Files, type Row } from './row';

/*
 * An index is a table of LevelDB (src/checkpoint/table.h): blocks of entries with a checksum each, and a footer that says
 * where the index of blocks is. What is made here has one block.
 */
type Entries = Map<string, Uint8Array>;

const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
const masked = (crc: number) => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** The number of a varint, and where it ends. */
function varintAt(bytes: Uint8Array, at: number): [number, number] {
  let value = 0;
  for (let i = 0; ; ++i) {
    value += (bytes[at + i]! & 127) * 128 ** i;
    if (bytes[at + i]! < 128) return [value, at + i + 1];
  }
}

/** The entries of the first block of a table. */
function readTable(table: Uint8Array): Entries {
  const footer = table.length - 48;
  const [, afterAt] = varintAt(table, footer);
  const [, afterSize] = varintAt(table, afterAt);
  const [indexAt] = varintAt(table, afterSize);
  const end = indexAt - 13; // the metaindex, which is empty, with its trailer
  const block = table.subarray(0, end - 5);
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4).getUint32(0, true); // prettier-ignore
  const entries: Entries = new Map();
  let key = '';
  for (let at = 0; at < block.length - 4 * (restarts + 1);) {
    const [shared, first] = varintAt(block, at);
    const [unshared, second] = varintAt(block, first);
    const [size, start] = varintAt(block, second);
    const own = Buffer.from(block.subarray(start, start + unshared)).toString('latin1');
    key = key.slice(0, shared) + own;
    at = start + unshared + size;
    entries.set(key, block.slice(start + unshared, at));
  }
  return entries;
}

const block = (entries: readonly (readonly [string, Uint8Array])[]) => {
  const body = entries.map(([key, value]) => [varint(0), varint(key.length), varint(value.length), Buffer.from(key, 'latin1'), value]); // prettier-ignore
  return joined(...body, u32(0), u32(1));
};
const sealed = (content: Uint8Array, kind = 0) => {
  const typed = joined(content, Uint8Array.of(kind));
  return joined(typed, u32(masked(crc32c(typed))));
};

interface TableOptions {
  readonly kind?: number;
  readonly content?: Uint8Array;
  readonly handle?: readonly [number, number];
}

/** A table of one block. */
function table(entries: Entries, { kind = 0, content, handle }: TableOptions = {}): Uint8Array {
  const data = content ?? block([...entries]);
  const [first, meta] = [sealed(data, kind), sealed(block([]))];
  const [at, size] = handle ?? [0, data.length];
  const index = sealed(block([['p', joined(varint(at), varint(size))]]));
  const handles = joined(varint(first.length), varint(8), varint(first.length + meta.length), varint(index.length - 5)); // prettier-ignore
  const footer = new Uint8Array(48);
  footer.set(handles);
  footer.set([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], 40);
  return joined(first, meta, index, footer);
}

interface Checkpoint {
  readonly files: Files;
  entries: Entries;
  options: TableOptions;
}
const INDEX = 'cp.ckpt.index';
const DATA = 'cp.ckpt.data-00000-of-00001';
const KERNEL = 'layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE';
const GRAPH = '_CHECKPOINTABLE_OBJECT_GRAPH';

const original = once(async () => {
  setSeed(3);
  const model = sequential([layers.dense({ units: 2, inputShape: [3], name: 'dense' })]);
  const directory = mkdtempSync(join(tmpdir(), 'tabtrain-malformed-'));
  await model.build();
  await model.saveWeights(join(directory, 'cp.ckpt'));
  model.dispose();
  const files: Files = new Map([INDEX, DATA].map((name) => [name, Uint8Array.from(readFileSync(join(directory, name)))])); // prettier-ignore
  rmSync(directory, { recursive: true });
  return files;
});

const fileRows = rowsOf<Files>(
  async () => new Map(await original()),
  (weights) => ({ weights, path: 'cp.ckpt' }),
);
const rows = rowsOf<Checkpoint>(
  async () => {
    const files = new Map(await original());
    return { files, entries: readTable(files.get(INDEX)!), options: {} };
  },
  ({ files, entries, options }) => ({
    weights: files.set(INDEX, table(entries, options)),
    path: 'cp.ckpt',
  }),
);
const cut = (name: string, size: number) => (files: Files) => void files.set(name, files.get(name)!.slice(0, size)); // prettier-ignore
const flip = (name: string, from: (size: number) => number) => (files: Files) => {
  const bytes = files.get(name)!.slice();
  bytes[from(bytes.length)]! ^= 16;
  files.set(name, bytes);
};
/** An entry of the index becomes what `edit` makes of its message. */
const entry = (key: string, edit: (message: Uint8Array) => Uint8Array) => ({ entries }: Checkpoint) => void entries.set(key, edit(entries.get(key)!)); // prettier-ignore
/** A BundleEntryProto with another shape; its checksum is of fixed width, which `changed` does not know. */
const shape = (...sizes: number[]) =>
  entry(KERNEL, (message) =>
    joined(
      fields(message, 'test').map(({ number, value, bytes }) => {
        if (number === 2)
          return field(
            2,
            sizes.map((size) => field(2, int(1, size))),
          );
        return number === 6 ? [varint(6 * 8 + 5), bytes] : int(number, Number(value));
      }),
    ),
  );
/** A field more, which counts where there are two. */
const more = (key: string, ...fields: Uint8Array[]) => entry(key, (message) => joined(message, fields)); // prettier-ignore
const CORRUPT = 'CORRUPT_FILE';

/** TensorFlow's checkpoints. */
export const checkpointRows: readonly Row[] = [
  ...fileRows('bytes that are believed', [
    ['an index of nothing', cut(INDEX, 0), CORRUPT, 'has 0 bytes'],
    ['half an index', cut(INDEX, 150), CORRUPT, 'magic number'],
    ['half of the values', cut(DATA, 20), CORRUPT, 'data file 0 has 20'],
    ['no values', (files) => files.delete(DATA), 'NOT_FOUND', DATA],
    ['another byte in the index', flip(INDEX, () => 40), CORRUPT, 'checksum'],
    ['another byte in the footer', flip(INDEX, (size) => size - 3), CORRUPT, 'magic number'],
    ['another byte in a value', flip(DATA, () => 5), CORRUPT, 'checksum'],
  ]),
  ...rows('a shape whose elements overflow when they are counted', [
    ['2^40 x 2^40 elements', shape(2 ** 40, 2 ** 40), CORRUPT, 'elements', 'CVE-2021-41203'],
    ['2^62 elements', shape(2 ** 62), CORRUPT, 'elements', 'CVE-2021-41203'],
    ['-3 x -2 elements', shape(-3, -2), CORRUPT, 'expected 0 to', 'CVE-2021-41203'],
    ['another shape of the same size', shape(2, 3), 'SHAPE_MISMATCH', 'kernel'],
    ['300 extents', shape(...new Array<number>(300).fill(1)), CORRUPT, 'more than 254 dimensions'],
  ]),
  ...rows('an entry that is believed', [
    ['an offset beyond the values', more(KERNEL, int(4, 2 ** 50)), CORRUPT, 'at 1125899906842624'],
    ['a size beyond the values', more(KERNEL, int(5, 2 ** 50)), CORRUPT, 'in 1125899906842624 bytes'],
    ['a size below 0', more(KERNEL, int(5, -24)), CORRUPT, 'field 5 is -24'],
    ['a size that is not its shape\'s', more(KERNEL, int(5, 20)), CORRUPT, 'in 20 bytes'],
    ['a shard that is not there', more(KERNEL, int(3, 7)), CORRUPT, 'data file 7 of 1'],
    ['a type that is none', more(KERNEL, int(1, 99)), 'UNSUPPORTED', 'dtype number 99'],
    ['texts in place of weights', more(KERNEL, int(1, 7)), CORRUPT, 'string tensor'],
    ['an entry that ends early', entry(KERNEL, (message) => message.slice(0, -3)), CORRUPT, 'needs 4 bytes'],
    ['2^31 shards', more('', int(1, 2 ** 31 - 1)), CORRUPT, '2147483647 data files'],
    ['the bytes in another order', more('', int(2, 1)), 'UNSUPPORTED', 'endian'],
    ['a graph that is not there', ({ entries }) => entries.delete(GRAPH), 'UNSUPPORTED', 'no object graph'],
    ['a graph that is a weight', ({ entries }) => entries.set(GRAPH, entries.get(KERNEL)!), CORRUPT, 'share bytes'],
    ['keys that are not in order', (of) => void (of.entries = new Map([...of.entries].reverse())), CORRUPT, 'does not start with a header'],
  ]), // prettier-ignore
  ...rows('a block that is believed', [
    ['a block of 4 GiB once unpacked', (of) => void (of.options = { kind: 1, content: joined(varint(2 ** 32 - 1), Uint8Array.of(0, 0)) }), CORRUPT, '4294967295 bytes of output'],
    ['a packing that is none', (of) => void (of.options = { kind: 9 }), 'UNSUPPORTED', 'compression 9'],
    ['a block beyond the end', (of) => void (of.options = { handle: [2 ** 40, 20] }), CORRUPT, 'behind the metaindex'],
    ['a block of 2^62 bytes', (of) => void (of.options = { handle: [0, 2 ** 62] }), CORRUPT, 'does not fit'],
    ['a block of 2^30 restarts', (of) => void (of.options = { content: joined(text('abc'), u32(2 ** 30)) }), CORRUPT, 'shorter than its restart array'],
    ['a key that shares what is not there', (of) => void (of.options = { content: joined(Uint8Array.of(9, 1, 1, 97, 98), u32(0), u32(1)) }), CORRUPT, 'shares more than'],
  ]), // prettier-ignore
];
