import { invalid } from '../errors';
import { checkRecord, flag } from '../config/options';
import { toWire, type Identifier } from '../config/spec';
import { Layer } from '../model/layer';
import type { GraphBuilder, Operand, Value, Weight } from './graph';
import { loadedRecorder, wantRecorder } from './recorder';
import { ownInitializer, type CustomInitializer, type InitializerFunction } from './initializer';
import { customScope, nameOf, withCustomObjects, type CustomObject } from './objects';

/** A class that extends {@link CustomLayer}. */
export interface CustomLayerClass {
  readonly className?: string;
  readonly name: string;
  new (config: never): CustomLayer;
}

export interface AddWeightOptions {
  /** Default `'glorotUniform'`. */
  readonly initializer?: Identifier | CustomInitializer | InitializerFunction;
  readonly regularizer?: Identifier | null;
  readonly constraint?: Identifier | null;
  /** Whether `fit` changes it; default true. */
  readonly trainable?: boolean;
}

/** Options that every layer has. */
export interface CustomLayerConfig {
  readonly name?: string;
  readonly trainable?: boolean;
  readonly inputShape?: readonly (number | null)[];
  readonly [key: string]: unknown;
}

/**
 * A layer of your own: extend it as `layers.Layer`. `build` makes weights for an input shape, `call`
 * records what the layer does, once for inference and once for training; neither runs in the training
 * loop. `getConfig` says what the constructor needs, so that the layer can be saved and loaded.
 */
export abstract class CustomLayer extends Layer {
  /** The name in files; default: the class's own. */
  static readonly className?: string;
  readonly #shared: Record<string, unknown>;
  readonly #weights: { wire: Record<string, unknown>; weight: Weight }[] = [];
  #recorded: Record<string, unknown> | null = null;
  /** What names in its config stand for, also in `build`. */
  readonly #scope = customScope();

  constructor(config: CustomLayerConfig = {}) {
    const { name, trainable, inputShape, batch_input_shape } = config;
    const shape = inputShape ? [null, ...inputShape] : batch_input_shape;
    const shared = {
      ...(name !== undefined && { name }),
      ...(trainable !== undefined && { trainable }),
      ...(shape !== undefined && { batch_input_shape: shape }),
    };
    super(nameOf(new.target as unknown as CustomLayerClass, 'layers.Layer'), shared);
    this.#shared = shared;
    wantRecorder();
  }

  /** Makes the weights. @param _inputShape with null for the batch */
  build(_inputShape: readonly (number | null)[]): void {}

  /** Records the output for the input `x`. */
  abstract call(g: GraphBuilder, x: Value, mode: { readonly training: boolean }): Operand;

  /** The options that the constructor takes, in the words of files. */
  override getConfig(): Record<string, unknown> {
    const { name, batch_input_shape } = this.#shared;
    return {
      name: this.knownName ?? name,
      trainable: this.trainable,
      ...(batch_input_shape !== undefined && { batch_input_shape }),
    };
  }

  /** @param shape extents of at least 1; none for a scalar */
  protected addWeight(
    name: string,
    shape: readonly (number | null | undefined)[] = [],
    options: AddWeightOptions = {},
  ): Weight {
    const where = `${this.className}.addWeight`;
    const { Weight } = loadedRecorder() ?? invalid(`${where}: weights are made in build`);
    const weight = new Weight(name, shape, where);
    if (this.#weights.some((other) => other.weight.name === name)) {
      invalid(`${where}: '${name}' is there already`);
    }
    checkRecord(where, options, ['initializer', 'regularizer', 'constraint', 'trainable']);
    flag(options.trainable ?? true, `${where}: trainable`);
    const { initializer = 'glorotUniform', regularizer, constraint, trainable = true } = options;
    const own = ownInitializer(initializer, `${where}: ${name}: initializer`);
    own?.prepare(weight.shape);
    const wire = {
      ...{ name, shape, trainable },
      initializer: own?.wire ?? toWire(initializer, `${where}: ${name}: initializer`),
      ...(regularizer && { regularizer: toWire(regularizer, `${where}: ${name}: regularizer`) }),
      ...(constraint && { constraint: toWire(constraint, `${where}: ${name}: constraint`) }),
    };
    this.#weights.push({ wire, weight });
    return weight;
  }

  /** @internal Builds and records the layer for an input shape; once. */
  override prepare(inputShape: readonly (number | null)[]): void {
    if (this.#recorded) return;
    this.#weights.length = 0;
    withCustomObjects(this.#scope, () => this.build(inputShape));
    const { GraphBuilder, Value } = loadedRecorder()!;
    const record = (training: boolean) => {
      const g = new GraphBuilder(1);
      return g.finish(
        this.call(g, new Value(0, inputShape), { training }),
        `${this.className}.call`,
      );
    };
    this.#recorded = {
      weights: this.#weights.map(({ wire }) => wire),
      inference: record(false),
      training: record(true),
    };
  }

  /** @internal */
  override get needsShape(): boolean {
    return this.#recorded === null;
  }

  /** @internal */
  override toJSON(): ReturnType<Layer['toJSON']> {
    const { name, ...config } = this.getConfig();
    for (const [key, value] of Object.entries(config)) {
      // Functions are names in files.
      if (typeof value === 'function') config[key] = nameOf(value as CustomObject, this.className);
    }
    return {
      class_name: this.className,
      config: { ...config, ...(name !== undefined && { name }), recorded: this.#recorded },
    };
  }
}
