import { dirname, join } from 'node:path';
import { textWithCrc, withCrc } from '../state/crc32c';
import { missingAs, type NodeFiles } from './nodeFiles';
import { JOURNAL, WORKSHOP, isNewName } from './nodeWorkshop';

/*
 * A commit of several files, in the directory BASE that all of them lie in:
 *
 *   1. every file is written to BASE/.tabtrain/new.*, and synced
 *   2. the journal, which says what is to be done, likewise; the workshop is synced
 *   3. new.* -> BASE/.tabtrain/journal, the workshop is synced: from here on the commit is valid
 *   4. what vanishes is removed, the new files are renamed to their names, their directories are synced
 *   5. the journal is removed, the workshop is synced
 *
 * Whoever ends before 3 leaves the old files, and leftovers that nobody asks for. Whoever ends later leaves a
 * journal, and the next one who comes here does 4 and 5 anew: what was done already is not there any more.
 * The file is one line of JSON, this record, and its CRC-32C.
 */
export interface Journal {
  readonly format: 1;
  /** Names in the workshop, and the paths below BASE that they get. */
  readonly renames: readonly (readonly [string, string])[];
  /** Paths of files below BASE that vanish. */
  readonly removes: readonly string[];
  /** Paths of directories below BASE that go where they have become empty, the deepest first. */
  readonly directories: readonly string[];
}

export const journalPath = (base: string): string => join(base, WORKSHOP, JOURNAL);

export function encodeJournal(journal: Journal): Uint8Array {
  return new TextEncoder().encode(withCrc(JSON.stringify(journal)));
}

/** Null where there is none, or none that is whole: then it never was the end of step 3. */
export async function readJournal(files: NodeFiles, base: string): Promise<Journal | null> {
  const handle = await files.fs.open(journalPath(base), 'r').catch(missingAs(null));
  if (!handle) return null;
  try {
    const bytes = await files.readWhole(handle);
    const json = bytes && textWithCrc(new TextDecoder().decode(bytes));
    const journal = json === null ? null : (JSON.parse(json) as Journal);
    return journal && isInside(journal) ? journal : null;
  } finally {
    await handle.close();
  }
}

/** A journal that somebody made up must not lead anywhere else. */
function isInside({ renames, removes, directories }: Journal): boolean {
  const isBelow = (path: string) =>
    path !== '' && !/^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)/.test(path);
  return (
    renames.every(([name, path]) => isNewName(name) && isBelow(path)) &&
    [...removes, ...directories].every(isBelow)
  );
}

/** The directories in which a journal changes something. */
export function touchedBy(base: string, { renames, removes }: Journal): string[] {
  const paths = [...renames.map(([, path]) => path), ...removes];
  return [...new Set(paths.map((path) => dirname(join(base, path))))];
}

/** Steps 4 and 5. */
export async function redo(files: NodeFiles, base: string, journal: Journal): Promise<void> {
  for (const path of journal.removes) await files.removeFile(join(base, path));
  for (const path of journal.directories) await files.removeEmpty(join(base, path));
  for (const [name, path] of journal.renames) {
    const from = join(base, WORKSHOP, name);
    if (await files.exists(from)) await files.place(from, join(base, path));
  }
  for (const dir of touchedBy(base, journal)) {
    await files.syncDirectory(dir).catch(missingAs(undefined));
  }
  await removeJournal(files, base);
}

export async function removeJournal(files: NodeFiles, base: string): Promise<void> {
  await files.removeFile(journalPath(base));
  await files.syncDirectory(join(base, WORKSHOP));
}
