import { TabtrainError, invalid } from '../errors';
import type { FileWrite } from './backend';
import { dirName } from './paths';

/** The directories that a path lies in, the nearest first. */
export function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let dir = dirName(path); dir !== '' && dir !== '/'; dir = dirName(dir)) parents.push(dir);
  return parents;
}

export function refuseParent(path: string, parent: string): never {
  invalid(`cannot write '${path}': '${parent}': expected a directory, there is a file`);
}

export function refuseTarget(path: string): never {
  invalid(`cannot write '${path}': expected a file or nothing there, there is a directory`);
}

/** What is told of a directory that somebody else's run has. */
export function lockedError(dir: string): TabtrainError {
  return new TabtrainError(
    'LOCKED',
    `'${dir}' is in use: a run in another tab, process or call keeps its state there`,
  );
}

/** Refuses a commit whose own files are in each other's way, or outside the directory that they replace. */
export function checkCommit(files: readonly FileWrite[], directory?: string): void {
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) invalid(`cannot write '${path}' twice at once`);
    if (directory !== undefined && !path.startsWith(`${directory}/`)) {
      invalid(`cannot write '${path}' in the place of the directory '${directory}'`);
    }
    paths.add(path);
  }
  for (const path of paths) {
    const file = parentsOf(path).find((parent) => paths.has(parent));
    if (file !== undefined) refuseParent(path, file);
  }
}
