import startLibrary, { type Hdf5Library } from 'h5wasm-library';
import { TabtrainError, type ErrorCode } from '../../errors';

/** H5F_ACC_RDONLY, H5F_ACC_TRUNC. */
const MODE = { read: 0, write: 2 } as const;

/**
 * One file in an HDF5 library of its own, in memory: whatever a damaged file does to the library's state
 * ends with it, and the memory is given back. The library can reach no other file.
 */
export class LibraryFile {
  readonly #library: Hdf5Library;
  readonly #printed: string[];
  readonly #path: string;
  readonly #code: ErrorCode;
  readonly #what: string;
  readonly id: bigint;

  private constructor(
    library: Hdf5Library,
    printed: string[],
    bytes: Uint8Array | null,
    what: string,
  ) {
    this.#library = library;
    this.#printed = printed;
    this.#what = what;
    this.#code = bytes ? 'CORRUPT_FILE' : 'INTERNAL';
    // A name that no file can contain, for one that says that its data are in another file.
    this.#path = `/${crypto.randomUUID()}`;
    if (bytes) library.FS.writeFile(this.#path, bytes, { canOwn: true });
    this.id = this.call('open it', (own) =>
      own.open(this.#path, bytes ? MODE.read : MODE.write, false, -1, -1),
    );
    if (this.id < 0n) this.fail('open it');
  }

  /** @param bytes null for a new file; others are the library's from then on. @param what begins the sentences of errors. */
  static async open(bytes: Uint8Array | null, what: string): Promise<LibraryFile> {
    const printed: string[] = [];
    const printErr = (line: string) => void printed.push(line);
    const library = await startLibrary({ print: printErr, printErr, stdin: () => null });
    removeFiles(library.FS, '/dev');
    return new LibraryFile(library, printed, bytes, what);
  }

  /**
   * A call of the library. It reports most failures in print alone, so whatever it prints is a failure.
   * @param doing completes "could not ...".
   */
  call<T>(doing: string, use: (library: Hdf5Library) => T): T {
    this.#printed.length = 0;
    let result: T;
    try {
      result = use(this.#library);
    } catch (error) {
      return this.fail(doing, error);
    }
    if (this.#printed.length > 0 || (typeof result === 'number' && result < 0)) this.fail(doing);
    return result;
  }

  /** Bytes that `fill` puts where it is told. */
  filled(size: number, doing: string, fill: (library: Hdf5Library, at: bigint) => number) {
    const at = this.#allocate(size);
    this.call(doing, (library) => fill(library, BigInt(at)));
    const copy = this.#library.HEAPU8.slice(at, at + size);
    this.#library._free(at);
    return copy;
  }

  /** Calls `use` with the place where the bytes are. */
  with(bytes: Uint8Array, doing: string, use: (library: Hdf5Library, at: bigint) => number): void {
    const at = this.#allocate(bytes.length);
    this.#library.HEAPU8.set(bytes, at);
    this.call(doing, (library) => use(library, BigInt(at)));
    this.#library._free(at);
  }

  /** The library's memory, until it is called again. */
  get memory(): Uint8Array {
    return this.#library.HEAPU8;
  }

  close(): void {
    this.call('close it', (library) => library.close_file(this.id));
  }

  /** The file's bytes, closed. */
  bytes(): Uint8Array {
    return this.#library.FS.readFile(this.#path);
  }

  fail(doing: string, cause?: unknown): never {
    // The last of the lines of a failure is the innermost.
    const reasons = this.#printed.filter((line) => /^ *#\d+:/.test(line));
    const reason =
      reasons.at(-1)?.replace(/^.*?\(\): /, '') ?? (cause instanceof Error ? cause.message : '');
    throw new TabtrainError(
      this.#code,
      `${this.#what}: could not ${doing}${reason === '' ? '' : ` (${reason})`}`,
      { cause },
    );
  }

  #allocate(size: number): number {
    const at = this.#library._malloc(Math.max(1, size));
    if (at !== 0) return at >>> 0;
    throw new TabtrainError('OUT_OF_MEMORY', `${this.#what}: no room for ${size} bytes`);
  }
}

/** Data that a file keeps in "another file" are not to come from a device. */
function removeFiles(fs: Hdf5Library['FS'], directory: string): void {
  for (const name of fs.readdir(directory)) {
    if (name === '.' || name === '..') continue;
    const path = `${directory}/${name}`;
    if (!fs.isDir(fs.lstat(path).mode)) fs.unlink(path);
  }
}
