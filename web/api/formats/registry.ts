import { TabtrainError, came } from '../errors';
import { h5Format } from './h5/format';
import { kerasFormat } from './keras/format';
import { savedModelFormat } from './savedModel/format';
import { tfjsFormat } from './tfjs/format';
import type { FileSource, Format } from './types';

/** All ways to keep a whole model. */
const formats: readonly Format[] = [savedModelFormat, h5Format, kerasFormat, tfjsFormat];

export function formatNamed(name: string, where: string): Format {
  const found = formats.find((format) => format.name === name);
  if (found) return found;
  const known = formats.map((format) => `'${format.name}'`).join(', ');
  throw new TabtrainError(
    'INVALID_ARGUMENT',
    `${where}: format: expected ${known}, came ${came(name)}`,
  );
}

/** The format of a source by what is in it. */
export async function formatOf(source: FileSource): Promise<Format> {
  for (const format of formats) if (await format.sniff(source)) return format;
  const isCheckpoint = source.names.some((name) => name.endsWith('.index'));
  const found = isCheckpoint
    ? 'a checkpoint, which holds weights alone; model.loadWeights reads it'
    : 'something else';
  throw new TabtrainError(
    'UNSUPPORTED',
    `loadModel: '${source.label}': expected a SavedModel, HDF5, a .keras archive or TensorFlow.js's model.json, came ${found}`,
  );
}
