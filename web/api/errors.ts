/** What a {@link TabtrainError} is about; stable, so that programs can branch on it. */
export type ErrorCode =
  | 'INVALID_ARGUMENT'
  | 'SHAPE_MISMATCH'
  | 'NOT_FOUND'
  | 'CORRUPT_FILE'
  | 'UNSUPPORTED'
  | 'UNKNOWN_CLASS'
  | 'UNSUPPORTED_ENVIRONMENT'
  | 'OUT_OF_MEMORY'
  | 'QUOTA_EXCEEDED'
  | 'STORAGE_UNAVAILABLE'
  | 'LOCKED'
  | 'ABORTED'
  | 'NOT_FINITE'
  | 'DISPOSED'
  | 'INTERNAL';

/**
 * The one error that this package throws or rejects with. Its `message` names the argument, what was
 * expected and what came; after it the model is usable and unchanged.
 */
export class TabtrainError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TabtrainError';
    this.code = code;
  }
}

/** Throws `INVALID_ARGUMENT`. */
export function invalid(message: string): never {
  throw new TabtrainError('INVALID_ARGUMENT', message);
}

/** Throws `UNSUPPORTED`. */
export function unsupported(message: string): never {
  throw new TabtrainError('UNSUPPORTED', message);
}

const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'INVALID_ARGUMENT',
  'SHAPE_MISMATCH',
  'NOT_FOUND',
  'CORRUPT_FILE',
  'UNSUPPORTED',
  'UNKNOWN_CLASS',
  'UNSUPPORTED_ENVIRONMENT',
  'OUT_OF_MEMORY',
  'QUOTA_EXCEEDED',
  'STORAGE_UNAVAILABLE',
  'LOCKED',
  'ABORTED',
  'NOT_FINITE',
  'DISPOSED',
  'INTERNAL',
]);

/** Whatever was thrown (by the engine, a browser, Node), as the one error class. */
export function toTabtrainError(thrown: unknown): TabtrainError {
  if (thrown instanceof TabtrainError) return thrown;
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' && message !== '' ? message : String(thrown);
  if (typeof code === 'string' && CODES.has(code)) {
    return new TabtrainError(code as ErrorCode, text, { cause: thrown });
  }
  if (/out of memory|\bOOM\b|allocation failed|could not allocate memory/i.test(text)) {
    return new TabtrainError('OUT_OF_MEMORY', text, { cause: thrown });
  }
  return new TabtrainError('INTERNAL', `unexpected failure: ${text}`, { cause: thrown });
}

/** What was thrown, as something to reject with. */
export function asError(thrown: unknown): Error {
  const isError = thrown !== null && typeof thrown === 'object' && 'message' in thrown;
  return isError ? (thrown as Error) : new Error(String(thrown));
}

/** A short description of a value for the "came ..." half of an error sentence. */
export function came(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (ArrayBuffer.isView(value)) {
    return `a ${typeName(value)} of ${(value as { length?: number }).length ?? value.byteLength}`;
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object of class ${typeName(value)}`;
}

/** The class name of an object, the same for objects of another realm. */
export function typeName(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1) === 'Object'
    ? (value.constructor?.name ?? 'Object')
    : Object.prototype.toString.call(value).slice(8, -1);
}

/** `'a', 'b' or 'c'`. */
export function orList(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  return quoted.length < 2
    ? quoted.join('')
    : `${quoted.slice(0, -1).join(', ')} or ${quoted[quoted.length - 1]}`;
}

/** The nearest of `known` to a mistyped name, as `; did you mean 'x'?`, or nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  let best = '';
  let distance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const d = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (d < distance) [best, distance] = [candidate, d];
  }
  return best === '' ? '' : `; did you mean '${best}'?`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; ++i) {
    const next = [i];
    for (let j = 1; j <= b.length; ++j) {
      next[j] = Math.min(
        next[j - 1]! + 1,
        row[j]! + 1,
        row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    row = next;
  }
  return row[b.length]!;
}
