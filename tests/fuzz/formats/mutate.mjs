// Changes of files. Those that know a format keep its lengths and checksums right, so that readers go on past them.

const WORDS = ['__proto__', 'constructor', 'toString', '../x', '', 'null', '-1', '1e999', '[]', '{}', '"x"', 'true', '9007199254740993', '"Lambda"', '"Sequential"', '"function"']; // prettier-ignore

/** One change of some bytes; `donor` gives bytes that belong to such files. */
export function mutateBytes(bytes, random, donor) {
  const at = random.below(bytes.length + 1);
  const length = 1 + random.below(random.chance(0.8) ? 8 : 400);
  const splice = (remove, insert) =>
    Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
  switch (random.below(7)) {
    case 0:
      return put(bytes, at, [bytes[at] ^ (1 << random.below(8))]);
    case 1:
      return put(bytes, at, [random.pick([0, 1, 127, 128, 255, 10, 18, 26])]);
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return splice(length, Buffer.alloc(0));
    case 4:
      return splice(0, Buffer.from(Array.from({ length }, () => random.below(256))));
    case 5: {
      const from = random.below(donor.length);
      return splice(random.chance(0.5) ? length : 0, donor.subarray(from, from + length));
    }
    default: // A text of the same length keeps the lengths around it right.
      return put(
        bytes,
        at,
        Array.from({ length }, () => 48 + random.below(75)),
      );
  }
}

function put(bytes, at, values) {
  const copy = Buffer.from(bytes);
  copy.set(values.slice(0, Math.max(0, copy.length - at)), Math.min(at, copy.length));
  return copy;
}

/** A number or a text of JSON becomes another; elsewhere, of a name in a message, some bytes. */
export function mutateText(bytes, random) {
  const text = bytes.toString('latin1');
  const tokens = [...text.matchAll(/"[\w/>: ]{0,40}"|-?\d+(\.\d+)?|true|false|null|[A-Za-z]\w{3,}/g)]; // prettier-ignore
  if (tokens.length === 0) return bytes;
  const { 0: token, index } = random.pick(tokens);
  let other = random.chance(0.5) ? random.pick(WORDS) : random.pick(tokens)[0];
  // Spaces keep JSON what it is, and lengths right.
  if (random.chance(0.5)) other = other.slice(0, token.length).padEnd(token.length, ' ');
  return Buffer.from(text.slice(0, index) + other + text.slice(index + token.length), 'latin1');
}

/** A value of JSON becomes another one of the same text, or is left out, or is there twice. */
export function mutateJson(bytes, random) {
  let root;
  try {
    root = JSON.parse(bytes.toString());
  } catch {
    return mutateText(bytes, random);
  }
  const places = [];
  const visit = (value) => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value, key]);
      visit(value[key]);
    }
  };
  visit(root);
  if (places.length === 0) return mutateText(bytes, random);
  const [holder, key] = random.pick(places);
  const [otherHolder, otherKey] = random.pick(places);
  const other = structuredClone(otherHolder[otherKey]);
  const odd = [
    null,
    true,
    -1,
    0,
    1,
    2 ** 53,
    1e300,
    '',
    'x',
    [],
    {},
    [[]],
    [null, 4],
    'constructor',
  ];
  switch (random.below(5)) {
    case 0:
      holder[key] = other;
      break;
    case 1:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 2:
      if (Array.isArray(holder)) holder.splice(Number(key), 0, other);
      else holder[random.chance(0.2) ? random.pick(WORDS) : otherKey] = other;
      break;
    default:
      holder[key] = random.pick(odd);
  }
  return Buffer.from(JSON.stringify(root));
}

function varintAt(bytes, at) {
  let value = 0;
  for (let i = 0; i < 10; ++i) {
    const byte = bytes[at + i];
    if (byte === undefined) return null;
    value += (byte & 127) * 128 ** i;
    if (byte < 128) return [value, at + i + 1];
  }
  return null;
}

