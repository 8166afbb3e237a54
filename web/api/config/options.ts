import { came, didYouMean, invalid, orList, unsupported } from '../errors';

/** Checks a value and gives what goes into the config; throws in a sentence that begins with `where`. */
export type Check = (value: unknown, where: string) => unknown;

/** One option of a class. */
export interface Option {
  readonly check: Check;
  readonly required?: boolean;
}

/** The options of one class: Keras's argument names in camelCase. */
export type OptionTable = Readonly<Record<string, Option | Check>>;

/** Throws `INVALID_ARGUMENT` unless `options` is a record whose keys are all known. */
export function checkRecord(where: string, options: unknown, known: readonly string[]): void {
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    invalid(`${where}: expected an options record, came ${came(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      invalid(`${where}: unknown option '${name}'${didYouMean(name, known)}`);
    }
  }
}

/** The options that were given, checked. */
export function checkOptions(
  where: string,
  table: OptionTable,
  options: object | undefined,
): Record<string, unknown> {
  const given = (options ?? {}) as Record<string, unknown>;
  checkRecord(where, given, Object.keys(table));
  const checked: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    const { check, required = false } = typeof option === 'function' ? { check: option } : option;
    const value = given[name];
    if (value === undefined) {
      if (required) invalid(`${where}: missing option '${name}'`);
      continue;
    }
    checked[name] = check(value, `${where}: ${name}`);
  }
  return checked;
}

/**
 * The Keras config of options: the one place where camelCase becomes snake_case. Options that are
 * `undefined` are left to the engine's defaults.
 */
export function toConfig(
  where: string,
  table: OptionTable,
  options: object | undefined,
): Record<string, unknown> {
  const entries = Object.entries(checkOptions(where, table, options));
  return Object.fromEntries(entries.map(([name, value]) => [toSnakeCase(name), value]));
}

/** `kernelInitializer` -> `kernel_initializer`, `sparseYTrue` -> `sparse_y_true`, `beta1` -> `beta_1`; snake_case stays. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z]{2})([0-9])/g, '$1_$2')
    .toLowerCase();
}

export const required = (check: Check): Option => ({ check, required: true });

export const nullable =
  (check: Check): Check =>
  (value, where) =>
    value === null ? null : check(value, where);

export const text: Check = (value, where) =>
  typeof value === 'string' && value !== ''
    ? value
    : invalid(`${where}: expected a text, came ${came(value)}`);

export const flag: Check = (value, where) =>
  typeof value === 'boolean'
    ? value
    : invalid(`${where}: expected true or false, came ${came(value)}`);

/** An integer of at least `min`. */
export const integer =
  (min = Number.MIN_SAFE_INTEGER): Check =>
  (value, where) => {
    if (Number.isSafeInteger(value) && (value as number) >= min) return value;
    const expected = min === Number.MIN_SAFE_INTEGER ? 'an integer' : `an integer >= ${min}`;
    return invalid(`${where}: expected ${expected}, came ${came(value)}`);
  };

/** A finite number from `min` to `max`. */
export const number =
  (min = -Infinity, max = Infinity): Check =>
  (value, where) => {
    if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max)
      return value;
    const range = max < Infinity ? ` from ${min} to ${max}` : min > -Infinity ? ` >= ${min}` : '';
    return invalid(`${where}: expected a number${range}, came ${came(value)}`);
  };

/** A list of what `check` takes. */
export const list =
  (check: Check): Check =>
  (value, where) =>
    Array.isArray(value)
      ? value.map((each) => check(each, where))
      : invalid(`${where}: expected an array, came ${came(value)}`);

/** A number, or numbers in arrays of any depth. */
export const numbers: Check = (value, where) =>
  (Array.isArray(value) ? list(numbers) : number())(value, where);

export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value, where) =>
    allowed.includes(value as string)
      ? value
      : invalid(`${where}: expected ${orList(allowed)}, came ${came(value)}`);

/** One or an array of what `check` takes. */
export const oneOrMore =
  (check: Check): Check =>
  (value, where) =>
    (Array.isArray(value) ? list(check) : check)(value, where);

/** One axis or a list of axes. */
export const axes: Check = oneOrMore(integer());

/** Sizes of at least 1; with `batch` the first, and any other, may be null. */
export const shape =
  (allowNull = true): Check =>
  (value, where) => {
    const isSize = (n: unknown) =>
      (allowNull && n === null) || (Number.isSafeInteger(n) && (n as number) > 0);
    if (Array.isArray(value) && value.every(isSize)) return [...(value as unknown[])];
    return invalid(
      `${where}: expected an array of positive integers${allowNull ? ' or nulls' : ''}, came ${
        Array.isArray(value) ? `[${value.join(', ')}]` : came(value)
      }`,
    );
  };

/** An option of Keras's that this version does not have; null says the same as leaving it out. */
export const notYet: Check = (value, where) =>
  value === null ? null : unsupported(`${where}: this option is not in this version`);
