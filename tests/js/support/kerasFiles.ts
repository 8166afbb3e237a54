import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of tests/golden/files and what a reader of it must see. */
export interface KerasFile {
  readonly name: string;
  readonly writer: string;
  readonly optimizer: string | null;
  readonly layers: readonly string[];
  readonly prediction: readonly number[];
  readonly losses: readonly number[];
  readonly path: string;
}

export function kerasFile(version: 'tf2.8' | 'tf2.21', name: string): string {
  return fileURLToPath(new URL(`../../golden/files/${version}/${name}`, import.meta.url));
}

export function kerasFiles(version: 'tf2.8' | 'tf2.21'): KerasFile[] {
  const text = readFileSync(kerasFile(version, 'expected.json'), 'utf8');
  const { cases } = JSON.parse(text) as { cases: Omit<KerasFile, 'path'>[] };
  return cases.map((each) => ({ ...each, path: kerasFile(version, each.name) }));
}

/** The formula of tests/golden/common.py. */
function pattern(size: number, scale: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) =>
    Math.fround(Math.fround(((i * 7919) % 1009) / 1009 - 0.5) * Math.fround(scale)),
  );
}

/** The samples of make_files.py. */
export const kerasX = { data: pattern(48, 2), shape: [12, 4] };
export const kerasY = Int32Array.from({ length: 12 }, (_, i) => i % 3);
