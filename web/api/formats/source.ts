import { TabtrainError, invalid } from '../errors';
import type { ModelSource } from '../host/protocol';
import { baseName, dirName, joinPath } from '../storage/paths';
import type { Storage } from '../storage/storage';
import { besides, oneFile } from './oneFile';
import { fromUrl } from './remote';
import { fromTfjsStore } from './tfjs/store';
import type { FileSource } from './types';

/** What `loadModel` was given, as files to read. */
export async function sourceOf(given: ModelSource, storage: Storage): Promise<FileSource> {
  if ('files' in given) return ofFiles(given.files);
  const [, scheme, name] = /^(\w+):\/\/(.*)$/s.exec(given.path) ?? [];
  if (scheme === 'indexeddb') return fromTfjsStore(name!);
  return scheme === undefined ? stored(given.path, storage) : fromUrl(given.path);
}

async function stored(path: string, storage: Storage): Promise<FileSource> {
  const checked = storage.path(path, 'loadModel: path').replace(/(.)\/+$/, '$1');
  const below = await storage.list(checked).catch((error: unknown) => {
    // A file, in browsers.
    if ((error as TabtrainError).code === 'INVALID_ARGUMENT') return [];
    throw error;
  });
  if (below.length > 0) {
    const base = joinPath(checked, '').length;
    return {
      label: path,
      single: false,
      names: below.map((file) => file.path.slice(base)),
      read: (name) => storage.find(joinPath(checked, name)),
    };
  }
  const bytes = await storage.find(checked);
  if (!bytes) throw new TabtrainError('NOT_FOUND', `loadModel: there is no '${path}'`);
  const name = baseName(checked);
  if (!name.endsWith('.json')) return oneFile(name, bytes, path);
  return besides(name, bytes, path, (other) => storage.find(joinPath(dirName(checked), other)));
}

/** Files by name; those of one directory without its name, and of a model in it those of the model alone. */
export function ofFiles(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): FileSource {
  const first = files[0];
  if (!first) throw new TabtrainError('INVALID_ARGUMENT', 'loadModel: expected a file, came none');
  if (files.length === 1) return oneFile(baseName(first.name), first.bytes, first.name);
  const base = modelDirectory(files.map(({ name }) => name)) ?? commonDirectory(files);
  const inside = files.filter(({ name }) => name.startsWith(base));
  const byName = new Map(inside.map(({ name, bytes }) => [name.slice(base.length), bytes]));
  return {
    label: base === '' ? first.name : base.slice(0, -1),
    single: false,
    names: [...byName.keys()],
    read: (name) => Promise.resolve(byName.get(name) ?? null),
  };
}

function commonDirectory(files: readonly { readonly name: string }[]): string {
  const { name } = files[0]!;
  const top = name.slice(0, name.indexOf('/') + 1);
  return files.every((file) => file.name.startsWith(top)) ? top : '';
}

/** With its slash, the directory that has what only models have; null where there is none. */
export function modelDirectory(names: readonly string[]): string | null {
  const found = new Set<string>();
  for (const name of names) {
    const match = /^(.*\/)?(?:saved_model\.pb|model\.json)$/.exec(name);
    if (match) found.add(match[1] ?? '');
  }
  const directories = [...found];
  if (directories.length > 1) {
    const all = directories.map((name) => `'${name}'`).join(', ');
    invalid(`loadModel: expected one model, came ${directories.length}: ${all}`);
  }
  return directories[0] ?? null;
}
