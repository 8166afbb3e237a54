import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Files = Map<string, Uint8Array>;

/** What is given to a reader: files of a model, a file of weights beside others, a config, an archive of any files. */
export type Input =
  | { readonly model: Files }
  | { readonly weights: Files; readonly path: string }
  | { readonly json: string }
  | { readonly zip: Uint8Array };

/** What must not be reached: an address that somebody listens at, and a file that is there. */
export interface Bait {
  readonly url: string;
  readonly path: string;
}

/** A file that nobody should believe, and what comes of it. */
export interface Row {
  readonly name: string;
  /** What goes wrong in a reader that believes such files. */
  readonly weakness: string;
  /** Of a published weakness of which the file is an instance. */
  readonly id?: string;
  readonly make: (bait: Bait) => Input | Promise<Input>;
  readonly code: string;
  readonly says: string | RegExp;
}

/** A change of something, what comes of it, and of which published weakness it is an instance. */
export type Change<Of> = readonly [
  name: string,
  change: (of: Of, bait: Bait) => unknown,
  code: string,
  says: string | RegExp,
  id?: string,
];

/** Rows of one weakness; each changes what `prepare` gives, from which `input` makes files. */
export const rowsOf =
  <Of>(prepare: () => Promise<Of>, input: (changed: Of) => Input | Promise<Input>) =>
  (weakness: string, changes: readonly Change<Of>[]): Row[] =>
    changes.map(([name, change, code, says, id]) => ({
      ...{ name, weakness, code, says, ...(id !== undefined && { id }) },
      async make(bait) {
        const of = await prepare();
        await change(of, bait);
        return input(of);
      },
    }));

/** The same promise at every call. */
export function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => (made ??= make());
}

export const text = (value: string) => new TextEncoder().encode(value);
export const jsonBytes = (value: unknown) => text(JSON.stringify(value));
export const fromJson = <Type>(bytes: Uint8Array | undefined) =>
  JSON.parse(new TextDecoder().decode(bytes)) as Type;
export const floats = (count: number) => new Uint8Array(Float32Array.from({ length: count }, (_, i) => i).buffer); // prettier-ignore
export const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** A file of tests/golden. */
export const golden = (path: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`../../../golden/${path}`, import.meta.url)));

/** Python's marshalled code, as Keras keeps the function of a Lambda. */
export const MARSHALLED = '4wEAAAAAAAAAAAAAAAEAAAA=';
