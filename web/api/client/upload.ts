import { TabtrainError } from '../errors';
import type { Source } from '../data/convert';
import type { WireTensor } from '../host/protocol';
import { macrotask } from '../host/tasks';
import type { Connection } from './connection';

/** Bytes copied in one task: well under 50 ms on a slow phone. */
const CHUNK_BYTES = 4 << 20;

/** A promise of a caller to leave off: checked between chunks. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) {
    throw new TabtrainError('ABORTED', `${what}: aborted by its signal`, { cause: signal.reason });
  }
}

/** Frees tensors that no run took; those that are gone already are no matter. */
export async function freeTensors(
  connection: Connection,
  tensors: readonly (number | null)[],
): Promise<void> {
  const given = tensors.filter((tensor) => tensor !== null);
  await connection.call('freeTensors', [given]).catch(() => {});
}

/**
 * Copies data into a new tensor of the engine, a chunk a task; the caller's array is never detached.
 * Resolves to the tensor's number; on failure the tensor is freed.
 */
export async function upload(
  connection: Connection,
  source: Source,
  what: string,
  signal?: AbortSignal,
): Promise<number> {
  const tensor = connection.newId();
  await connection.call('createTensor', [tensor, source.dtype, source.shape]);
  try {
    for await (const { at, elements } of chunks(source)) {
      throwIfAborted(signal, what);
      const bytes = toBytes(elements, connection.crossesThreads);
      const transfer = connection.crossesThreads ? [bytes.buffer] : undefined;
      await connection.call('writeTensor', [tensor, at, bytes], transfer);
    }
  } catch (error) {
    await freeTensors(connection, [tensor]);
    throw error;
  }
  return tensor;
}

/** The elements in the engine's type with their offset in bytes, a chunk a task. */
async function* chunks(source: Source) {
  const length = source.shape.reduce((a, b) => a * b, 1);
  const itemBytes = source.dtype === 'uint8' ? 1 : 4;
  const step = CHUNK_BYTES / itemBytes;
  for (let at = 0; at < length; at += step) {
    if (at > 0) await macrotask();
    yield { at: at * itemBytes, elements: source.slice(at, Math.min(at + step, length)) };
  }
}

/** Data as they go over in one message; `copy` unless the caller's own bytes may be read later. */
export async function toWireTensor(source: Source, copy: boolean): Promise<WireTensor> {
  const { dtype, shape } = source;
  const parts: { at: number; bytes: Uint8Array }[] = [];
  for await (const { at, elements } of chunks(source)) {
    parts.push({ at, bytes: toBytes(elements, copy) });
  }
  if (parts.length === 1) return { dtype, shape, bytes: parts[0]!.bytes };
  const last = parts.at(-1)!;
  const bytes = new Uint8Array(last.at + last.bytes.length);
  for (const part of parts) bytes.set(part.bytes, part.at);
  return { dtype, shape, bytes };
}

function toBytes(elements: Float32Array | Int32Array | Uint8Array, copy: boolean): Uint8Array {
  const { buffer, byteOffset, byteLength } = elements;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return copy ? bytes.slice() : bytes;
}
