import { TabtrainError, came } from '../../errors';
import { converted } from '../convert';
import type { FileSource, StoredTensor } from '../types';

/*
 * weightsManifest: a list of groups {paths, weights}. The tensors of a group lie one after the other,
 * little-endian, in its files; where one file ends and the next begins means nothing.
 */

/** A tensor in the file, and whether it is the optimizer's. */
export interface ManifestTensor extends StoredTensor {
  readonly isOptimizer: boolean;
  /** What it was kept in to take less room; null for its own type. */
  readonly quantized: string | null;
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly isOptimizer: boolean;
  readonly quantization: Quantization | null;
  /** Bytes in the file. */
  readonly size: number;
}

interface Quantization {
  readonly dtype: 'uint8' | 'uint16' | 'float16';
  readonly scale: number;
  readonly min: number;
}

const SIZES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1 };
const QUANTIZED: Readonly<Record<string, number>> = { uint8: 1, uint16: 2, float16: 2 };
/** More than the engine's memory can hold. */
const MOST_BYTES = 2 ** 32;

type Json = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function corrupt(message: string): never {
  throw new TabtrainError('CORRUPT_FILE', message);
}

/** All tensors of a manifest; everything that it says is checked before a file of weights is read. */
export async function readManifest(
  manifest: unknown,
  source: FileSource,
  what: string,
): Promise<ManifestTensor[]> {
  const at = `${what}: weightsManifest`;
  if (!Array.isArray(manifest)) corrupt(`${at}: expected a list, came ${came(manifest)}`);
  const names = new Set<string>();
  const groups = manifest.map((group: unknown, i) => {
    const where = `${at}[${i}]`;
    if (!isRecord(group)) return corrupt(`${where}: expected paths and weights`);
    const { paths, weights } = group;
    if (!Array.isArray(paths)) corrupt(`${where}.paths: expected a list, came ${came(paths)}`);
    if (!Array.isArray(weights))
      corrupt(`${where}.weights: expected a list, came ${came(weights)}`);
    return {
      where,
      paths: paths.map((path) => checkPath(path, `${where}.paths`)),
      entries: weights.map((weight: unknown, j) => {
        const entry = checkEntry(weight, `${where}.weights[${j}]`);
        const key = `${entry.isOptimizer} ${entry.name}`;
        if (names.has(key)) corrupt(`${where}: there are two weights '${entry.name}'`);
        names.add(key);
        return entry;
      }),
    };
  });
  const tensors: ManifestTensor[] = [];
  let total = 0;
  for (const { where, paths, entries } of groups) {
    const size = entries.reduce((sum, entry) => sum + entry.size, 0);
    total += size;
    if (total > MOST_BYTES) corrupt(`${at}: ${total} bytes are more than a model can have`);
    const bytes = await readShards(source, paths, size, where);
    let offset = 0;
    for (const entry of entries) {
      tensors.push(toTensor(entry, bytes.subarray(offset, offset + entry.size)));
      offset += entry.size;
    }
  }
  return tensors;
}

