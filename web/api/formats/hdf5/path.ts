/** Whether all parts of a path are names, for the library and for us: it would pass over the others, or end at a NUL. */
export const isPath = (path: string): boolean =>
  !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part));

/** The group that something is in, '' for the root. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
