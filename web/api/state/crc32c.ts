/** CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), as TensorFlow's files and iSCSI have it. */
const SLICES = 8;
let tables: Uint32Array[] | undefined;

/** tables[k][b] is the effect of byte b followed by k zero bytes. */
function makeTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    return crc;
  });
  const made = [first];
  while (made.length < SLICES) {
    made.push(made.at(-1)!.map((before) => (before >>> 8) ^ first[before & 0xff]!));
  }
  return made;
}

/** Goes on from the checksum of what came before. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = (tables ??= makeTables()) as [
    Uint32Array, Uint32Array, Uint32Array, Uint32Array,
    Uint32Array, Uint32Array, Uint32Array, Uint32Array,
  ]; // prettier-ignore
  let crc = ~before;
  let at = 0;
  for (const end = bytes.length - SLICES; at <= end; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; ++at) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** A line break, 8 digits and a line break. */
const CRC_CHARACTERS = 10;

/** A text and its checksum, as a text. */
export function withCrc(text: string): string {
  const crc = crc32c(new TextEncoder().encode(text));
  return `${text}\n${crc.toString(16).padStart(8, '0')}\n`;
}

/** The text that {@link withCrc} was given; null where the checksum is wrong. */
export function textWithCrc(whole: string): string | null {
  const text = whole.slice(0, -CRC_CHARACTERS);
  return whole === withCrc(text) ? text : null;
}
