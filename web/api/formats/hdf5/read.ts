import type { Hdf5Metadata } from 'h5wasm-library';
import { TabtrainError } from '../../errors';
import { isPath, parentOf } from './path';
import { LibraryFile } from './library';
import { screened } from './screen';

/** Of a dataset, little-endian and in C order. */
export interface Hdf5Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** What is read of an HDF5 file. Paths begin at the root, without a slash; '' is the root. */
export interface Hdf5Source {
  has(path: string): boolean;
  /** Names in a group; none where there is no such group. */
  names(path: string): readonly string[];
  /** A text, or null where there is no such attribute. */
  text(path: string, attribute: string): string | null;
  /** A list of texts, also one that Keras split into `NAME0`, `NAME1`, ...; null where there is none. */
  texts(path: string, attribute: string): readonly string[] | null;
  tensor(path: string): Hdf5Tensor;
  /** Paths of all datasets. */
  datasets(): readonly string[];
  close(): void;
}

/** H5T_class_t. */
const CLASS = { integer: 0, float: 1, string: 3, opaque: 5, enumeration: 8 } as const;
const SPACE_PADDED = 2;
/** H5G_GROUP and H5G_DATASET. */
const [GROUP, DATASET] = [0, 1];
const DEFLATE = 1;
/** Deflate, shuffle, fletcher32. */
const FILTERS = [DEFLATE, 2, 3];
/** No deflated byte stands for more. */
const MAX_RATIO = 1032;
/** Of names in a file and of parts of an attribute; more than any model has. */
const MOST_NAMES = 1 << 17;
/** Twice as deep as models are within models. Each name is looked for from the root. */
const DEEPEST = 32;

/** @param limit bytes that all tensors together may have. */
export async function openHdf5(
  bytes: Uint8Array,
  what: string,
  limit: number,
): Promise<Hdf5Source> {
  return new Hdf5Reader(
    await LibraryFile.open(screened(bytes, what), what),
    bytes.length,
    what,
    limit,
  );
}

class Hdf5Reader implements Hdf5Source {
  readonly #file: LibraryFile;
  readonly #size: number;
  readonly #what: string;
  readonly #types = new Map<string, number | null>([['', GROUP]]);
  readonly #listed = new Map<string, ReadonlySet<string>>();
  /** Of groups that were listed: a name more, and their names would be as many again. */
  readonly #places = new Set<string>();
  readonly #attributes = new Map<string, ReadonlySet<string>>();
  /** Bytes that tensors may still have. */
  #room: number;
  /** The same, of tensors that the file holds as they are and of packed ones: it holds no byte twice. */
  readonly #held: { plain: number; packed: number };
  #names = MOST_NAMES;

  constructor(file: LibraryFile, size: number, what: string, limit: number) {
    this.#file = file;
    this.#size = size;
    this.#what = what;
    this.#room = limit;
    this.#held = { plain: size, packed: size * MAX_RATIO };
  }

  has(path: string): boolean {
    return this.#type(path) !== null;
  }

  names(path: string): readonly string[] {
    return this.#type(path) === GROUP ? [...this.#namesOf(path)] : [];
  }

  text(path: string, attribute: string): string | null {
    const metadata = this.#attribute(path, attribute);
    if (!metadata) return null;
    const found = this.#strings(path, attribute, metadata);
    if (found.length !== 1) this.#corrupt(`'${path}' @${attribute}: expected one text`);
    return found[0]!;
  }

