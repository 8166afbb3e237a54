import { TabtrainError, came, didYouMean, invalid } from '../errors';
import type { Description, LayerDescription, TensorSpec } from '../engine/engine';
import type { Connection } from '../client/connection';
import type { KerasConfig } from '../config/spec';
import { adaptIn } from './adapt';
import { Layer, shownConfigs, type LayerOwner } from './layer';
import type { RemoteModel } from './remote';

/** What a model says of itself, from the last answer of the engine. */
export class ModelInfo {
  /** @internal */
  protected readonly remote: RemoteModel;
  readonly #givenName: string | undefined;
  /** All layers, an explicit InputLayer among them. */
  readonly #layers: Layer[] = [];
  /** What the layers may ask. */
  readonly #owner: LayerOwner = {
    layerDescription: (layer) => this.#layerDescription(layer),
    layerConfig: (layer) => this.#layerConfig(layer),
    setTrainable: (layer, path, trainable) =>
      this.remote.setTrainable([this.layers.indexOf(layer), ...path], trainable),
    adapt: (layer, path, data) => {
      if (!this.remote.exists) return null;
      const place = [this.layers.indexOf(layer), ...path];
      return adaptIn(this.remote, () => this.configJson(), place, data);
    },
  };

  constructor(
    remote: RemoteModel,
    layers: readonly (Layer | ModelInfo)[],
    name: string | undefined,
  ) {
    this.remote = remote;
    this.#givenName = name;
    for (const layer of layers) this.append(layer);
  }

  get name(): string {
    return this.remote.state?.description.name ?? this.#givenName ?? 'sequential';
  }

  /** The layers, as Keras without InputLayers. */
  get layers(): readonly Layer[] {
    return this.#layers.filter((layer) => layer.className !== 'InputLayer');
  }

  /** @throws TabtrainError `INVALID_ARGUMENT` before the first awaited call, as all that needs shapes. */
  get inputs(): readonly TensorSpec[] {
    return this.described('inputs').inputs;
  }

  get outputs(): readonly TensorSpec[] {
    return this.described('outputs').outputs;
  }

  /** `loss` and the metrics, in the order of `evaluate`'s result. */
  get metricsNames(): readonly string[] {
    return this.described('metricsNames').metricsNames;
  }

  /** Parameters of all layers. */
  countParams(): number {
    const { built, params } = this.described('countParams()');
    if (!built) {
      invalid(
        'model.countParams(): the model has no weights yet; call `await model.build(inputShape)`',
      );
    }
    return params.total;
  }

  /** Keras's config of the model: name and layers, with all defaults. */
  getConfig(): Record<string, unknown> {
    const { config } = JSON.parse(this.#fullConfig('getConfig()')) as {
      config: Record<string, unknown>;
    };
    return config;
  }

  /** The architecture as Keras's `to_json` writes it. */
  toJson(): string {
    const config = this.#fullConfig('toJson()').trimEnd();
    return `${config.slice(0, -1)}, "keras_version": "2.8.0", "backend": "tensorflow"}`;
  }

  /** @throws TabtrainError `INVALID_ARGUMENT`, naming the layers that there are. */
  getLayer(nameOrIndex: string | number): Layer {
    const { layers } = this;
    if (typeof nameOrIndex === 'number') {
      const layer = Number.isInteger(nameOrIndex) ? layers.at(nameOrIndex) : undefined;
      return (
        layer ??
        invalid(`model.getLayer: expected an index below ${layers.length}, came ${nameOrIndex}`)
      );
    }
    if (typeof nameOrIndex !== 'string') {
      invalid(`model.getLayer: expected a name or an index, came ${came(nameOrIndex)}`);
    }
    const names = layers.map((layer) => layer.name);
    const found = layers[names.indexOf(nameOrIndex)];
    const known = names.join(', ');
    return (
      found ??
      invalid(
        `model.getLayer: no layer '${nameOrIndex}'${didYouMean(nameOrIndex, names)}; there are ${known}`,
      )
    );
  }

  #layerDescription(layer: Layer): LayerDescription | null {
    return this.remote.state?.description.layers[this.layers.indexOf(layer)] ?? null;
  }

  #layerConfig(layer: Layer): Record<string, unknown> | null {
    if (!this.remote.state) return null;
    const config = this.getConfig();
    const found =
      layer.className === 'InputLayer'
        ? (config as { layers: KerasConfig[] }).layers[0]
        : shownConfigs(config)[this.layers.indexOf(layer)];
    return found ? { ...found.config } : null;
  }

  /** Whether all layers are; setting it sets each, as {@link Layer.trainable}. */
  get trainable(): boolean {
    return this.#layers.every(({ trainable }) => trainable);
  }

  set trainable(value: boolean) {
    for (const layer of this.#layers) layer.trainable = value;
  }

  /** The model as a layer of another one, which has its layers from now on. */
  #toLayer(): Layer {
    this.remote.becomeLayer();
    const name = this.#givenName === undefined ? {} : { name: this.#givenName };
    return new Layer('Sequential', name, this.#layers);
  }

  /** Puts a layer, or a model as a layer, at the end. */
  protected append(given: Layer | ModelInfo): void {
    if (given === this) invalid('sequential: expected a layer, came the model itself');
    const layer = given instanceof ModelInfo ? given.#toLayer() : given;
    if (!(layer instanceof Layer)) invalid(`sequential: expected a layer, came ${came(layer)}`);
    if (this.#layers.includes(layer)) {
      invalid(`sequential: the same ${layer.className} layer twice; make a second one`);
    }
    layer.attach(this.#owner);
    this.#layers.push(layer);
  }

  /** Layers of the user's own are recorded for the shapes that they get. */
  protected async prepared(connection: Connection): Promise<string> {
    if (this.#layers.some((layer) => layer.needsShape)) {
      const { prepareLayers } = await import('../custom/prepare');
      await prepareLayers(connection, this.#layers);
    }
    return this.configJson();
  }

  /** The config that makes the model in the engine. */
  protected configJson(): string {
    const name = this.#givenName === undefined ? {} : { name: this.#givenName };
    return JSON.stringify({ class_name: 'Sequential', config: { ...name, layers: this.#layers } });
  }

  protected described(what: string): Description {
    this.remote.check(`model.${what}`);
    return this.#known(what).description;
  }

  #fullConfig(what: string): string {
    return this.#known(what).configJson;
  }

  #known(what: string) {
    if (this.remote.state) return this.remote.state;
    throw new TabtrainError(
      'INVALID_ARGUMENT',
      `model.${what}: not known before the first awaited call, such as \`await model.build()\``,
    );
  }
}
