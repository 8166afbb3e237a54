import { invalid } from '../errors';
import { dirName } from '../storage/paths';
import type { GenerationStore } from './generations';

/** As errors name it. */
export const BACKUP_DIR = 'callbacks.backupAndRestore: backupDir';

/** Throws `INVALID_ARGUMENT` where a file is in the place of the directory, or of one that it is in. */
export async function checkNoFile(store: GenerationStore, dir: string): Promise<void> {
  for (let path = dir, below = ''; path !== '' && path !== below; path = dirName(path)) {
    if (await store.find(path).catch(() => null)) {
      invalid(`${BACKUP_DIR}: expected a directory, came '${dir}': '${path}' is a file`);
    }
    below = path;
  }
}