  texts(path: string, attribute: string): readonly string[] | null {
    const whole = this.#attribute(path, attribute);
    if (whole) return this.#strings(path, attribute, whole);
    const all: string[] = [];
    for (let i = 0; i < MOST_NAMES; ++i) {
      const part = this.#attribute(path, `${attribute}${i}`);
      if (!part) return i === 0 ? null : all;
      all.push(...this.#strings(path, `${attribute}${i}`, part));
      if (all.length > MOST_NAMES) break;
    }
    return this.#corrupt(`'${path}' @${attribute}: more names than any model has`);
  }

  tensor(path: string): Hdf5Tensor {
    if (this.#type(path) !== DATASET) this.#corrupt(`there is no dataset '${path}'`);
    const [{ id }, at] = [this.#file, `/${path}`];
    const metadata = this.#file.call(`look at '${path}'`, (library) =>
      library.get_dataset_metadata(id, at),
    );
    const filters = this.#file.call(`look at '${path}'`, (library) =>
      library.get_dataset_filters(id, at),
    );
    const { shape, size } = metadata;
    if (metadata.virtual_sources !== undefined) this.#unsupported(path, 'a virtual dataset');
    const filter = filters.find((each) => !FILTERS.includes(each.id));
    if (filter) this.#unsupported(path, `packed by filter ${filter.id}`);
    // Each time, a byte may stand for a thousand, and nothing bounds what is in between.
    const deflated = filters.filter(({ id }) => id === DEFLATE).length;
    if (deflated > 1) this.#unsupported(path, `packed ${deflated} times`);
    if (!shape) return this.#corrupt(`'${path}' has no elements`);
    const dtype = typeOf(metadata) ?? this.#unsupported(path, 'of a type that tensors do not have');
    // Not the library's count, which may have run over.
    const claimed = shape.reduce((bytes, extent) => bytes * extent, size);
    const kind = deflated > 0 ? 'packed' : 'plain';
    // The library makes room for a whole chunk, of which the tensor may be a corner.
    const chunk = metadata.chunks?.reduce((bytes, extent) => bytes * extent, size) ?? 0;
    const most = Math.max(claimed, chunk);
    if (!(most >= 0 && most <= (kind === 'packed' ? this.#size * MAX_RATIO : this.#size))) {
      this.#corrupt(`'${path}' claims ${most} bytes, more than the file can hold`);
    }
    this.#held[kind] -= claimed;
    if (this.#held[kind] < 0) {
      this.#corrupt(`'${path}' and those before claim more bytes than the file can hold together`);
    }
    this.#room -= claimed;
    if (this.#room < 0) {
      throw new TabtrainError(
        'OUT_OF_MEMORY',
        `${this.#what}: '${path}': its ${claimed} bytes and those before are more than maxMemory`,
      );
    }
    const bytes = this.#file.filled(claimed, `read '${path}'`, (library, to) =>
      library.get_dataset_data(id, at, null, null, null, to),
    );
    return { dtype, shape, bytes };
  }

  datasets(): readonly string[] {
    const found: string[] = [];
    const visit = (group: string, depth: number) => {
      if (depth > DEEPEST) this.#corrupt(`groups are nested deeper than ${DEEPEST}`);
      for (const name of this.names(group)) {
        const path = group === '' ? name : `${group}/${name}`;
        const type = this.#type(path);
        if (type === GROUP) visit(path, depth + 1);
        if (type === DATASET) found.push(path);
      }
    };
    visit('', 0);
    return found;
  }

  close(): void {
    this.#file.close();
  }

  /** What is there; each part of the path is looked at before it is followed. */
  #type(path: string): number | null {
    const known = this.#types.get(path);
    if (known !== undefined) return known;
    if (!isPath(path)) this.#corrupt(`'${path}' is no path`);
    const parent = parentOf(path);
    const type = this.#type(parent) === GROUP ? this.#typeOfLink(path) : null;
    this.#types.set(path, type);
    return type;
  }

  #typeOfLink(path: string): number | null {
    const { id } = this.#file;
    const at = `/${path}`;
    // The library has no word for "whether there is such a link" that does not follow it.
    const names = this.#namesOf(parentOf(path));
    if (!names.has(path.slice(path.lastIndexOf('/') + 1))) return null;
    const follow = `follow '${path}'`;
    const soft = this.#file.call(follow, (library) => library.get_symbolic_link(id, at));
    const external = this.#file.call(follow, (library) => library.get_external_link(id, at));
    if (soft !== null || Object.keys(external).length > 0) this.#unsupported(path, 'a link');
    return this.#file.call(follow, (library) => library.get_type(id, at));
  }

