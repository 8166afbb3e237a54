import { TabtrainError, came, invalid, orList, unsupported } from '../errors';

/** A build of the engine. `auto` takes the fastest that this machine can run. */
export type Variant = 'auto' | 'simd' | 'relaxed' | 'relaxed-threads';

const NAMES: readonly Variant[] = ['auto', 'simd', 'relaxed', 'relaxed-threads'];

/** The builds that this version ships, fastest last. */
const BUILT: readonly Variant[] = ['simd'];

/** The smallest module with a SIMD128 instruction: `i8x16.popcnt(i8x16.splat(0))`. */
const SIMD_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
];

/** The smallest module that catches an exception: `try catch_all end`. */
const EXCEPTIONS_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 6, 64, 25, 11, 11,
];

/** Throws `INVALID_ARGUMENT` or `UNSUPPORTED` unless `variant` names a build of this version. */
export function checkVariant(variant: Variant): void {
  if (!NAMES.includes(variant)) {
    invalid(`init: variant: expected ${orList(NAMES)}, came ${came(variant)}`);
  }
  if (variant !== 'auto' && !BUILT.includes(variant)) {
    unsupported(
      `init: variant: '${variant}' is not built in this version; it has ${orList(['auto', ...BUILT])}`,
    );
  }
}

/**
 * The build to load and each fallback taken on the way.
 * Throws `UNSUPPORTED_ENVIRONMENT` where there is no WebAssembly, no SIMD128 or no exceptions.
 */
export function pickVariant(variant: Variant): { variant: 'simd'; why: string[] } {
  checkVariant(variant);
  if (typeof WebAssembly !== 'object') {
    throw new TabtrainError('UNSUPPORTED_ENVIRONMENT', 'this environment has no WebAssembly');
  }
  if (!WebAssembly.validate(new Uint8Array(SIMD_PROBE))) {
    throw new TabtrainError(
      'UNSUPPORTED_ENVIRONMENT',
      'this environment has no WebAssembly SIMD (Chrome 91, Firefox 89, Safari 16.4 and Node 16.4 have it)',
    );
  }
  if (!WebAssembly.validate(new Uint8Array(EXCEPTIONS_PROBE))) {
    throw new TabtrainError(
      'UNSUPPORTED_ENVIRONMENT',
      'this environment has no WebAssembly exceptions (Chrome 95, Firefox 100, Safari 15.2 and Node 17 have them)',
    );
  }
  const why =
    variant === 'auto'
      ? ["variant 'simd', one thread: this version has no relaxed SIMD build and no threaded build"]
      : [];
  return { variant: 'simd', why };
}
