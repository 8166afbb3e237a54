import { came, invalid } from '../errors';

/** How a backend spells a path: it checks and normalises, and throws `INVALID_ARGUMENT`. */
export type CheckPath = (path: unknown, argument: string) => string;

/** Node: any real path; NUL and the empty path are refused. */
export function checkRealPath(path: unknown, argument: string): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    invalid(`${argument}: expected a path, came ${came(path)}`);
  }
  return path;
}

/**
 * Browsers: a path below the origin's storage, `dir/file`, a leading `/` or `./` ignored. Never with
 * `..`, a backslash or an empty part, so that no two spellings name the same file.
 */
export function checkVirtualPath(path: unknown, argument: string): string {
  const text = checkRealPath(path, argument);
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  // Emscripten's file system keeps names as keys of objects: it would store '__proto__' and not list it.
  const refused = ['..', '__proto__'].some((name) => parts.includes(name));
  if (refused || parts[0] === '~' || text.includes('\\')) {
    invalid(
      `${argument}: expected a path without '..', '~', '__proto__' and backslashes, came ${came(path)}`,
    );
  }
  return parts.join('/');
}

/** Whether a path can only be a directory's: `dir/`, `dir/.`, `dir/..`. */
export function isDirectoryName(path: string): boolean {
  return /(^|\/)\.{0,2}$/.test(path);
}

/** The directory part; '' for a name alone. */
export function dirName(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash === 0 ? 1 : slash);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function joinPath(dir: string, name: string): string {
  return dir === '' || dir.endsWith('/') ? dir + name : `${dir}/${name}`;
}

/**
 * A name from inside an archive, as a relative path. Throws `INVALID_ARGUMENT` for anything that could
 * name a place outside the target directory.
 */
export function checkEntryName(name: string): string {
  const parts = name.split('/');
  const outside =
    name === '' ||
    name.startsWith('/') ||
    /[\\\0]/.test(name) ||
    /^[A-Za-z]:/.test(name) ||
    parts.some((part) => part === '' || part === '.' || part === '..');
  if (outside) {
    invalid(
      `storage.import: an entry is named ${came(name)}: expected a relative path without '..'`,
    );
  }
  return name;
}
