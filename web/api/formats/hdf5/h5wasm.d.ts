/**
 * The HDF5 library as h5wasm compiles it, without the package's own classes: those start it at import, where
 * it prints to the console, and take a failure for a result. The bundler puts the package's file here.
 */
declare module 'h5wasm-library' {
  /** What the library says of a type and, where it has one, of the shape; -1 for a shape that it cannot count. */
  interface Hdf5Metadata {
    /** H5T_class_t. */
    readonly type: number;
    /** Bytes of an element; of text of any length a pointer. */
    readonly size: number;
    readonly signed: boolean;
    readonly vlen: boolean;
    readonly strpad?: number;
    readonly total_size: number;
    /** Null for no elements at all. */
    readonly shape: readonly number[] | null;
    readonly chunks: readonly number[] | null;
    readonly virtual_sources?: unknown;
    readonly enum_type?: { readonly type: number };
  }

  /** What is to be made. */
  interface Hdf5NewMetadata {
    readonly type: number;
    readonly size: number;
    readonly signed: boolean;
    readonly vlen: boolean;
    readonly cset?: number;
    readonly shape: readonly bigint[];
    readonly maxshape: null;
  }

  /** Functions with a status give a negative one for failures, most of which are only printed. */
  interface Hdf5Library {
    readonly HEAPU8: Uint8Array;
    readonly FS: {
      writeFile(path: string, bytes: Uint8Array, options: { canOwn: boolean }): void;
      readFile(path: string): Uint8Array;
      readdir(path: string): string[];
      unlink(path: string): void;
      isDir(mode: number): boolean;
      lstat(path: string): { mode: number };
    };
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    open(path: string, mode: number, trackOrder: boolean, low: number, high: number): bigint;
    close_file(file: bigint): number;
    create_group(file: bigint, path: string, trackOrder: boolean): number;
    create_dataset(file: bigint, path: string, data: bigint, metadata: Hdf5NewMetadata): number;
    create_attribute(
      file: bigint,
      path: string,
      name: string,
      data: bigint,
      metadata: Hdf5NewMetadata,
    ): number;
    create_vlen_str_attribute(
      file: bigint,
      path: string,
      name: string,
      data: readonly string[],
      metadata: Hdf5NewMetadata,
    ): number;
    get_names(file: bigint, path: string, recursive: boolean): string[];
    get_type(file: bigint, path: string): number;
    /** Where the object is in the file. */
    create_object_reference(file: bigint, path: string): readonly number[];
    get_symbolic_link(file: bigint, path: string): string | null;
    get_external_link(file: bigint, path: string): object;
    get_attribute_names(file: bigint, path: string): string[];
    get_attribute_metadata(file: bigint, path: string, name: string): Hdf5Metadata;
    get_attribute_data(file: bigint, path: string, name: string, data: bigint): number;
    get_dataset_metadata(file: bigint, path: string): Hdf5Metadata;
    get_dataset_filters(file: bigint, path: string): { readonly id: number }[];
    get_dataset_data(
      file: bigint,
      path: string,
      count: null,
      offset: null,
      strides: null,
      data: bigint,
    ): number;
  }

  export type { Hdf5Library, Hdf5Metadata, Hdf5NewMetadata };
  const startLibrary: (options: {
    print(line: string): void;
    printErr(line: string): void;
    stdin(): null;
  }) => Promise<Hdf5Library>;
  export { startLibrary as default };
}
