import type { Hdf5NewMetadata } from 'h5wasm-library';
import { TabtrainError, invalid } from '../../errors';
import type { Hdf5Tensor } from './read';
import { LibraryFile } from './library';
import { isPath, parentOf } from './path';

/** A new HDF5 file; paths as those of {@link Hdf5Source}. Nothing may be made twice, except groups. */
export interface Hdf5Target {
  /** Makes a group and those that it is in. */
  group(path: string): void;
  text(path: string, attribute: string, text: string): void;
  texts(path: string, attribute: string, texts: readonly string[]): void;
  tensor(path: string, tensor: Hdf5Tensor): void;
  /** The file; nothing can be added any more. */
  finish(): Uint8Array;
}

/** H5T_class_t. */
const CLASS = { integer: 0, float: 1, string: 3 } as const;
const [ASCII, UTF8] = [0, 1];

export async function createHdf5(what: string): Promise<Hdf5Target> {
  return new Hdf5Writer(await LibraryFile.open(null, what), what);
}

class Hdf5Writer implements Hdf5Target {
  readonly #file: LibraryFile;
  readonly #what: string;
  readonly #taken = new Map([['', 'group']]);

  constructor(file: LibraryFile, what: string) {
    this.#file = file;
    this.#what = what;
  }

  group(path: string): void {
    if (this.#taken.get(path) === 'group') return;
    this.#take(path, 'group');
    this.group(parentOf(path));
    this.#file.call(`make '${path}'`, (library) =>
      library.create_group(this.#file.id, `/${path}`, false),
    );
  }

  text(path: string, attribute: string, text: string): void {
    this.#strings(path, attribute, [text], []);
  }

  texts(path: string, attribute: string, texts: readonly string[]): void {
    if (texts.length > 0) return this.#strings(path, attribute, texts, [BigInt(texts.length)]);
    this.#take(path, `@${attribute}`);
    // As h5py writes an empty list.
    const metadata = { ...number(8), shape: [0n] };
    this.#file.with(new Uint8Array(8), `write '${path}' @${attribute}`, (library, at) =>
      library.create_attribute(this.#file.id, `/${path}`, attribute, at, metadata),
    );
  }

  tensor(path: string, { dtype, shape, bytes }: Hdf5Tensor): void {
    this.#take(path, 'tensor');
    this.group(parentOf(path));
    const [, kind, bits] = /^(float|int|uint)(\d+)$/.exec(dtype) ?? [];
    if (kind === undefined) {
      throw new TabtrainError('INTERNAL', `'${path}' is ${dtype}, which cannot be written`);
    }
    const metadata = {
      ...number(Number(bits) / 8, kind),
      shape: shape.map((size) => BigInt(size)),
    };
    this.#file.with(bytes, `write '${path}'`, (library, at) =>
      library.create_dataset(this.#file.id, `/${path}`, at, metadata),
    );
  }

  finish(): Uint8Array {
    this.#file.close();
    return this.#file.bytes();
  }

  /** Layers and variables may have any names, of which paths are made. */
  #take(path: string, kind: string): void {
    const place = kind.startsWith('@') ? `${path}\0${kind}` : path;
    const came = `came ${JSON.stringify(path)}`;
    if (path !== '' && !isPath(path)) {
      invalid(
        `${this.#what}: expected names that HDF5 can have as paths (no part empty, '.' or '..', and no NUL), ${came}`,
      );
    }
    if (this.#taken.has(place)) {
      invalid(`${this.#what}: expected names whose places in HDF5 differ, ${came} twice`);
    }
    this.#taken.set(place, kind);
  }

  #strings(path: string, name: string, texts: readonly string[], shape: readonly bigint[]): void {
    this.#take(path, `@${name}`);
    // Keras and h5py read both; names in ASCII are what they write themselves.
    const cset = texts.every((text) => /^[ -~\n\t]*$/.test(text)) ? ASCII : UTF8;
    const metadata = {
      ...{ type: CLASS.string, size: 4, signed: false, vlen: true },
      ...{ cset, shape, maxshape: null },
    };
    this.#file.call(`write '${path}' @${name}`, (library) =>
      library.create_vlen_str_attribute(this.#file.id, `/${path}`, name, texts, metadata),
    );
  }
}

function number(size: number, kind = 'float'): Omit<Hdf5NewMetadata, 'shape'> {
  const type = kind === 'float' ? CLASS.float : CLASS.integer;
  return { type, size, signed: kind === 'int', vlen: false, maxshape: null };
}
