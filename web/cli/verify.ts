import { toTabtrainError } from '../api/errors';
import { readCheckpoint } from './checkpoint';
import { checksumsOf } from './inspect';
import { complain } from './print';
import { checkpointsAt, openWorkbench, readModel } from './workbench';

/**
 * Reads all of a model, or of every checkpoint in a directory, and says of each whether it is whole.
 * @returns whether all are
 */
export async function verify(path: string): Promise<boolean> {
  const workbench = await openWorkbench();
  const prefixes = await checkpointsAt(workbench, path);
  if (prefixes.length === 0) {
    return report(path, async () => {
      const alone = await workbench.files.weightsAlone(path, 'verify');
      if (alone) {
        const { length } = [...alone.store.tensors, ...(alone.optimizer?.variables ?? [])];
        return `${alone.format}, ${length} variables, checksums: ${checksumsOf(alone.format)}`;
      }
      const { opened, description } = await readModel(workbench, path);
      const { length } = description.weights;
      return `${opened.format}, ${length} variables, checksums: ${checksumsOf(opened.format)}`;
    });
  }
  let isWell = true;
  for (const prefix of prefixes) {
    const isWhole = await report(prefix, async () => {
      const { variables } = await readCheckpoint(workbench, prefix);
      return `checkpoint, ${variables.length} variables, checksums: ${checksumsOf('tf')}`;
    });
    isWell &&= isWhole;
  }
  return isWell;
}

async function report(path: string, read: () => Promise<string>): Promise<boolean> {
  try {
    console.log(`ok: ${path}: ${await read()}`);
    return true;
  } catch (error) {
    const { code, message } = toTabtrainError(error);
    const isDamage = code === 'CORRUPT_FILE' || code === 'SHAPE_MISMATCH';
    complain(isDamage ? `damaged: ${path}: ${message}` : message);
    return false;
  }
}
