import { TabtrainError } from '../errors';
import type { LayerDescription } from '../engine/engine';
import type { KerasConfig } from '../config/spec';

/** What a layer asks of the model that it is in. */
export interface LayerOwner {
  layerDescription(layer: Layer): LayerDescription | null;
  layerConfig(layer: Layer): Record<string, unknown> | null;
}

/** A layer of a model: its class and its options. Its weights live in the model. */
export class Layer {
  /** Keras's spelling, such as `Dense`. */
  readonly className: string;
  readonly #config: Readonly<Record<string, unknown>>;
  #owner: LayerOwner | null = null;

  constructor(className: string, config: Readonly<Record<string, unknown>>) {
    this.className = className;
    this.#config = config;
  }

  /** The given name or, once the engine has been asked, the one that it gave. */
  get name(): string {
    const name = this.#owner?.layerDescription(this)?.name ?? this.#config['name'];
    return typeof name === 'string' ? name : this.#described('name').name;
  }

  get trainable(): boolean {
    return this.#owner?.layerDescription(this)?.trainable ?? this.#config['trainable'] !== false;
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
    return { class_name: this.className, config: this.#config };
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
