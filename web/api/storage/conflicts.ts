import { invalid } from '../errors';
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

/** Refuses a commit whose own files are in each other's way. */
export function checkCommit(files: readonly FileWrite[]): void {
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) invalid(`cannot write '${path}' twice at once`);
    paths.add(path);
  }
  for (const path of paths) {
    const file = parentsOf(path).find((parent) => paths.has(parent));
    if (file !== undefined) refuseParent(path, file);
  }
}
