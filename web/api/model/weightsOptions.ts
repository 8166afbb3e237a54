import { came, invalid, orList, unsupported } from '../errors';
import { checkRecord } from '../config/options';

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
  if (!LAYOUTS.includes(optimizerLayout)) {
    invalid(
      `${where}: optimizerLayout: expected ${orList(LAYOUTS)}, came ${came(optimizerLayout)}`,
    );
  }
  if (typeof overwrite !== 'boolean') {
    invalid(`${where}: overwrite: expected true or false, came ${came(overwrite)}`);
  }
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
