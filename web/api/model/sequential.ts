import { came, invalid, unsupported } from '../errors';
import { checkRecord } from '../config/options';
import { toWire } from '../config/spec';
import { ownInitializer } from '../custom/initializer';
import {
  checkCustomObjects,
  customObject,
  withCustomObjects,
  type CustomObjects,
} from '../custom/objects';
import { Layer } from './layer';
import { Model } from './model';

/** A model that is a list of layers. */
export class Sequential extends Model {
  /**
   * Adds a layer at the end.
   * @throws TabtrainError `INVALID_ARGUMENT` once the model has been used, `UNSUPPORTED` for a layer of
   *   another model.
   */
  add(layer: Layer | Model): this {
    this.remote.check('model.add');
    if (this.remote.exists)
      invalid('model.add: layers cannot be added once the model has been used');
    this.append(layer);
    return this;
  }
}

/**
 * A model from a list of layers, or of models as layers; more can be added.
 * @throws TabtrainError `INVALID_ARGUMENT`.
 */
export function sequential(
  layers: readonly (Layer | Model)[] = [],
  options: { readonly name?: string } = {},
): Sequential {
  if (!Array.isArray(layers))
    invalid(`sequential: layers: expected an array, came ${came(layers)}`);
  checkRecord('sequential', options, ['name']);
  const { name } = options;
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    invalid(`sequential: name: expected a text, came ${came(name)}`);
  }
  return new Sequential(layers as readonly (Layer | Model)[], name);
}

/**
 * A model of the architecture that the `to_json` of Keras 2 or 3 (or `toJson`) wrote, with new weights.
 * @param options `customObjects`: classes and functions of your own, by their names in the text
 * @throws TabtrainError `INVALID_ARGUMENT` for other text, `UNSUPPORTED` for functional models; unknown
 *   layers reject the first awaited call with `UNKNOWN_CLASS`.
 */
export function modelFromJson(
  json: string | object,
  options: { readonly customObjects?: CustomObjects } = {},
): Sequential {
  const where = 'modelFromJson';
  checkRecord(where, options, ['customObjects']);
  const customObjects = checkCustomObjects(options.customObjects ?? {}, where);
  let parsed: unknown = json;
  if (typeof json === 'string') {
    try {
      parsed = JSON.parse(json);
    } catch (error) {
      invalid(`${where}: expected JSON, came ${came(json)} (${(error as Error).message})`);
    }
  }
  const { class_name, config } = (parsed ?? {}) as { class_name?: unknown; config?: unknown };
  // Keras 2.0 and 2.1 had the list itself.
  const { layers, name } = (Array.isArray(config) ? { layers: config } : (config ?? {})) as {
    layers?: unknown;
    name?: unknown;
  };
  if (typeof class_name !== 'string' || !Array.isArray(layers)) {
    invalid(`${where}: expected { class_name, config: { layers } }, came ${came(json)}`);
  }
  if (class_name !== 'Sequential') {
    unsupported(`${where}: '${class_name}' models are not in this version; Sequential ones are`);
  }
  const made = withCustomObjects(customObjects, () => layersOf(layers, where));
  return new Sequential(made, typeof name === 'string' ? name : undefined);
}

/** A layer of a class of Keras's or of the user's own. */
function layerOf(className: string, config: Record<string, unknown>, where: string): Layer {
  const custom = customObject(className);
  if (custom) {
    const { recorded, ...own } = config;
    void recorded; // What the class does, it says itself.
    if (!(custom.prototype instanceof Layer))
      invalid(`${where}: '${className}': expected a layer's class, came ${came(custom)}`);
    return new (custom as unknown as new (config: object) => Layer)(own);
  }
  const given = { ...config };
  for (const [key, value] of Object.entries(config)) {
    const isActivation = key === 'activation' && typeof value === 'string' && customObject(value);
    const own = isActivation
      ? toWire(value, where)
      : key.endsWith('_initializer') && ownInitializer(value, where);
    if (!own) continue;
    // What the user's own does, it says itself.
    delete given['recorded'];
    given[key] = own;
  }
  return new Layer(className, given);
}

/** Models within models are no deeper than this. */
const DEEPEST = 64;

function layersOf(list: readonly unknown[], where: string, depth = 0): Layer[] {
  if (depth > DEEPEST) invalid('modelFromJson: models nested too deep');
  return list.map((each, i) => {
    const at = `${where}: layers[${i}]`;
    const { class_name, config } = (each ?? {}) as { class_name?: unknown; config?: unknown };
    if (typeof class_name !== 'string' || typeof config !== 'object' || !config) {
      return invalid(`${at}: expected { class_name, config }, came ${came(each)}`);
    }
    const { layers, ...rest } = config as Record<string, unknown>;
    if (class_name !== 'Sequential') return layerOf(class_name, rest, at);
    if (!Array.isArray(layers)) invalid(`${at}: layers: expected an array, came ${came(layers)}`);
    return new Layer(class_name, rest, layersOf(layers, at, depth + 1));
  });
}
