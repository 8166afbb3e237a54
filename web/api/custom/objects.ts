import { came, invalid } from '../errors';
import type { CustomInitializerClass, InitializerFunction } from './initializer';
import type { CustomLayerClass } from './layer';
import type { GraphBuilder, Operand, Value } from './graph';
import { loadedRecorder, wantRecorder } from './recorder';

/** An activation of your own: recorded once into the model's graph. */
export type CustomActivation = (g: GraphBuilder, x: Value) => Operand;
/** A loss or metric of your own: a value for each sample, `[batch]` or `[batch, ...]`. */
export type CustomLoss = (g: GraphBuilder, yTrue: Value, yPred: Value) => Operand;
export type CustomFunction = CustomActivation | CustomLoss;
export type CustomObject =
  CustomLayerClass | CustomInitializerClass | CustomFunction | InitializerFunction;
/** Classes and functions of your own by the names that files have for them. */
export type CustomObjects = Readonly<Record<string, CustomObject>>;

const registered = new Map<string, CustomObject>();
const names = new Map<CustomObject, string>();
let scope: CustomObjects = {};

/**
 * Makes a class or function of your own known to all that is loaded from now on, under the name
 * `packageName>name` that files keep (keras/utils, `register_keras_serializable`).
 * @param name default: the class's `className`, or the function's name
 * @throws TabtrainError `INVALID_ARGUMENT`, also where the name is taken by another object.
 */
export function registerSerializable<T extends CustomObject>(
  object: T,
  packageName = 'Custom',
  name = ownName(object),
): T {
  const where = 'registerSerializable';
  if (typeof object !== 'function')
    invalid(`${where}: expected a class or a function, came ${came(object)}`);
  for (const [what, text] of Object.entries({ packageName, name })) {
    if (typeof text !== 'string' || !/^[^>/]+$/.test(text)) {
      invalid(`${where}: ${what}: expected a name without '>' and '/', came ${came(text)}`);
    }
  }
  const key = `${packageName}>${name}`;
  if (registered.has(key) && registered.get(key) !== object) {
    invalid(`${where}: '${key}' is another object's name already`);
  }
  registered.set(key, object);
  names.set(object, key);
  return object;
}

function ownName(object: CustomObject): string {
  return (object as { className?: string } | null)?.className ?? object?.name;
}

/** The name of a class or function in files. */
export function nameOf(object: CustomObject, where: string): string {
  const name = names.get(object) ?? ownName(object);
  return name || invalid(`${where}: a function of your own needs a name`);
}

/** What a name stands for, if anything of the user's; names of its own only. */
export function customObject(name: string): CustomObject | undefined {
  return Object.hasOwn(scope, name) ? scope[name] : registered.get(name);
}

/** A function that a name stands for; none where it is a class. */
export function customFunction(name: string): CustomFunction | undefined {
  const object = customObject(name);
  const isLayer = typeof (object?.prototype as { call?: unknown } | undefined)?.call === 'function';
  return isLayer ? undefined : (object as CustomFunction | undefined);
}

/** The names of all that is registered, and of `objects`. */
export const knownNames = (objects: CustomObjects): string[] => [
  ...registered.keys(),
  ...Object.keys(objects),
];

/** What is known besides what is registered. */
export const customScope = (): CustomObjects => scope;

/** Calls `use` while `objects` are known besides what is registered. */
export function withCustomObjects<T>(objects: CustomObjects, use: () => T): T {
  const outer = scope;
  scope = { ...outer, ...objects };
  try {
    return use();
  } finally {
    scope = outer;
  }
}

/** @throws TabtrainError `INVALID_ARGUMENT` for anything but a record of classes and functions. */
export function checkCustomObjects(value: unknown, where: string): CustomObjects {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  for (const object of isRecord ? Object.values(value) : [null]) {
    if (typeof object !== 'function') {
      invalid(
        `${where}: customObjects: expected classes and functions by name, came ${came(value)}`,
      );
    }
  }
  return value as CustomObjects;
}

/** A function as the engine takes it: its name, and what it does. */
export function functionConfig(
  object: CustomFunction,
  where: string,
): { class_name: string; config: { recorded: object } } {
  const inputs = object.length - 1;
  if (inputs !== 1 && inputs !== 2) {
    invalid(
      `${where}: expected a function (g, x) or (g, yTrue, yPred), came ${object.length} parameters`,
    );
  }
  wantRecorder();
  const at = `${where}: ${object.name}`;
  // In JSON what it does, recorded when that is sent; nothing as long as JSON is only tried.
  const toJSON = () => loadedRecorder()?.recordFunction(object, inputs, at) ?? null;
  return { class_name: nameOf(object, where), config: { recorded: { toJSON } } };
}
