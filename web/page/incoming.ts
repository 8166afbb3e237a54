/** Files that came in by a picker or a drop, by their paths. */
export interface Incoming {
  readonly name: string;
  readonly files: Readonly<Record<string, File>>;
  /** Of all of them. */
  readonly bytes: number;
  readonly how: 'picked' | 'dropped';
}

/** A model has fewer: a folder with more is somebody's whole disk. */
const mostFiles = 2000;

export function fromPicker(list: FileList): Incoming {
  return incoming(
    [...list].map((file) => [file.webkitRelativePath || file.name, file]),
    'picked',
  );
}

/** What was dropped, folders with all that is in them. Must be called in the event itself. */
export function fromDrop({ items }: DataTransfer): Promise<Incoming> {
  // Once the event is over there are no items any more.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  return collect(entries);
}

async function collect(entries: readonly FileSystemEntry[]): Promise<Incoming> {
  const found: [string, File][] = [];
  const visit = async (entry: FileSystemEntry): Promise<void> => {
    if (found.length > mostFiles) return;
    if (entry.isDirectory) {
      for (const each of await children(entry as FileSystemDirectoryEntry)) await visit(each);
      return;
    }
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    found.push([entry.fullPath.replace(/^\//, ''), file]);
  };
  for (const entry of entries) await visit(entry);
  return incoming(found, 'dropped');
}

async function children(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  // They come in portions; the last one is empty.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function incoming(given: readonly [path: string, file: File][], how: Incoming['how']): Incoming {
  const isHidden = (path: string): boolean => /(^|\/)(\.|__MACOSX\/)/.test(path);
  const files = given.filter(([path]) => !isHidden(path));
  const [first] = files;
  if (!first) throw new Error('there is no file in it');
  if (files.length > mostFiles) throw new Error(`it has more than ${mostFiles} files`);
  const [path] = first;
  const top = path.slice(0, path.indexOf('/') + 1);
  const isFolder = top !== '' && files.every(([each]) => each.startsWith(top));
  const main = files.map(([each]) => each).find((each) => each.endsWith('.json')) ?? path;
  const more = files.length === 1 ? '' : ` and ${files.length - 1} more`;
  return {
    name: isFolder ? top.slice(0, -1) : `${main}${more}`,
    files: Object.fromEntries(files),
    bytes: files.reduce((sum, [, file]) => sum + file.size, 0),
    how,
  };
}
