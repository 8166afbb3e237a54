import { came, invalid, orList } from '../errors';
import { checkRecord, flag } from '../config/options';
import type {
  LoadWeightsOptions as HostLoadOptions,
  SaveModelOptions,
  SaveWeightsOptions as HostSaveOptions,
} from '../host/protocol';

export interface SaveWeightsOptions {
  /**
   * Default: by the path. `'keras'`, the layout of Keras 3, for `.weights.h5` and, as an archive that has the
   * layers too, for `.keras`; `'h5'`, that of Keras 2, which is without an optimizer, for other `.h5` and
   * `.hdf5`; else a TensorFlow checkpoint, `'tf'`.
   */
  readonly format?: 'tf' | 'h5' | 'keras';
  /**
   * The generation of optimizer that the file is for. `'auto'` (default): the optimizer's own in a
   * checkpoint, `'keras3'` in Keras 3's layout.
   */
  readonly optimizerLayout?: 'auto' | 'legacy' | 'new' | 'keras3' | 'none';
  /** Default true. */
  readonly overwrite?: boolean;
}

export interface LoadWeightsOptions {
  /** Of HDF5 in Keras 2's layout: whether layers are found by their names; default false, by order. */
  readonly byName?: boolean;
  /** Of HDF5 and `.keras`: whether layers whose weights do not fit stay as they are; default false. */
  readonly skipMismatch?: boolean;
}

export interface SaveOptions {
  /**
   * Default: by the path. `.h5` and `.hdf5` are HDF5 as Keras 2 writes it, `.keras` the archive of Keras 3,
   * `model.json` TensorFlow.js's, anything else a SavedModel directory, `'tf'`.
   */
  readonly format?: 'tf' | 'h5' | 'keras' | 'tfjs';
  /** Whether the optimizer and what else `compile` chose is saved; default true. */
  readonly includeOptimizer?: boolean;
  /**
   * The generation of optimizer that the file is for. `'auto'` (default): `'legacy'` for SGD and Adam in a
   * SavedModel and HDF5, since every Keras 2 goes on from it; the optimizer's own otherwise; `'keras3'` in
   * `.keras`.
   */
  readonly optimizerLayout?: 'auto' | 'legacy' | 'new' | 'keras3' | 'none';
  /** Default true. */
  readonly overwrite?: boolean;
}

/** Keras's rule. */
function formatByName(path: string): NonNullable<SaveOptions['format']> {
  if (/\.(h5|hdf5)$/.test(path)) return 'h5';
  if (path.endsWith('.keras')) return 'keras';
  return /(^|\/)model\.json$/.test(path) ? 'tfjs' : 'tf';
}

/** What only a saved model needs to know, format and layout, is checked beside the formats. */
export function checkSaveModel(
  path: unknown,
  options: SaveOptions,
  where: string,
): SaveModelOptions {
  checkRecord(where, options, ['format', 'includeOptimizer', 'optimizerLayout', 'overwrite']);
  checkPath(path, where);
  const {
    format = formatByName(path),
    includeOptimizer = true,
    optimizerLayout = 'auto',
    overwrite = true,
  } = options;
  flag(includeOptimizer, `${where}: includeOptimizer`);
  flag(overwrite, `${where}: overwrite`);
  return { format, includeOptimizer, optimizerLayout, overwrite };
}

function oneOf(known: readonly unknown[], value: unknown, where: string): void {
  if (!known.includes(value)) {
    invalid(`${where}: expected ${orList(known as string[])}, came ${came(value)}`);
  }
}

/** The options with their defaults; throws for what is wrong in them. */
export function checkSave(
  path: unknown,
  options: SaveWeightsOptions,
  where: string,
): HostSaveOptions {
  checkRecord(where, options, ['format', 'optimizerLayout', 'overwrite']);
  checkPath(path, where);
  const {
    format = path.endsWith('.weights.h5') ? 'keras' : formatByName(path),
    optimizerLayout = 'auto',
    overwrite = true,
  } = options;
  // A model.json is TensorFlow.js's, which this version does not write.
  oneOf(['tf', 'h5', 'keras'], format, `${where}: format`);
  oneOf(
    ['auto', 'legacy', 'new', 'none', 'keras3'].slice(0, format === 'keras' ? 5 : 4),
    optimizerLayout,
    `${where}: optimizerLayout`,
  );
  flag(overwrite, `${where}: overwrite`);
  return { format: format as HostSaveOptions['format'], optimizerLayout, overwrite };
}

export function checkLoad(
  path: unknown,
  options: LoadWeightsOptions,
  where: string,
): HostLoadOptions {
  checkRecord(where, options, ['byName', 'skipMismatch']);
  if (path === null) {
    invalid(
      `${where}: path: expected a checkpoint prefix, came null; the directory has no checkpoint`,
    );
  }
  checkPath(path, where);
  const { byName = false, skipMismatch = false } = options;
  flag(byName, `${where}: byName`);
  flag(skipMismatch, `${where}: skipMismatch`);
  return { byName, skipMismatch };
}

function checkPath(path: unknown, where: string): asserts path is string {
  if (typeof path !== 'string' || path === '') {
    invalid(`${where}: path: expected a text, came ${came(path)}`);
  }
}
