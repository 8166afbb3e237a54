import {
  customFunction,
  customObject,
  functionConfig,
  type CustomFunction,
} from '../custom/objects';
import { came, invalid } from '../errors';
import { toConfig, toSnakeCase, type OptionTable } from './options';

/** A class and its config as Keras writes them. */
export interface KerasConfig {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What the factories of initializers, losses and metrics make: a class name and its config. */
export class Spec {
  /** Keras's spelling, such as `GlorotUniform`. */
  readonly className: string;
  readonly #config: Readonly<Record<string, unknown>>;

  constructor(className: string, config: Readonly<Record<string, unknown>>) {
    this.className = className;
    this.#config = config;
  }

  /** The options that were given, under Keras's names. */
  getConfig(): Record<string, unknown> {
    return { ...this.#config };
  }

  toJSON(): KerasConfig {
    return { class_name: this.className, config: this.#config };
  }
}

/** `MeanSquaredError` -> `meanSquaredError`, `KLDivergence` -> `klDivergence`. */
export const camelCase = (className: string): string =>
  className.replace(/^[A-Z]+(?=[A-Z][a-z]|$)|^[A-Z]/, (start) => start.toLowerCase());

/** The makers of the factories in the collection `kind` (`losses`), each named as its class in camelCase. */
export const factoriesOf =
  (kind: string) =>
  <O extends object, Required = false>(className: string, table: OptionTable) =>
  (...[options]: Required extends true ? [options: O] : [options?: O]): Spec =>
    new Spec(className, toConfig(`${kind}.${camelCase(className)}`, table, options));

/** A name, an instance, a Keras config (`{ class_name, config }`), or a function of your own. */
export type Identifier =
  string | { readonly class_name: string } | { readonly className: string } | CustomFunction;

/** An identifier as the engine takes it; TensorFlow.js's camelCase names mean the same as Keras's. */
export function toWire(value: unknown, where: string): string | KerasConfig {
  const custom = typeof value === 'string' ? customObject(value) : value;
  if (typeof custom === 'function') return functionConfig(custom as CustomFunction, where);
  if (typeof value === 'string' && value !== '') {
    return /^[a-z]+[A-Z]/.test(value) ? toSnakeCase(value) : value;
  }
  if (value !== null && typeof value === 'object') {
    // An instance: of a Spec, or a layer that is an activation.
    if ('toJSON' in value) return (value as Spec).toJSON();
    const { class_name, className, config = {} } = value as Record<string, unknown>;
    const name = class_name ?? className;
    const own = typeof name === 'string' ? customFunction(name) : undefined;
    // Rather than what a file says that it does.
    if (own) return functionConfig(own, where);
    if (typeof name === 'string' && config !== null && typeof config === 'object') {
      return { class_name: name, config: config as Record<string, unknown> };
    }
  }
  return invalid(`${where}: expected a name, an instance or a Keras config, came ${came(value)}`);
}
