import { entryNames, unzipEntries } from '../storage/zip';
import { isZip } from './keras/format';
import { modelDirectory, ofFiles } from './source';
import type { FileSource } from './types';

/**
 * A zip of a model's directory as that directory; a `.keras` archive, which is a zip too, and everything
 * else as it is.
 * @param room bytes that the files together may have.
 */
export async function unpacked(source: FileSource, room: number): Promise<FileSource> {
  if (!source.single) return source;
  const zip = await source.read(source.names[0]!);
  if (!zip || !isZip(zip)) return source;
  const what = `loadModel: '${source.label}'`;
  const directory = modelDirectory(entryNames(zip, what));
  if (directory === null) return source;
  const isWanted = (name: string) => name.startsWith(directory);
  const entries = await unzipEntries(zip, { what, room, isWanted });
  return { ...ofFiles(entries), label: source.label };
}
