import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layers, sequential } from 'tabtrain';
import { bytes as field, int, join as joined } from '../../../../web/api/formats/proto';
import {
  attr,
  functionDef,
  nodeDef,
  structured,
} from '../../../../web/api/formats/savedModel/messages';
import { Scale } from '../customLayers';
import { compiled, trained } from '../savedModels';
import { changed, replaced } from '../wire';
import { MARSHALLED, lists, once, rowsOf, text, type Files, type Row } from './row';

export const PB = 'saved_model.pb';
const META = 'keras_metadata.pb';
const INDEX = 'variables/variables.index';
const DATA = 'variables/variables.data-00000-of-00001';
type Json = Record<string, unknown>;

/** A model with a layer of a class that its reader does not have, so that its functions are read. */
export const original = once(async () => {
  const model = sequential([
    layers.dense({ units: 5, inputShape: [4] }),
    new Scale(),
    layers.dense({ units: 3 }),
  ]);
  const directory = mkdtempSync(join(tmpdir(), 'tabtrain-malformed-'));
  await (await trained(compiled(model))).save(directory);
  model.dispose();
  const files: Files = new Map([PB, META, INDEX, DATA].map((name) => [name, readFileSync(join(directory, name))])); // prettier-ignore
  rmSync(directory, { recursive: true });
  return files;
});

const put = (name: string, make: (bytes: Uint8Array) => Uint8Array) => (files: Files) =>
  void files.set(name, make(files.get(name)!));
const drop = (name: string) => (files: Files) => void files.delete(name);
const half = (bytes: Uint8Array) => bytes.slice(0, bytes.length >> 1);
const json = (edit: (metadata: Json) => unknown) =>
  put(META, (bytes) =>
    changed(bytes, [[1, 0], 5], (content) => {
      const metadata = JSON.parse(new TextDecoder().decode(content)) as Json;
      const result = edit(metadata);
      return text(typeof result === 'string' ? result : JSON.stringify(metadata));
    }),
  );
/** The record of layer `i`, the InputLayer not counted. */
export const inLayer = (i: number, edit: (layer: { class_name: unknown; config: Json }) => void) =>
  json((metadata) => {
    const { layers: list } = metadata['config'] as { layers: { class_name: unknown; config: Json }[] }; // prettier-ignore
    edit(list[i + 1]!);
  });
const training = (edit: Json) => json((metadata) => Object.assign(metadata['training_config'] as Json, edit)); // prettier-ignore

const OBJECTS = [2, 7] as const;
const LIBRARY = [2, 2, 2, 1] as const;
const value = { name: 'inputs', type: 1 };
const T = { T: attr.type(1) };
/** All functions of the file replaced by ones of the same names. */
const functions = (nodes: (own: string) => Uint8Array[], result = 'a:output:0', results = 1) =>
  put(PB, (bytes) =>
    changed(bytes, LIBRARY, (definition) => {
      // Those of penalties take nothing in.
      if (!Buffer.from(definition).includes('inputs')) return definition;
      const name = /__inference_[a-z_]+_\d+/.exec(Buffer.from(definition).toString('latin1'))![0];
      const outputs = [{ name: 'identity', type: 1, value: result }].slice(0, results);
      return functionDef(name, [value], outputs, nodes(name));
    }),
  );
const call = (name: string, inputs: string[], of: string) =>
  nodeDef(name, 'StatefulPartitionedCall', inputs, { f: attr.function(of) });
const variable = (content: Uint8Array) => (bytes: Uint8Array) =>
  changed(bytes, [...OBJECTS, 1], (object) => {
    const isGain = Buffer.from(object).includes('scale/gain');
    return isGain ? changed(object, [7], () => content) : object;
  });
const shape = (size: number) => field(2, field(2, int(1, size)));
let made: Uint8Array[] | undefined;
const chain = (length: number) =>
  (made ??= Array.from({ length }, (_, i) => nodeDef(`n${i}`, 'Relu', [i === 0 ? 'inputs' : `n${i - 1}:activations:0`], T))); // prettier-ignore
