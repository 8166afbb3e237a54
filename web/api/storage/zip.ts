import { TabtrainError } from '../errors';
import { crc32 } from './crc32';

/*
 * Zip files (PKWARE APPNOTE 6.3, no zip64): per entry a local header, the name and the bytes; then the
 * central directory, one header and name per entry; then the end record. All little-endian.
 *
 *   local:   "PK\3\4" version flags method time date crc size rawSize nameLen extraLen name extra bytes
 *   central: "PK\1\2" madeBy version flags method time date crc size rawSize nameLen extraLen commentLen
 *            disk internal external(4) offset(4) name extra comment
 *   end:     "PK\5\6" disk disk count count directorySize directoryOffset commentLen comment
 */
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const UTF8_NAMES = 0x0800;
const STORED = 0;
const DEFLATED = 8;

/** No deflated byte stands for more than this many bytes. */
const MAX_RATIO = 1032;
const MAX_ZIP = 0xffffffff;

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** 1980-01-01, so that equal files make equal zips. */
const DATE = 0x21;

/**
 * A zip of the entries, stored: weights do not compress. `UNSUPPORTED` from 4 GiB on.
 * @param what begins the sentence of that error.
 */
export function zipEntries(
  entries: readonly ZipEntry[],
  what = 'storage.exportZip',
): Uint8Array<ArrayBuffer> {
  const named = entries.map(({ name, bytes }) => ({ name: new TextEncoder().encode(name), bytes }));
  const size = named.reduce(
    (sum, { name, bytes }) => sum + 76 + 2 * name.length + bytes.length,
    22,
  );
  if (size > MAX_ZIP || named.length > 0xffff) {
    throw new TabtrainError('UNSUPPORTED', `${what}: ${size} bytes are too many for a zip`);
  }
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  const put = (...fields: readonly (readonly [width: 2 | 4, value: number])[]) => {
    for (const [width, value] of fields) {
      if (width === 2) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
      at += width;
    }
  };
  const append = (bytes: Uint8Array) => {
    out.set(bytes, at);
    at += bytes.length;
  };
  const offsets: number[] = [];
  const common = ({ name, bytes }: (typeof named)[number], crc: number) =>
    put([2, 20], [2, isAscii(name) ? 0 : UTF8_NAMES], [2, STORED], [2, 0], [2, DATE], [4, crc], [4, bytes.length], [4, bytes.length], [2, name.length], [2, 0]); // prettier-ignore
  const sums = named.map(({ bytes }) => crc32(bytes));
  named.forEach((entry, i) => {
    offsets.push(at);
    put([4, LOCAL]);
    common(entry, sums[i]!);
    append(entry.name);
    append(entry.bytes);
  });
  const directory = at;
  named.forEach((entry, i) => {
    put([4, CENTRAL], [2, 20]);
    common(entry, sums[i]!);
    put([2, 0], [2, 0], [2, 0], [4, 0], [4, offsets[i]!]);
    append(entry.name);
  });
  put([4, END], [2, 0], [2, 0], [2, named.length], [2, named.length]);
  put([4, at - 12 - directory], [4, directory], [2, 0]);
  return out;
}

const isAscii = (name: Uint8Array) => name.every((byte) => byte < 0x80);

/** What to read of a zip. */
export interface UnzipOptions {
  /** Begins the sentences of errors. */
  readonly what: string;
  /** Bytes that all entries together may have. */
  readonly room: number;
  readonly isWanted: (name: string) => boolean;
  /** Bytes that the entries of these names may have at most. */
  readonly most?: Readonly<Record<string, number>>;
}

const EVERYTHING: UnzipOptions = { what: 'storage.import', room: Infinity, isWanted: () => true };

/** What the central directory says of a file. */
interface Header {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly rawSize: number;
  readonly packed: Uint8Array;
}

/**
 * The files of a zip, read through its central directory. The sizes of all, and their sums, are checked
 * against the bytes that are there before anything is allocated; names are not checked here.
 *
 * @throws TabtrainError `CORRUPT_FILE`, or `UNSUPPORTED` for encryption and rare methods.
 */
