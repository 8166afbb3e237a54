import { TabtrainError, toTabtrainError } from '../errors';
import type { Engine } from './engine';
import { pickVariant, type Variant } from './variants';

/** How to get an engine; the part of `init`'s options that the host needs. */
export interface EngineOptions {
  readonly variant?: Variant;
  readonly threads?: number;
  readonly wasmUrl?: string;
  readonly wasmBinary?: ArrayBuffer | ArrayBufferView;
  readonly maxMemory?: number;
}

/** Where the files of one variant are, and how the platform gets at them. */
export interface EngineFiles {
  /** Imports the Emscripten module of a variant. */
  glue(variant: 'simd'): Promise<{ default: (options: object) => Promise<Engine> }>;
  /** Compiles the `.wasm` of a variant, or the one at `url`. */
  compile(variant: 'simd', url?: string): Promise<WebAssembly.Module>;
}

/**
 * Compiles and starts the engine. Rejects with `UNSUPPORTED_ENVIRONMENT` (no SIMD),
 * `NOT_FOUND` (files missing) or `CORRUPT_FILE` (not the engine's wasm).
 */
export async function loadEngine(
  files: EngineFiles,
  options: EngineOptions,
): Promise<{ engine: Engine; why: string[] }> {
  const { variant, why } = pickVariant(options.variant ?? 'auto');
  if (options.threads !== undefined && options.threads > 1) {
    why.push(`1 thread, not ${options.threads}: this version has no threaded build`);
  }
  const [module, glue] = await Promise.all([
    options.wasmBinary === undefined
      ? files.compile(variant, options.wasmUrl)
      : compileBytes(options.wasmBinary),
    files.glue(variant),
  ]);
  const engine = await instantiate(glue.default, module);
  if (options.maxMemory !== undefined) engine.setMaxMemory(options.maxMemory);
  return { engine, why };
}

/** Compiles bytes; `CORRUPT_FILE` if they are no WebAssembly. */
export async function compileBytes(
  bytes: ArrayBuffer | ArrayBufferView,
): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes as BufferSource);
  } catch (error) {
    throw new TabtrainError(
      'CORRUPT_FILE',
      `the engine's wasm does not compile: ${String(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Emscripten never settles when its `instantiateWasm` hook fails, hence the second promise. */
function instantiate(
  createEngine: (options: object) => Promise<Engine>,
  module: WebAssembly.Module,
): Promise<Engine> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(toTabtrainError(error));
    createEngine({
      print: () => {},
      printErr: () => {},
      instantiateWasm(
        imports: WebAssembly.Imports,
        done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
      ) {
        WebAssembly.instantiate(module, imports).then((instance) => done(instance, module), fail);
        return {};
      },
    }).then(resolve, fail);
  });
}
