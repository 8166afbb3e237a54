import { invalid } from '../errors';
import type { EngineTensor } from '../engine/engine';
import type { RunRequest } from '../host/protocol';

/** What a run and its continuation must have in common. */
export interface Setup {
  /** The model's config. */
  readonly model: unknown;
  /** What `compile` was given. */
  readonly compile: unknown;
  /** The engine's options of `fit`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Of each tensor that there is; of a dataset's, the first batch's rows. */
  readonly data: Readonly<Record<string, Fingerprint>>;
}

interface Fingerprint {
  readonly dtype: string;
  readonly shape: readonly (number | null)[];
  /** CRC-32C of the elements; null where they come batch by batch. */
  readonly crc32c: number | null;
}

/** What may differ: how long to train, and where it began. */
const FREE = ['epochs', 'initial_epoch', 'resume'];

export function setupOf(
  configJson: string,
  compileJson: string,
  options: RunRequest['engine'],
  tensors: readonly (EngineTensor | null | undefined)[],
): Setup {
  const fed = options['fed'] === true;
  const kept = Object.entries(options).filter(([key]) => !FREE.includes(key));
  const data: Record<string, Fingerprint> = {};
  for (const [i, name] of ['x', 'y', 'sampleWeight', 'valX', 'valY', 'valSampleWeight'].entries()) {
    const tensor = tensors[i];
    if (!tensor) continue;
    const isBatch = fed && !name.startsWith('val');
    const shape = Array.from(tensor.shape());
    data[name] = {
      dtype: tensor.dtype(),
      shape: isBatch ? [null, ...shape.slice(1)] : shape,
      crc32c: isBatch ? null : tensor.crc32c(0),
    };
  }
  return {
    model: JSON.parse(configJson),
    compile: JSON.parse(compileJson),
    options: Object.fromEntries(kept),
    data,
  };
}

const WHAT: Readonly<Record<keyof Setup, string>> = {
  model: 'of another model',
  compile: 'of a model that was compiled otherwise',
  options: 'with other options of fit',
  data: 'on other data',
};

/** Throws `INVALID_ARGUMENT`, naming the first difference, unless the two have all in common. */
export function checkSetup(dir: string, there: Setup, here: Setup): void {
  for (const part of Object.keys(WHAT) as (keyof Setup)[]) {
    const difference = firstDifference(there[part], here[part], '');
    if (difference === null) continue;
    invalid(
      `model.fit: backupAndRestore: '${dir}' holds a run ${WHAT[part]} (${difference}); ` +
        'go on as it was begun, give another backupDir, or remove this one to begin anew',
    );
  }
}

/**
 * Names are for people, and automatic ones depend on what else was made; a model that has been built
 * says its input shape, which the data say anyway.
 */
const IGNORED = new Set(['name', 'batch_input_shape', 'build_input_shape']);

function firstDifference(there: unknown, here: unknown, path: string): string | null {
  const isRecord = (value: unknown) => value !== null && typeof value === 'object';
  if (!isRecord(there) || !isRecord(here) || Array.isArray(there) !== Array.isArray(here)) {
    if (Object.is(there, here)) return null;
    return `${path.slice(1)}: ${JSON.stringify(there)} there, ${JSON.stringify(here)} here`;
  }
  const a = withoutInput(there);
  const b = withoutInput(here);
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (IGNORED.has(key)) continue;
    const difference = firstDifference(a[key], b[key], `${path}.${key}`);
    if (difference !== null) return difference;
  }
  return null;
}

/** A list of layers without its InputLayer, which only says the input's shape. */
function withoutInput(value: object): Record<string, unknown> {
  if (!Array.isArray(value)) return value as Record<string, unknown>;
  const list = value.filter(
    (each: { class_name?: unknown } | null) => each?.class_name !== 'InputLayer',
  );
  return list as unknown as Record<string, unknown>;
}