export async function unzipEntries(
  zip: Uint8Array,
  { what, room, isWanted, most = {} }: UnzipOptions = EVERYTHING,
): Promise<ZipEntry[]> {
  const corrupt: Corrupt = refuse(what);
  const entries: ZipEntry[] = [];
  let left = room;
  for (const header of readDirectory(zip, what)) {
    const { name, method, packed, rawSize, crc } = header;
    if (!isWanted(name)) continue;
    if (Object.hasOwn(most, name) && rawSize > most[name]!) {
      corrupt(`'${name}' has ${rawSize} bytes, where at most ${most[name]} make sense`);
    }
    left -= rawSize;
    if (left < 0) {
      throw new TabtrainError(
        'OUT_OF_MEMORY',
        `${what}: '${name}' does not fit into ${room} bytes`,
      );
    }
    const bytes =
      method === STORED ? packed.slice() : await inflate(packed, rawSize, name, corrupt);
    if (crc32(bytes) !== crc) corrupt(`'${name}' has another checksum`);
    entries.push({ name, bytes });
  }
  return entries;
}

/** The names of a zip's files. @throws TabtrainError as {@link unzipEntries}. */
export function entryNames(zip: Uint8Array, what: string): string[] {
  return readDirectory(zip, what).map(({ name }) => name);
}

function readDirectory(zip: Uint8Array, what: string): Header[] {
  const corrupt: Corrupt = refuse(what);
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = findEnd(view, corrupt);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const headers: Header[] = [];
  // With it MAX_RATIO bounds the sum of what the entries unpack to, too.
  let unclaimed = Math.min(at, end);
  for (let i = 0; i < count; ++i) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) corrupt(`entry ${i} has no header`);
    const nameLength = view.getUint16(at + 28, true);
    const next =
      at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) corrupt(`entry ${i} ends after the directory`);
    const name = new TextDecoder().decode(zip.subarray(at + 46, at + 46 + nameLength));
    if (!name.endsWith('/')) {
      const header = readHeader(zip, view, at, end, name, what);
      unclaimed -= 30 + header.packed.length;
      if (unclaimed < 0) corrupt(`its entries claim more bytes than there are, up to '${name}'`);
      headers.push(header);
    }
    at = next;
  }
  return headers;
}

function findEnd(view: DataView, corrupt: Corrupt): number {
  const last = view.byteLength - 22;
  for (let at = last; at >= Math.max(0, last - 0xffff); --at) {
    if (view.getUint32(at, true) === END) return at;
  }
  return corrupt('it has no end record');
}

function readHeader(
  zip: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  name: string,
  what: string,
): Header {
  const corrupt: Corrupt = refuse(what);
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const crc = view.getUint32(at + 16, true);
  const size = view.getUint32(at + 20, true);
  const rawSize = view.getUint32(at + 24, true);
  const local = view.getUint32(at + 42, true);
  if ((flags & 1) !== 0 || (method !== STORED && method !== DEFLATED)) {
    throw new TabtrainError(
      'UNSUPPORTED',
      `${what}: entry '${name}' is encrypted or packed rarely`,
    );
  }
  if (local + 30 > end || view.getUint32(local, true) !== LOCAL) corrupt(`'${name}' has no header`);
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (start + size > end) corrupt(`'${name}' claims ${size} bytes, more than there are`);
  const packed = zip.subarray(start, start + size);
  const fits = method === STORED ? rawSize === size : rawSize <= size * MAX_RATIO;
  if (!fits) corrupt(`'${name}' claims ${rawSize} bytes from ${size}`);
  return { name, method, crc, rawSize, packed };
}

async function inflate(
  packed: Uint8Array,
  rawSize: number,
  name: string,
  corrupt: Corrupt,
): Promise<Uint8Array> {
  const out = new Uint8Array(rawSize);
  let at = 0;
  try {
    const stream = new Blob([packed.slice()])
      .stream()
      .pipeThrough(new DecompressionStream('deflate-raw'));
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > rawSize) {
        await reader.cancel();
        corrupt(`'${name}' holds more than the ${rawSize} bytes that it claims`);
      }
      out.set(value, at);
      at += value.length;
    }
  } catch (error) {
    if (error instanceof TabtrainError) throw error;
    corrupt(`'${name}' does not unpack`);
  }
  if (at !== rawSize) corrupt(`'${name}' holds ${at} bytes, not the ${rawSize} that it claims`);
  return out;
}

type Corrupt = (reason: string) => never;

const refuse =
  (what: string): Corrupt =>
  (reason) => {
    throw new TabtrainError('CORRUPT_FILE', `${what}: not a readable zip: ${reason}`);
  };
