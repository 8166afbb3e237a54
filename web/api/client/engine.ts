import { came, didYouMean, invalid } from '../errors';
import { checkVariant } from '../engine/variants';
import type { EngineInfo } from '../host/protocol';
import { Connection } from './connection';
import { platform, type InitOptions } from './platform';

interface Running {
  readonly options: InitOptions;
  readonly connection: Promise<Connection>;
}

let running: Running | null = null;

const OPTION_NAMES: readonly (keyof InitOptions)[] = [
  'variant',
  'threads',
  'wasmUrl',
  'wasmBinary',
  'workerUrl',
  'worker',
  'maxMemory',
];

/**
 * Starts the engine; without it, the first call that needs the engine does so with the defaults.
 * Resolves to what runs. Calling it again with no options or the same ones is free.
 *
 * @param options.variant build to use, default `'auto'`.
 * @param options.threads wanted threads; this version runs one and says so in `why`.
 * @param options.maxMemory the most bytes that the engine may take.
 * @throws TabtrainError `UNSUPPORTED_ENVIRONMENT` (no WebAssembly SIMD, no secure context, a worker that
 *   does not load), `UNSUPPORTED` (a variant that is not built), `INVALID_ARGUMENT` (also: the engine
 *   already runs with other options).
 */
export async function init(options: InitOptions = {}): Promise<EngineInfo> {
  checkOptions(options);
  if (running && !sameOptions(options, running.options)) {
    invalid('init: the engine already runs with other options; call init before anything else');
  }
  return (await start(options)).call('info', []);
}

/**
 * What runs: version, variant, threads, storage, memory in bytes, and in `why` one sentence for each
 * fallback taken. Starts the engine if need be; rejects as {@link init}.
 */
export async function engineInfo(): Promise<EngineInfo> {
  return (await connect()).call('info', []);
}

/** The running engine, started with the defaults if need be. */
export function connect(): Promise<Connection> {
  return start({});
}

function start(options: InitOptions): Promise<Connection> {
  if (running) return running.connection;
  const { variant, threads, wasmUrl, wasmBinary, maxMemory } = options;
  const started = Connection.open((client) => platform().open(options, client)).then(
    async (connection) => {
      const given = {
        variant,
        threads,
        wasmUrl: wasmUrl && String(wasmUrl),
        wasmBinary,
        maxMemory,
      };
      try {
        await connection.call('start', [defined(given)]);
      } catch (error) {
        connection.close();
        throw error;
      }
      void connection.closed.then(forget);
      return connection;
    },
  );
  const mine: Running = { options, connection: started };
  const forget = () => {
    if (running === mine) running = null;
  };
  started.catch(forget);
  running = mine;
  return started;
}

function defined<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** Addresses are the same when their texts are. */
function isSame(a: unknown, b: InitOptions[keyof InitOptions]): boolean {
  return a === b || (a instanceof URL && b instanceof URL && a.href === b.href);
}

function sameOptions(asked: InitOptions, actual: InitOptions): boolean {
  return OPTION_NAMES.every(
    (name) => asked[name] === undefined || isSame(asked[name], actual[name]),
  );
}

function checkOptions(options: InitOptions): void {
  if (options === null || typeof options !== 'object') {
    invalid(`init: expected an options record, came ${came(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.includes(name as keyof InitOptions)) {
      invalid(`init: unknown option '${name}'${didYouMean(name, OPTION_NAMES)}`);
    }
  }
  const { variant, threads, maxMemory } = options;
  if (variant !== undefined) checkVariant(variant);
  for (const [name, value] of Object.entries({ threads, maxMemory })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      invalid(`init: ${name}: expected a positive integer, came ${came(value)}`);
    }
  }
}
