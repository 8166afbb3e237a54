import { invalid } from '../errors';
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