/** A path must name a file beside `model.json` or below. */
function checkPath(path: unknown, where: string): string {
  if (typeof path !== 'string') return corrupt(`${where}: expected texts, came ${came(path)}`);
  const parts = path.split('/').filter((part, i) => !(part === '.' && i === 0));
  const isOutside =
    path.startsWith('/') ||
    /[\\\0?#%]|^[A-Za-z][A-Za-z0-9+.-]*:/.test(path) ||
    parts.length === 0 ||
    parts.some((part) => part === '' || part === '.' || part === '..');
  if (isOutside) corrupt(`${where}: ${came(path)} leads out of the model's directory`);
  return parts.join('/');
}

function checkEntry(value: unknown, where: string): Entry {
  if (!isRecord(value)) return corrupt(`${where}: expected a record, came ${came(value)}`);
  const { name, shape, dtype, group } = value;
  if (typeof name !== 'string' || name === '') {
    return corrupt(`${where}.name: expected a text, came ${came(name)}`);
  }
  const at = `${where} '${name}'`;
  const isShape =
    Array.isArray(shape) &&
    shape.length <= 8 &&
    shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
  if (!isShape) return corrupt(`${at}: shape: expected sizes, came ${JSON.stringify(shape)}`);
  if (group !== undefined && group !== 'optimizer') {
    return corrupt(`${at}: group: expected 'optimizer', came ${came(group)}`);
  }
  if (dtype === 'string' || dtype === 'complex64') {
    throw new TabtrainError('UNSUPPORTED', `${at}: weights of type ${dtype} are not taken`);
  }
  const own = typeof dtype === 'string' && Object.hasOwn(SIZES, dtype) ? SIZES[dtype] : undefined;
  if (own === undefined) return corrupt(`${at}: dtype: expected a type, came ${came(dtype)}`);
  const quantization = checkQuantization(value['quantization'], dtype as string, at);
  const count = (shape as number[]).reduce((product, size) => product * size, 1);
  return {
    name,
    shape: shape as number[],
    dtype: dtype as string,
    isOptimizer: group === 'optimizer',
    quantization,
    size: count * (quantization ? QUANTIZED[quantization.dtype]! : own),
  };
}

function checkQuantization(value: unknown, dtype: string, at: string): Quantization | null {
  if (value === undefined || value === null) return null;
  if (!isRecord(value))
    return corrupt(`${at}: quantization: expected a record, came ${came(value)}`);
  const { dtype: kept, scale = 1, min = 0 } = value;
  const isKnown = typeof kept === 'string' && Object.hasOwn(QUANTIZED, kept);
  if (!isKnown || (kept === 'float16' ? dtype !== 'float32' : dtype === 'bool')) {
    return corrupt(`${at}: quantization: ${came(kept)} cannot stand for ${dtype}`);
  }
  const needs = kept === 'float16' ? [] : ['scale', 'min'];
  for (const key of needs) {
    if (!Number.isFinite(value[key])) {
      corrupt(`${at}: quantization: ${key}: expected a number, came ${came(value[key])}`);
    }
  }
  return { dtype: kept as Quantization['dtype'], scale: scale as number, min: min as number };
}

/** The bytes of a group; `size` is what its weights need, all of it and no more. */
async function readShards(
  source: FileSource,
  paths: readonly string[],
  size: number,
  where: string,
): Promise<Uint8Array> {
  const shards: Uint8Array[] = [];
  let length = 0;
  for (const path of paths) {
    const shard = await source.read(path, size - length);
    if (!shard) throw new TabtrainError('NOT_FOUND', `${where}: there is no '${path}'`);
    shards.push(shard);
    length += shard.length;
    if (length > size) break;
  }
  if (length !== size) {
    corrupt(
      `${where}: its weights are ${size} bytes, its files have ${length > size ? 'more' : length}`,
    );
  }
  if (shards.length === 1) return shards[0]!;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const shard of shards) {
    bytes.set(shard, at);
    at += shard.length;
  }
  return bytes;
}

function toTensor(entry: Entry, bytes: Uint8Array): ManifestTensor {
  const { name, shape, dtype, isOptimizer, quantization } = entry;
  const about = { name, shape, isOptimizer, quantized: quantization?.dtype ?? null };
  if (!quantization) return { ...about, dtype, bytes };
  const kept = { name, shape, dtype: quantization.dtype, bytes };
  const numbers = new Float32Array(converted(kept, 'float32').buffer);
  if (quantization.dtype === 'float16') {
    return { ...about, dtype, bytes: new Uint8Array(numbers.buffer) };
  }
  const { scale, min } = quantization;
  const values =
    dtype === 'int32'
      ? Int32Array.from(numbers, (n) => Math.round(n * scale + min))
      : numbers.map((n) => n * scale + min);
  return { ...about, dtype, bytes: new Uint8Array(values.buffer) };
}