  #namesOf(group: string): ReadonlySet<string> {
    const known = this.#listed.get(group);
    if (known) return known;
    const at = `/${group}`;
    const place = this.#file
      .call(`find '${group}'`, (library) => library.create_object_reference(this.#file.id, at))
      .join();
    if (this.#places.has(place)) this.#corrupt(`'${group}' is in two places, or within itself`);
    this.#places.add(place);
    const names = this.#file.call(`list '${group}'`, (library) =>
      library.get_names(this.#file.id, at, false),
    );
    this.#names -= names.length;
    if (this.#names < 0) this.#corrupt('there are more names than any model has');
    const listed = new Set(names);
    this.#listed.set(group, listed);
    return listed;
  }

  #attribute(path: string, name: string): Hdf5Metadata | null {
    if (!this.has(path)) return null;
    let names = this.#attributes.get(path);
    if (!names) {
      names = new Set(
        this.#file.call(`list what '${path}' says`, (library) =>
          library.get_attribute_names(this.#file.id, `/${path}`),
        ),
      );
      this.#attributes.set(path, names);
    }
    if (!names.has(name)) return null;
    return this.#file.call(`look at '${path}' @${name}`, (library) =>
      library.get_attribute_metadata(this.#file.id, `/${path}`, name),
    );
  }

  #strings(path: string, name: string, metadata: Hdf5Metadata): string[] {
    const { type, size, total_size, vlen, strpad, shape } = metadata;
    // An empty list has the type of no text.
    if (!shape || total_size === 0) return [];
    const what = `'${path}' @${name}`;
    if (type !== CLASS.string) this.#corrupt(`${what} is no text`);
    const claimed = size * total_size;
    if (!(claimed <= this.#size) || total_size > MOST_NAMES) {
      this.#corrupt(`${what} claims ${claimed} bytes, more than the file can hold`);
    }
    const bytes = this.#file.filled(claimed, `read ${what}`, (library, to) =>
      library.get_attribute_data(this.#file.id, `/${path}`, name, to),
    );
    const memory = this.#file.memory;
    const view = new DataView(bytes.buffer);
    return Array.from({ length: total_size }, (_, i) => {
      if (!vlen) return this.#decode(untilZero(bytes, i * size, (i + 1) * size), strpad, what);
      const at = view.getUint32(4 * i, true);
      return at === 0 ? '' : this.#decode(untilZero(memory, at, memory.length), 0, what);
    });
  }

  /** Texts are UTF-8 whatever the file says: so Keras writes names that are not ASCII. */
  #decode(bytes: Uint8Array, strpad: number | undefined, what: string): string {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      return strpad === SPACE_PADDED ? text.replace(/ +$/, '') : text;
    } catch {
      return this.#corrupt(`${what} is not UTF-8`);
    }
  }

  #corrupt(reason: string): never {
    throw new TabtrainError('CORRUPT_FILE', `${this.#what}: ${reason}`);
  }

  #unsupported(path: string, reason: string): never {
    throw new TabtrainError('UNSUPPORTED', `${this.#what}: '${path}' is ${reason}`);
  }
}

function untilZero(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const zero = bytes.indexOf(0, start);
  return bytes.slice(start, zero < 0 || zero > end ? end : zero);
}

function typeOf({ type, size, signed, enum_type }: Hdf5Metadata): string | null {
  if (type === CLASS.float && [2, 4, 8].includes(size)) return `float${8 * size}`;
  if (type === CLASS.integer && [1, 2, 4, 8].includes(size)) {
    return `${signed ? 'int' : 'uint'}${8 * size}`;
  }
  // numpy's void, which says nothing of what the bytes are.
  if (type === CLASS.opaque) return `void${8 * size}`;
  // How h5py keeps booleans.
  if (type === CLASS.enumeration && size === 1 && enum_type?.type === CLASS.integer) return 'bool';
  return null;
}