export const lambda = inLayer(1, (layer) => {
  const code = { class_name: '__tuple__', items: [MARSHALLED, null, null] };
  Object.assign(layer, { class_name: 'Lambda', config: { name: 'l', function: code } });
});

const rows = rowsOf<Files>(
  async () => new Map(await original()),
  (model) => ({ model }),
);
const CORRUPT = 'CORRUPT_FILE';

/** SavedModel directories. */
export const savedModelRows: readonly Row[] = [
  ...rows('files that are not whole', [
    ['saved_model.pb cut off', put(PB, half), CORRUPT, PB],
    ['keras_metadata.pb cut off', put(META, half), CORRUPT, META],
    ['the index cut off', put(INDEX, half), CORRUPT, 'magic number'],
    ['the values cut off', put(DATA, half), CORRUPT, 'data file 0 has'],
    ['no index', drop(INDEX), 'NOT_FOUND', INDEX],
    ['no values', drop(DATA), 'NOT_FOUND', DATA],
    ['nothing but the graph', drop(META), 'UNSUPPORTED', 'no layers'],
    ['empty metadata', put(META, () => new Uint8Array(0)), 'UNSUPPORTED', 'metadata'],
    ['an empty graph', put(PB, () => new Uint8Array(0)), 'UNKNOWN_CLASS', 'Scale'],
    ['an empty index', put(INDEX, () => new Uint8Array(0)), CORRUPT, 'has 0 bytes'],
  ]), // prettier-ignore
  ...rows('a length, a number or a text of a message that is believed', [
    ['a huge declared length', put(META, () => Uint8Array.of(10, 255, 255, 255, 255, 15)), CORRUPT, META],
    ['a length of 2^63', put(PB, () => Uint8Array.of(18, 255, 255, 255, 255, 255, 255, 255, 255, 127)), CORRUPT, PB],
    ['a varint too long', put(META, () => new Uint8Array(20).fill(255)), CORRUPT, META],
    ['field number 0', put(META, () => Uint8Array.of(2, 1, 1)), CORRUPT, META],
    ['a group', put(PB, () => Uint8Array.of(19, 20)), CORRUPT, PB],
    ['text that is no UTF-8', put(META, (bytes) => changed(bytes, [[1, 0], 5], () => Uint8Array.of(255, 254))), CORRUPT, 'UTF-8'],
  ]), // prettier-ignore
  ...rows('metadata that are taken for granted', [
    ['metadata that are no JSON', json(() => '{"class_name": Sequential}'), CORRUPT, 'JSON'],
    ['metadata that are null', json(() => 'null'), CORRUPT, 'metadata'],
    ['metadata that are a list', json(() => '[]'), CORRUPT, 'an array of 0'],
    ['lists 100,000 deep', json(() => lists(100_000)), CORRUPT, 'an array of 1'],
    ['records 100,000 deep', json(() => '{"config":'.repeat(100_000) + '1' + '}'.repeat(100_000)), CORRUPT, 'deep'],
    ['a config 100,000 deep', json((m) => JSON.stringify(m).replace('"units":5', `"units":${lists(100_000)}`)), CORRUPT, 'deep'],
  ]), // prettier-ignore
  ...rows('a key of a config that reaches what all objects share', [
    ['the key __proto__', json((m) => JSON.stringify(m).replace('"config":{', '"config":{"__proto__":{"polluted":1},')), CORRUPT, '__proto__'],
    ['the key constructor', inLayer(0, ({ config }) => (config['constructor'] = { prototype: { polluted: 1 } })), CORRUPT, 'constructor'],
    ['an activation named constructor', inLayer(0, ({ config }) => (config['activation'] = 'constructor')), 'UNKNOWN_CLASS', 'unknown "constructor"'],
    ['the key toString', inLayer(0, ({ config }) => (config['toString'] = 1)), 'INVALID_ARGUMENT', 'toString'],
    ['a loss named constructor', training({ loss: 'constructor' }), 'UNKNOWN_CLASS', 'constructor'],
  ]), // prettier-ignore
  ...rows('a config that is taken for granted', [
    ['no config', json((m) => void (m['config'] = null)), CORRUPT, 'config'],
    ['a functional model', json((m) => void (m['class_name'] = 'Functional')), 'UNSUPPORTED', 'Functional'],
    ['layers that are a text', json((m) => void ((m['config'] as Json)['layers'] = 'x')), CORRUPT, 'a list of layers'],
    ['a layer that is null', json((m) => ((m['config'] as Json)['layers'] = [null])), CORRUPT, 'layers[0]: expected a record'],
    ['a layer without config', inLayer(0, (layer) => (layer.config = null as never)), CORRUPT, 'layers[1]: expected a record'],
    ['a class that is a number', inLayer(0, (layer) => (layer.class_name = 3)), CORRUPT, 'layers[1]: expected a record'],
    ['units below 0', inLayer(0, ({ config }) => (config['units'] = -1)), 'INVALID_ARGUMENT', 'units'],
    ['1e15 units', inLayer(0, ({ config }) => (config['units'] = 1e15)), 'SHAPE_MISMATCH', '1000000000000000'],
    ['units of another model', inLayer(2, ({ config }) => (config['units'] = 4)), 'SHAPE_MISMATCH', '4'],
  ]), // prettier-ignore
  ...rows('Python that a layer holds', [
    ['a Lambda with code', (files) => (lambda(files), files.set(PB, new Uint8Array(0))), 'UNKNOWN_CLASS', 'Lambda'],
    ['a Lambda without hint', (files) => (lambda(files), files.set(PB, new Uint8Array(0))), 'UNKNOWN_CLASS', 'customObjects'],
  ]), // prettier-ignore
  ...rows('what training was with', [
    ['an unknown loss', training({ loss: 'mine' }), 'UNKNOWN_CLASS', 'mine'],
    ['a loss that is a number', training({ loss: 3 }), 'INVALID_ARGUMENT', 'loss'],
    ['metrics that are a number', training({ metrics: 3 }), 'INVALID_ARGUMENT', 'metrics'],
    ['a metric without config', training({ metrics: [[{ class_name: 'Mine' }]] }), 'UNKNOWN_CLASS', 'Mine'],
    ['a loss without config', training({ loss: { class_name: 'Mine', config: 3 } }), 'UNKNOWN_CLASS', 'Mine'],
    ['a loss without class', training({ loss: { config: {} } }), 'INVALID_ARGUMENT', 'loss'],
    ['an unknown optimizer', training({ tabtrain: null, optimizer_config: { class_name: 'X', config: {} } }), 'UNKNOWN_CLASS', 'X'],
    ['an optimizer without config', training({ tabtrain: null, optimizer_config: { class_name: 'Adam' } }), CORRUPT, 'optimizer'],
    ['our own optimizer config broken', training({ tabtrain: { optimizer_config: 3 } }), CORRUPT, 'optimizer'],
    ['our own optimizer without a config', training({ tabtrain: { optimizer_config: { class_name: 'Adam' } } }), CORRUPT, 'optimizer'],
  ]), // prettier-ignore
  ...rows('a size or kind of a variable that is believed; a product of extents that overflows', [
    ['a variable that is not there', put(INDEX, (bytes) => replaced(bytes, 'gain', 'niag')), CORRUPT, 'checksum'],
    ['a weight of text', put(PB, variable(int(1, 7))), 'UNSUPPORTED', 'float32'],
    ['a weight of 2^60', put(PB, variable(joined(int(1, 1), shape(2 ** 60)))), 'INVALID_ARGUMENT', 'extents', 'CVE-2022-23582'],
    ['a weight of another shape', put(PB, variable(joined(int(1, 1), shape(6)))), 'SHAPE_MISMATCH', '(6,)'],
    ['a weight below 0', put(PB, variable(joined(int(1, 1), shape(-5)))), 'INVALID_ARGUMENT', 'extents', 'CVE-2022-23582'],
  ]), // prettier-ignore
  ...rows('objects that are taken for granted', [
    ['an object that is not there', put(PB, (bytes) => changed(bytes, [...OBJECTS, [1, 0], 1], () => joined(int(1, 9999), field(2, 'layer-1')))), CORRUPT, '9999'],
    ['children in a circle', put(PB, (bytes) => changed(bytes, [...OBJECTS, 1, 1], (child) => joined(int(1, 0), field(2, Buffer.from(child).includes('keras_api') ? 'keras_api' : 'layer-1')))), 'UNKNOWN_CLASS', 'Scale'],
    ['captures that are not there', put(PB, (bytes) => changed(bytes, [...OBJECTS, 2, 2], (c) => joined(int(2, 4000), field(3, structured.tuple([])), c.slice(0, 0)))), 'UNSUPPORTED', 'an object that it does not have', 'CVE-2022-23594'],
  ]), // prettier-ignore
  ...rows('edges, results and arguments that a converter takes for granted', [
    ['no functions', put(PB, (bytes) => changed(bytes, LIBRARY, () => [])), CORRUPT, 'no function'],
    ['a function of nothing', put(PB, (bytes) => changed(bytes, LIBRARY, () => new Uint8Array(0))), CORRUPT, 'no function'],
    ['a function without result', functions(() => [], 'x', 0), 'UNSUPPORTED', 'result'],
    ['a result that is not there', functions(() => []), 'UNSUPPORTED', 'neither', 'CVE-2022-23594'],
  ]), // prettier-ignore
  ...rows('functions and nodes without an end, each of which takes a frame of the stack', [
    ['a node that needs itself', functions(() => [nodeDef('a', 'Identity', ['a:output:0'], T)]), 'UNSUPPORTED', 'deep'],
    ['nodes in a circle', functions(() => [nodeDef('a', 'Identity', ['b:output:0'], T), nodeDef('b', 'Identity', ['a:output:0'], T)]), 'UNSUPPORTED', 'deep'],
    ['a function that calls itself', functions((own) => [call('a', ['inputs'], own)]), 'UNSUPPORTED', 'deep', 'CVE-2022-23591'],
    ['a function that calls itself twice', functions((own) => [call('b', ['inputs'], own), call('a', ['b:output:0'], own)]), 'UNSUPPORTED', 'too deep', 'CVE-2022-23591'],
    ['1,500 nodes in a row', functions(() => chain(1_500), 'n1499:activations:0'), 'UNSUPPORTED', 'deep'],
    ['12,000 nodes', functions(() => Array.from({ length: 12_000 }, () => new Uint8Array(0))), 'UNSUPPORTED', '12000 nodes'],
  ]), // prettier-ignore
  ...rows('ops and constants that are believed', [
    ['an op that is not there', functions(() => [nodeDef('a', 'ReadFile', ['inputs'], {})]), 'UNSUPPORTED', 'ReadFile'],
    ['an op named toString', functions(() => [nodeDef('a', 'toString', ['inputs'], {})]), 'UNSUPPORTED', 'toString'],
    ['a node without inputs', functions(() => [nodeDef('a', 'MatMul', [], {})]), 'INVALID_ARGUMENT', 'expected an input', 'CVE-2022-23594'],
    ['a constant without value', functions(() => [nodeDef('a', 'Const', [], {})]), 'UNSUPPORTED', 'constant', 'CVE-2022-23594'],
    ['a constant of 2^40 numbers', functions(() => [nodeDef('a', 'Const', [], { value: field(8, [int(1, 1), field(2, [0, 1].map(() => field(2, int(1, 2 ** 20))))]) })]), 'UNSUPPORTED', 'constant', 'CVE-2022-23582'],
    ['a constant of three bytes', functions(() => [nodeDef('a', 'Const', [], { value: field(8, [int(1, 1), field(2, []), field(4, Uint8Array.of(1, 2, 3))]) })]), CORRUPT, 'constant'],
    ['a constant of another type', functions(() => [nodeDef('a', 'Const', [], { value: field(8, [int(1, 22), field(2, []), field(4, Uint8Array.of(1))]) })]), CORRUPT, 'a constant has 1 bytes'],
    ['a reshape to 2^50', functions(() => [nodeDef('s', 'Const', [], { value: attr.ints([-1, 2 ** 30, 2 ** 20]) }), nodeDef('a', 'Reshape', ['inputs', 's:output:0'], T)]), 'SHAPE_MISMATCH', 'Reshape'],
  ]), // prettier-ignore
];
