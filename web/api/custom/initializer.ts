import { came, invalid } from '../errors';
import type { GraphBuilder, Operand, Recording } from './graph';
import { customObject, nameOf } from './objects';
import { loadedRecorder, wantRecorder } from './recorder';

/** An initializer of your own: the values of a weight of that shape, or one number for all of them. */
export type InitializerFunction = (g: GraphBuilder, shape: readonly number[]) => Operand;

/** A class that extends {@link CustomInitializer}. */
export interface CustomInitializerClass {
  readonly className?: string;
  readonly name: string;
  new (config: never): CustomInitializer;
}

/**
 * An initializer of your own that has options: extend it as `initializers.Initializer`. `call` is recorded
 * once for each shape of weight; random numbers of it come from the weight's own stream, as those of
 * Keras's initializers do. `getConfig` says what the constructor needs.
 */
export abstract class CustomInitializer {
  /** The name in files; default: the class's own. */
  static readonly className?: string;
  readonly #recorded: Record<string, Recording> = {};

  constructor(_config: Readonly<Record<string, unknown>> = {}) {
    wantRecorder();
  }

  /** Records the values: a result of that shape, or a number for all of them. */
  abstract call(g: GraphBuilder, shape: readonly number[]): Operand;

  /** The options that the constructor takes, in the words of files. */
  getConfig(): Record<string, unknown> {
    return {};
  }

  /** @internal The name in files. */
  get nameInFiles(): string {
    return nameOf(this.constructor as CustomInitializerClass, 'initializers.Initializer');
  }

  /** @internal Records it for a shape of weight; once. */
  prepare(shape: readonly number[]): void {
    this.#recorded[shape.join()] ??= loadedRecorder()!.recordInitializer(
      (g) => this.call(g, shape),
      this.nameInFiles,
    );
  }

  /** @internal As the engine takes it. */
  get wire(): object {
    const config = { ...this.getConfig(), recorded: this.#recorded };
    return { class_name: this.nameInFiles, config };
  }

  /** As files have it. */
  toJSON(): unknown {
    return { class_name: this.nameInFiles, config: this.getConfig() };
  }
}

/** A function as an initializer: in files it is a name. */
class FunctionInitializer extends CustomInitializer {
  readonly #function: InitializerFunction;

  constructor(given: InitializerFunction) {
    super();
    this.#function = given;
  }

  override get nameInFiles(): string {
    return nameOf(this.#function, 'initializers.Initializer');
  }

  override call(g: GraphBuilder, shape: readonly number[]): Operand {
    return this.#function(g, shape);
  }

  override toJSON(): unknown {
    return this.nameInFiles;
  }
}

/** What is the user's own; null for a name, an instance or a config of Keras's. */
export function ownInitializer(value: unknown, where: string): CustomInitializer | null {
  if (value instanceof CustomInitializer) return value;
  const { class_name: name, config } = (
    typeof value === 'string' ? { class_name: value } : (value ?? {})
  ) as { class_name?: unknown; config?: object };
  const object =
    typeof value === 'function' ? value : typeof name === 'string' ? customObject(name) : null;
  if (!object) return null;
  const { prototype } = object as { prototype?: object };
  if (prototype instanceof CustomInitializer) {
    return new (object as new (config: object) => CustomInitializer)({ ...config });
  }
  if (prototype && 'call' in prototype) {
    invalid(`${where}: expected an initializer, came ${came(object)}`);
  }
  return new FunctionInitializer(object as InitializerFunction);
}
