import { callbacks, latestCheckpoint, storage, TabtrainError } from '../api/index';
import { asKept, epochNumbers, type Kept } from './kept';
import type { SavedPlace } from './phases';
import { decodeRun, encodeRun, type Run } from './run';

/** Everything the page keeps is in this one directory, under the names of TensorFlow's tutorial. */
export const directory = 'training_1';
/** File name template of `callbacks.modelCheckpoint`. */
export const filepath = `${directory}/cp-{epoch:04d}.ckpt`;
const statePath = `${directory}/tabtrain-page.json`;
const stateFile = `${directory}/checkpoint`;
/** The state of a run in progress, of `callbacks.backupAndRestore`. */
export const runDirectory = 'training_state';
/** Checkpoints kept; older ones are removed when a newer one is safe. */
const kept = 3;

export interface StoredFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** The epoch whose checkpoint it belongs to; null for the other files. */
  readonly epoch: number | null;
}

export function checkpointName(epoch: number): string {
  return `cp-${String(epoch).padStart(4, '0')}.ckpt`;
}

function epochOf(name: string): number | null {
  const match = /^cp-(\d{4,})\.ckpt(\.|$)/.exec(name);
  return match ? Number(match[1]) : null;
}

export async function listFiles(): Promise<StoredFile[]> {
  if (!(await storage.exists(directory))) return [];
  const files = await storage.list(directory);
  return files
    .map(({ path, size, modified }) => {
      const name = path.slice(directory.length + 1);
      return { name, path, size, modified, epoch: epochOf(name) };
    })
    .sort((a, b) => (b.epoch ?? -1) - (a.epoch ?? -1) || a.name.localeCompare(b.name));
}

/** Epochs that have an index file, newest first; the one that `checkpoint` names leads. */
export async function restorableEpochs(): Promise<number[]> {
  const files = await listFiles();
  const epochs = files
    .filter((file) => file.name.endsWith('.index'))
    .flatMap((file) => file.epoch ?? []);
  if (epochs.length === 0) return [];
  const latest = await latestCheckpoint(directory).catch(() => null);
  const named = epochOf(latest?.split('/').pop() ?? '');
  return epochs.sort((a, b) => Number(b === named) - Number(a === named) || b - a);
}

export async function readRun(): Promise<Run | null> {
  if (!(await storage.exists(statePath))) return null;
  return decodeRun(await storage.read(statePath));
}

/** Keeps the run beside its newest checkpoint, then removes checkpoints that are no longer needed. */
export async function saveRun(run: Run): Promise<void> {
  await storage.write(statePath, encodeRun(run));
  const newest = run.epochs.length;
  for (const { epoch, path } of await listFiles()) {
    if (epoch !== null && (epoch <= newest - kept || epoch > newest)) await storage.remove(path);
  }
}

/** Text of TensorFlow's `checkpoint` state file (checkpoint_management.py, `update_checkpoint_state`). */
function stateFileText(name: string): Uint8Array {
  return new TextEncoder().encode(
    `model_checkpoint_path: "${name}"\nall_model_checkpoint_paths: "${name}"\n`,
  );
}

/** Removes one epoch's checkpoint; the state file then names the newest one that is left. */
export async function removeCheckpoint(epoch: number): Promise<void> {
  const files = await listFiles();
  const rest = files.flatMap((file) =>
    file.epoch === null || file.epoch === epoch ? [] : file.epoch,
  );
  if (rest.length === 0) {
    await removeAll();
    return;
  }
  await storage.write(stateFile, stateFileText(checkpointName(Math.max(...rest))));
  for (const file of files) if (file.epoch === epoch) await storage.remove(file.path);
}

/** What is known of a run that was interrupted: one that ended as it should leaves no state. */
export interface Interrupted {
  readonly kept: Kept;
  /** Where it goes on. */
  readonly place: SavedPlace;
  /** Sentences about newer states that could not be used. */
  readonly warnings: readonly string[];
}

/**
 * What an interrupted run left; null where there is none. Throws where there is one that cannot be gone on
 * from, and says why.
 */
export async function findInterrupted(): Promise<Interrupted | null> {
  const found = await callbacks.backupAndRestore({ backupDir: runDirectory }).interrupted();
  if (!found) return null;
  const kept = found.callbacks.map(asKept).find((each) => each !== null);
  if (!kept) throw new TabtrainError('CORRUPT_FILE', 'another version of this page made it');
  const done = kept.epochs.length / epochNumbers;
  // After the last step of an epoch comes the next one.
  const [epoch, batch] = done > found.epoch ? [done + 1, 0] : [found.epoch + 1, found.batch];
  return { kept, place: { epoch, batch, at: found.savedAt }, warnings: found.warnings };
}

/** Bytes that the state of a run in progress takes; 0 without one. */
export async function stateBytes(): Promise<number> {
  const files = await storage.list(runDirectory);
  return files.reduce((sum, { size }) => sum + size, 0);
}

export async function forgetInterrupted(): Promise<void> {
  if (await storage.exists(runDirectory)) await storage.remove(runDirectory);
}

/** Removes all files, the one that names the others first, so that no reader finds half of it. */
export async function removeAll(): Promise<void> {
  await forgetInterrupted();
  const files = await listFiles();
  for (const file of files.sort((a, b) => Number(a.epoch !== null) - Number(b.epoch !== null))) {
    await storage.remove(file.path);
  }
}
