import { CustomInitializer } from '../custom/initializer';
import { TabtrainError } from '../errors';
import type { LayerDescription } from '../engine/engine';
import { flag } from '../config/options';
import type { KerasConfig } from '../config/spec';
import type { Data } from '../data/tensor';
import { adaptAlone, type Adapted } from './adapt';

/** What a layer asks of the model that it is in. */
export interface LayerOwner {
  layerDescription(layer: Layer): LayerDescription | null;
  layerConfig(layer: Layer): Record<string, unknown> | null;
  /** Tells the engine; `path` is the layer's place in the owner, with that of layers within it. */
  setTrainable(layer: Layer, path: readonly number[], trainable: boolean): void;
  /** Null as long as the engine does not have the model. */
  adapt(layer: Layer, path: readonly number[], data: Data): Promise<void> | null;
}

/** The configs of a model's layers without its InputLayer. */
export function shownConfigs(config: Record<string, unknown>): readonly KerasConfig[] {
  const { layers } = config as { layers: readonly KerasConfig[] };
  return layers.filter(({ class_name }) => class_name !== 'InputLayer');
}

/** A layer of a model: its class and its options. Its weights live in the model. */
export class Layer {
  /** Keras's spelling, such as `Dense`. */
  readonly className: string;
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #layers: readonly Layer[];
  #owner: LayerOwner | null = null;
  #trainable: boolean | null = null;
  #adapted: Adapted | null = null;
  #isPrepared = false;

  /** @internal @param layers those of a model that becomes a layer, instead of their configs */
  constructor(
    className: string,
    config: Readonly<Record<string, unknown>>,
    layers: readonly Layer[] = [],
  ) {
    this.className = className;
    this.#config = config;
    this.#layers = layers;
    const owner: LayerOwner = {
      layerDescription: (layer) =>
        this.#owner?.layerDescription(this)?.layers?.[this.layers.indexOf(layer)] ?? null,
      layerConfig: (layer) => {
        const own = this.#owner?.layerConfig(this);
        return own ? { ...shownConfigs(own)[this.layers.indexOf(layer)]!.config } : null;
      },
      setTrainable: (layer, path, trainable) =>
        this.#owner?.setTrainable(this, [this.layers.indexOf(layer), ...path], trainable),
      adapt: (layer, path, data) =>
        this.#owner?.adapt(this, [this.layers.indexOf(layer), ...path], data) ?? null,
    };
    for (const layer of layers) layer.#owner = owner;
  }

  /** The layers of a model that is a layer, as Keras without InputLayers; none of any other. */
  get layers(): readonly Layer[] {
    return this.#layers.filter(({ className }) => className !== 'InputLayer');
  }

  /** The given name or, once the engine has been asked, the one that it gave. */
  get name(): string {
    const name = this.#owner?.layerDescription(this)?.name ?? this.#config['name'];
    return typeof name === 'string' ? name : this.#described('name').name;
  }

  /**
   * Whether `fit` changes the weights, those of layers within it included. As in Keras a change counts
   * from the next `compile` on. @throws TabtrainError `INVALID_ARGUMENT` for anything but a boolean.
   */
  get trainable(): boolean {
    return this.#trainable ?? this.#config['trainable'] !== false;
  }

  set trainable(value: boolean) {
    flag(value, 'layer.trainable');
    this.#setTrainable(value);
    this.#owner?.setTrainable(this, [], value);
  }

  #setTrainable(value: boolean): void {
    this.#trainable = value;
    for (const layer of this.#layers) layer.#setTrainable(value);
  }

  /** With null for the batch axis; null where it is not known. */
  get outputShape(): readonly (number | null)[] | null {
    return this.#described('outputShape').outputShape;
  }

  countParams(): number {
    return this.#described('countParams()').params;
  }

  /** Keras's config: once the engine has been asked, with all defaults. */
  getConfig(): Record<string, unknown> {
    return this.#owner?.layerConfig(this) ?? { ...this.#config };
  }

  /**
   * Of Normalization: takes mean and variance from data, `[samples, ...]`. Before its model is used, or
   * after; a model that has no shapes yet gets those of data for its first layer.
   * @throws TabtrainError `UNSUPPORTED` for other layers, `INVALID_ARGUMENT` (also while fit runs),
   *   `SHAPE_MISMATCH`, `DISPOSED`.
   */
  async adapt(data: Data): Promise<void> {
    if (this.className !== 'Normalization') {
      throw new TabtrainError(
        'UNSUPPORTED',
        `layer.adapt: a ${this.className} layer learns in fit`,
      );
    }
    const inModel = () => this.#owner?.adapt(this, [], data) ?? null;
    const done = inModel();
    if (done) return done;
    this.#adapted = await adaptAlone(this.#config, data);
    await inModel(); // where the model was made meanwhile
  }

  /** @internal The name, where it is known. */
  protected get knownName(): string | undefined {
    return this.#owner?.layerDescription(this)?.name;
  }

  /** @internal Whether it has to be told its input shape before the engine can have it. */
  get needsShape(): boolean {
    if (this.#layers.length > 0) return this.#layers.some((layer) => layer.needsShape);
    return !this.#isPrepared && this.ownInitializers.length > 0;
  }

  /** @internal Tells it. */
  prepare(_inputShape: readonly (number | null)[]): void {
    this.#isPrepared = true;
  }

  /** @internal The initializers of the user's own, by the arguments. */
  get ownInitializers(): readonly (readonly [argument: string, CustomInitializer])[] {
    return Object.entries(this.#config).filter(
      (entry): entry is [string, CustomInitializer] => entry[1] instanceof CustomInitializer,
    );
  }

  /** @internal The layers that it consists of. */
  get inner(): readonly Layer[] {
    return this.#layers;
  }

  #described(what: string): LayerDescription {
    const description = this.#owner?.layerDescription(this);
    if (description) return description;
    throw new TabtrainError(
      'INVALID_ARGUMENT',
      `layer.${what}: not known before the first awaited call of the model, such as \`await model.build()\``,
    );
  }

  /** Not in this version: throws `UNSUPPORTED`. */
  apply(): never {
    throw new TabtrainError(
      'UNSUPPORTED',
      'layer.apply: functional models are not in this version',
    );
  }

  /** @internal The config as it was given. */
  toJSON(): KerasConfig {
    return {
      class_name: this.className,
      config: {
        ...this.#config,
        ...Object.fromEntries(this.ownInitializers.map(([key, own]) => [key, own.wire])),
        ...(this.#trainable === null ? {} : { trainable: this.#trainable }),
        ...(this.#layers.length > 0 ? { layers: this.#layers } : {}),
        ...(this.#adapted === null ? {} : { adapted: this.#adapted }),
      },
    };
  }

  /** @internal Puts the layer into a model; a layer is in one model only, since its weights are. */
  attach(owner: LayerOwner): void {
    if (this.#owner && this.#owner !== owner) {
      throw new TabtrainError(
        'UNSUPPORTED',
        `a ${this.className} layer is already in another model; shared layers are not in this version`,
      );
    }
    this.#owner = owner;
  }
}
