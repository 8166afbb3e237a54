import { TabtrainError } from '../../errors';

/** What a file of HDF5 begins with. */
const FILE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/**
 * What a global heap (HDF5 file format, III.E) begins with, where texts of any length are: GCOL, version 1. The library passes over
 * the three bytes behind it, whatever they are.
 */
const HEAP = [0x47, 0x43, 0x4f, 0x4c, 1];
const VERSION_AT = 4;
/** Of addresses and lengths, which HDF5 has besides 8; the library refuses what is none of them. */
const OTHER_WIDTHS = [2, 4, 16, 32];
/** Of a heap and of each object in it, where lengths have 8 bytes. */
const HEADER = 16;

export function isHdf5(bytes: Uint8Array | null): boolean {
  return bytes !== null && startsWith(bytes, 0, FILE);
}

/**
 * A copy that the library comes back from. It counts an object in a global heap in 32 bits, so one of 2^32 bytes is no
 * step forward, and it goes around for ever. Such a heap gets a version that the library refuses when it uses the heap.
 */
export function screened(bytes: Uint8Array, what: string): Uint8Array {
  if (!isHdf5(bytes))
    throw new TabtrainError('CORRUPT_FILE', `${what}: does not begin as HDF5 does`);
  const widthsAt = bytes[8]! < 2 ? 13 : 9;
  if ([0, 1].some((i) => OTHER_WIDTHS.includes(bytes[widthsAt + i]!))) {
    const reason = 'expected addresses and lengths of 8 bytes, as h5py writes them, came others';
    throw new TabtrainError('UNSUPPORTED', `${what}: ${reason}`);
  }
  const copy = bytes.slice();
  for (let at = copy.indexOf(HEAP[0]!); at >= 0; at = copy.indexOf(HEAP[0]!, at + 1)) {
    if (startsWith(copy, at, HEAP) && !canBeWalked(copy, at)) copy[at + VERSION_AT] = 0;
  }
  return copy;
}

const startsWith = (bytes: Uint8Array, at: number, mark: readonly number[]) =>
  mark.every((byte, i) => bytes[at + i] === byte);

/** Whether a heap's objects follow each other within it, as the library takes them (H5HGcache.c). */
function canBeWalked(bytes: Uint8Array, start: number): boolean {
  const view = new DataView(bytes.buffer);
  const long = (at: number) => (at + 8 <= bytes.length ? Number(view.getBigUint64(at, true)) : NaN);
  const end = start + long(start + 8);
  if (!(end <= bytes.length)) return false;
  for (let at = start + HEADER; at + HEADER <= end;) {
    const size = long(at + 8);
    const isFree = view.getUint16(at, true) === 0;
    const step = isFree ? size : HEADER + Math.ceil(size / 8) * 8;
    if (step < HEADER || at + step > end) return false;
    at += step;
  }
  return true;
}
