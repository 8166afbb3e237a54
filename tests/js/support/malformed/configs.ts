import type { Change } from './row';
import { MARSHALLED } from './row';

/** A model's config in Keras's words, which configs of every format have. */
export interface ModelJson {
  module?: unknown;
  class_name: unknown;
  config: Record<string, unknown> & { layers: LayerJson[] };
  [key: string]: unknown;
}
export type LayerJson = Record<string, unknown> & { config: Record<string, unknown> };

export const smallConfig = (): ModelJson => ({
  class_name: 'Sequential',
  config: {
    name: 'small',
    layers: [
      { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, 3] } },
      { class_name: 'Dense', config: { name: 'dense', units: 2 } },
    ],
  },
});

/** The second layer becomes another one. */
const second = (layer: object) => (model: ModelJson) => void (model.config.layers[1] = layer as never); // prettier-ignore
const inSecond = (changes: object) => (model: ModelJson) => void Object.assign(model.config.layers[1]!.config, changes); // prettier-ignore
const keras = (module: string | null, className: string, config: unknown, registered: string | null = null) => ({ module, class_name: className, config, registered_name: registered }); // prettier-ignore

const UNKNOWN = 'UNKNOWN_CLASS';
const WRONG = 'INVALID_ARGUMENT';
/** What it says, and what to do instead. */
export const LAMBDA = /"Lambda".*never runs here.*customObjects/;
const own = /got unknown "\w+"/;
const lambda = { class_name: '__lambda__', config: { code: MARSHALLED, defaults: null, closure: null } }; // prettier-ignore

/** Functions in place of a layer; who reads `config` finds no record. */
export const functions = (code: string): readonly Change<ModelJson>[] => [
  ['a function of a module that a layer names', second(keras('os', 'function', 'system', 'system')), code, 'layers[1]: expected', 'CVE-2025-1550'],
  ['a layer that turns safety off, and a Lambda', (m) => m.config.layers.splice(1, 1, keras('keras.config', 'function', 'enable_unsafe_deserialization') as never, keras('keras.layers', 'Lambda', { name: 'l', function: lambda }) as never), code, 'layers[1]: expected', 'CVE-2025-9906'],
]; // prettier-ignore

/** Classes and functions that a config names and that Python would call; every format can hold them. */
export const named: readonly Change<ModelJson>[] = [
  ['a Lambda with marshalled code', second(keras('keras.layers', 'Lambda', { name: 'l', function: lambda, arguments: {} })), UNKNOWN, LAMBDA, 'CVE-2024-3660'],
  ['a class of a module that a layer names', second(keras('subprocess', 'Popen', { name: 'p', args: ['id'] })), UNKNOWN, own, 'CVE-2025-1550'],
  ['a function of a module as activation', inSecond({ activation: keras('builtins', 'function', 'exec', 'function') }), UNKNOWN, 'exec', 'CVE-2025-1550'],
  ['get_file as a layer, with an address', (m, { url }) => second(keras('keras.utils', 'get_file', { name: 'g', origin: url, fname: '../../x' }))(m), UNKNOWN, own, 'CVE-2025-8747'],
  ['get_file as an initializer', (m, { url }) => inSecond({ kernel_initializer: keras('keras.utils', 'get_file', { origin: url }) })(m), UNKNOWN, 'get_file', 'CVE-2025-8747'],
  ['a StringLookup with the address of its words', (m, { url }) => second(keras('keras.layers', 'StringLookup', { name: 's', vocabulary: url }))(m), UNKNOWN, own, 'CVE-2025-12058'],
  ['a StringLookup with the path of its words', (m, { path }) => second(keras('keras.layers', 'StringLookup', { name: 's', vocabulary: path }))(m), UNKNOWN, own, 'CVE-2025-12058'],
  ['a TFSMLayer with a path', (m, { path }) => second(keras('keras.layers', 'TFSMLayer', { name: 't', filepath: path }))(m), UNKNOWN, own],
]; // prettier-ignore

/** Values that a layer cannot have. */
export const impossible: readonly Change<ModelJson>[] = [
  ['units that are a text', inSecond({ units: '2' }), WRONG, /units: expected an integer/],
  ['units of 2^53', inSecond({ units: 2 ** 53 }), WRONG, 'units'],
  ['a shape of 2^60', (m) => void (m.config.layers[0]!.config['batch_input_shape'] = [null, 2 ** 30, 2 ** 30]), WRONG, '2^53'],
  ['a shape below 0', (m) => void (m.config.layers[0]!.config['batch_input_shape'] = [null, -3]), WRONG, 'batch_input_shape'],
  ['a shape of a fraction', (m) => void (m.config.layers[0]!.config['batch_input_shape'] = [null, 2.5]), WRONG, 'batch_input_shape'],
  ['an axis beyond', second({ class_name: 'BatchNormalization', config: { axis: 7 } }), 'SHAPE_MISMATCH', 'axis'],
  ['an axis that is 0 in 32 bits', second({ class_name: 'PReLU', config: { shared_axes: [2 ** 53] } }), 'SHAPE_MISMATCH', 'shared_axes'],
  ['a permutation of nothing', second({ class_name: 'Permute', config: { dims: [] } }), 'SHAPE_MISMATCH', 'permute'],
  ['a shape of two unknowns', second({ class_name: 'Reshape', config: { target_shape: [-1, -1] } }), WRONG, 'target_shape'],
  ['a rate of 1e999', (m) => second({ class_name: 'Dropout', config: { rate: 'RATE' } })(m), WRONG, 'rate'],
  ['two layers of one name', (m) => m.config.layers.push(structuredClone(m.config.layers[1]!)), WRONG, 'dense'],
  ['an InputLayer at the end', (m) => m.config.layers.push({ class_name: 'InputLayer', config: { name: 'late', batch_input_shape: [null, 2] } }), WRONG, 'InputLayer'],
  ['a recording that is a number', second({ class_name: 'Mine', config: { recorded: 3 } }), WRONG, 'expected an object'],
  ['a recording whose node takes itself', second({ class_name: 'Mine', config: { recorded: { weights: [], inference: { nodes: [{ op: 'Abs', in: [1] }], outputs: [1] }, training: null } } }), WRONG, 'earlier value'],
  ['a recording of an initializer for no shape', inSecond({ bias_initializer: { class_name: 'Mine', config: { recorded: { '3': { nodes: [], outputs: [0] } } } } }), WRONG, 'weights of shape [2]'],
  ['a recording whose shape is a number', second({ class_name: 'Mine', config: { recorded: { weights: [], inference: { nodes: [{ op: 'RandomUniform', attrs: { shape: 2 ** 60 } }], outputs: [1] }, training: null } } }), WRONG, 'a list'],
  ['a recording whose inputs are a number', second({ class_name: 'Mine', config: { recorded: { weights: [], inference: { nodes: [{ op: 'Abs', in: 0 }], outputs: [1] }, training: null } } }), WRONG, 'a list'],
]; // prettier-ignore

/** Models within models. */
export const nested = (depth: number) => {
  let layer: object = { class_name: 'Dense', config: { units: 2 } };
  for (let i = 0; i < depth; ++i) layer = { class_name: 'Sequential', config: { name: `s${i}`, layers: [layer] } }; // prettier-ignore
  return layer;
};
