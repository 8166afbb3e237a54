import type { KerasConfig } from '../../config/spec';

type Config = Record<string, unknown>;

/** An object as Keras 2.12 and later serialise it. */
export interface Serialised extends Config {
  readonly module: string;
  readonly class_name: string;
  readonly config: Config;
  readonly registered_name: null;
}

/** Where Keras finds the classes of an argument. */
const MODULES: readonly (readonly [argument: RegExp, module: string])[] = [
  [/initializer$/, 'keras.initializers'],
  [/regularizer$/, 'keras.regularizers'],
  [/constraint$/, 'keras.constraints'],
  [/^learning_rate$/, 'keras.optimizers.schedules'],
];

export function serialised(module: string, { class_name, config }: KerasConfig): Serialised {
  const entries = Object.entries(config)
    // Keras 2's schedules may be without a name, Keras 3 chooses one.
    .filter(([argument, value]) => argument !== 'name' || value !== null)
    .map(([argument, value]) => {
      const [, of] = MODULES.find(([pattern]) => pattern.test(argument)) ?? [];
      return [argument, of !== undefined && isObject(value) ? serialised(of, value) : value];
    });
  return {
    module,
    class_name,
    config: Object.fromEntries(entries) as Config,
    registered_name: null,
  };
}

export const isObject = (value: unknown): value is KerasConfig =>
  typeof value === 'object' && value !== null && 'class_name' in value;