function varint(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

/** The fields of a message, each with where it begins, where its content does, and its end; null for other bytes. */
function fieldsOf(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const tag = varintAt(bytes, at);
    if (!tag || tag[0] < 8) return null;
    const [wire, start] = [tag[0] % 8, tag[1]];
    let content = start;
    let end;
    if (wire === 0) end = varintAt(bytes, start)?.[1] ?? NaN;
    else if (wire === 1 || wire === 5) end = start + (wire === 1 ? 8 : 4);
    else if (wire === 2) {
      const length = varintAt(bytes, start);
      if (!length) return null;
      content = length[1];
      end = content + length[0];
    } else return null;
    if (!(end <= bytes.length)) return null;
    found.push({ at, wire, tag: tag[0], content, end });
    at = end;
  }
  return found;
}

/** A change somewhere in a message, the lengths around it set right. `donor` is another message of the kind. */
export function mutateMessage(bytes, random, donor, depth = 0) {
  const fields = fieldsOf(bytes);
  if (!fields || fields.length === 0) return mutateBytes(bytes, random, donor);
  const field = random.pick(fields);
  const whole = bytes.subarray(field.at, field.end);
  const replaced = (...by) => Buffer.concat([bytes.subarray(0, field.at), ...by, bytes.subarray(field.end)]); // prettier-ignore
  if (field.wire === 2 && depth < 12 && random.chance(0.85)) {
    const content = bytes.subarray(field.content, field.end);
    const isText = content.length > 0 && content.every((byte) => byte >= 9 && byte < 127);
    const inner = isText
      ? mutateString(content, random)
      : mutateMessage(content, random, donor, depth + 1);
    return replaced(varint(field.tag), varint(inner.length), inner);
  }
  const other = random.pick(fields);
  switch (random.below(6)) {
    case 0:
      return replaced();
    case 1:
      return replaced(whole, whole);
    case 2:
      return replaced(bytes.subarray(other.at, other.end));
    case 3: // another number, or another kind
      return replaced(varint(8 * (1 + random.below(16)) + random.pick([0, 2, 5])), whole);
    case 4: {
      const value = random.pick([0, 1, 2, 7, 127, 2 ** 31, 2 ** 40, 2 ** 53, random.below(1000)]);
      return field.wire === 0 ? replaced(varint(field.tag), varint(value)) : mutateBytes(bytes, random, donor); // prettier-ignore
    }
    default: {
      const from = random.below(donor.length);
      return replaced(donor.subarray(from, from + random.below(60)));
    }
  }
}

const mutateString = (content, random) =>
  content[0] === 0x7b ? mutateJson(content, random) : mutateText(content, random);

const MARKS = ['TREE', 'HEAP', 'SNOD', 'GCOL', 'OHDR', 'OCHK', 'FRHP', 'BTHD', 'FADB', '\x01\x00']; // prettier-ignore

/** A change of what HDF5 says of itself: the superblock, or what is near a signature or an object's header. */
export function mutateHdf5(bytes, random, donor) {
  if (random.chance(0.15)) return mutateBytes(bytes, random, donor);
  const places = [];
  if (random.chance(0.25)) places.push(0);
  else {
    const mark = random.pick(MARKS);
    const align = mark.length === 2 ? 8 : 1;
    for (
      let at = bytes.indexOf(mark, 0, 'latin1');
      at >= 0 && places.length < 200;
      at = bytes.indexOf(mark, at + 1, 'latin1')
    ) {
      // prettier-ignore
      if (at % align === 0) places.push(at);
    }
  }
  if (places.length === 0) places.push(0);
  const at = random.pick(places) + random.below(random.chance(0.7) ? 64 : 300);
  const width = random.pick([1, 1, 2, 4, 8]);
  const copy = Buffer.from(bytes);
  for (let i = 0; i < width && at + i < copy.length; ++i) {
    copy[at + i] = random.chance(0.3)
      ? random.below(256)
      : random.pick([0, 0, 1, 2, 8, 64, 127, 255]);
  }
  return copy;
}
