import { came, invalid, orList, unsupported } from '../errors';
import { checkRecord, flag } from '../config/options';
import type { SaveModelOptions } from '../host/protocol';

export interface SaveWeightsOptions {
  /** `'tf'`, a TensorFlow checkpoint, is what this version writes. */
  readonly format?: 'tf';
  /** The generation of optimizer that the file is for; default `'auto'`, the optimizer's own. */
  readonly optimizerLayout?: 'auto' | 'legacy' | 'new' | 'none';
  /** Default true. */
  readonly overwrite?: boolean;
}

export interface LoadWeightsOptions {
  /** Not in this version. */
  readonly byName?: boolean;
  /** Not in this version. */
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
  if (typeof path !== 'string' || path === '') {
    invalid(`${where}: path: expected a text, came ${came(path)}`);
  }
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

const LAYOUTS = ['auto', 'legacy', 'new', 'none'] as const;

/** The options with their defaults; throws for what is wrong in them. */
export function checkSave(
  path: unknown,
  options: SaveWeightsOptions,
  where: string,
): { optimizerLayout: string; overwrite: boolean } {
  checkRecord(where, options, ['format', 'optimizerLayout', 'overwrite']);
  const { format, optimizerLayout = 'auto', overwrite = true } = options;
  checkFormat(path, format, where);
  oneOf(LAYOUTS, optimizerLayout, `${where}: optimizerLayout`);
  flag(overwrite, `${where}: overwrite`);
  return { optimizerLayout, overwrite };
}

export function checkLoad(path: unknown, options: LoadWeightsOptions, where: string): void {
  checkRecord(where, options, ['byName', 'skipMismatch']);
  if (path === null) {
    invalid(
      `${where}: path: expected a checkpoint prefix, came null; the directory has no checkpoint`,
    );
  }
  checkFormat(path, undefined, where);
  if (options.byName || options.skipMismatch) {
    unsupported(
      `${where}: byName and skipMismatch are for HDF5 files, which are not in this version`,
    );
  }
}

function checkFormat(path: unknown, format: unknown, where: string): void {
  if (typeof path !== 'string' || path === '') {
    invalid(`${where}: path: expected a text, came ${came(path)}`);
  }
  if (format !== undefined && format !== 'tf') {
    unsupported(`${where}: format: this version has 'tf' only, came ${came(format)}`);
  }
  if (format === undefined && /\.(h5|hdf5|keras)$|(^|\/)model\.json$/.test(path)) {
    unsupported(
      `${where}: '${path}': this version has TensorFlow checkpoints only; use a prefix such as 'cp.ckpt'`,
    );
  }
}
