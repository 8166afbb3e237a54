// Directories that are no SavedModels, or that want to do harm: each ends in one TabtrainError, soon.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { engineInfo, layers, loadModel, sequential, TabtrainError, type Model } from 'tabtrain';
import { bytes as field, int, join as joined } from '../../web/api/formats/proto';
import { attr, functionDef, nodeDef, structured } from '../../web/api/formats/savedModel/messages';
import { Scale } from './support/customLayers';
import { temporaryDirectory } from './support/models';
import { compiled, plainModel, trained, trainX } from './support/savedModels';
import { changed, replaced } from './support/wire';

const directory = temporaryDirectory();
const PB = 'saved_model.pb';
const META = 'keras_metadata.pb';
const INDEX = 'variables/variables.index';
const DATA = 'variables/variables.data-00000-of-00001';
type Files = Map<string, Uint8Array>;
type Json = Record<string, unknown>;
const text = (value: string) => new TextEncoder().encode(value);

/** As a browser's directory input gives them. */
const toFiles = (files: Files, path = (name: string) => `m/${name}`) =>
  [...files].map(([name, bytes]) =>
    Object.defineProperty(new File([bytes as never], name), 'webkitRelativePath', {
      value: path(name),
    }),
  ) as never;

let original: Files;
let witness: Model;
let before: { bytes: number; predicted: string };
const state = async () => {
  const { data } = await witness.predict(trainX, { verbose: 0 });
  const { memory } = await engineInfo();
  return { bytes: memory.liveBytes, predicted: [...(data as Float32Array)].join() };
};

beforeAll(async () => {
  const model = sequential([
    layers.dense({ units: 5, inputShape: [4] }),
    new Scale(),
    layers.dense({ units: 3 }),
  ]);
  const path = join(directory, 'model');
  await (await trained(compiled(model))).save(path);
  model.dispose();
  original = new Map([PB, META, INDEX, DATA].map((name) => [name, readFileSync(join(path, name))]));
  witness = plainModel();
  await state();
  before = await state();
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
const inLayer = (i: number, edit: (layer: { class_name: unknown; config: Json }) => void) =>
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
const lambda = inLayer(1, (layer) => {
  const code = { class_name: '__tuple__', items: ['4wEAAAAAAAAAAAAAAAEAAAA=', null, null] };
  Object.assign(layer, { class_name: 'Lambda', config: { name: 'l', function: code } });
});

const CORRUPT = 'CORRUPT_FILE';
const table: [string, (files: Files) => void, string | null, string][] = [
  ['saved_model.pb cut off', put(PB, half), CORRUPT, PB],
  ['keras_metadata.pb cut off', put(META, half), CORRUPT, META],
  ['the index cut off', put(INDEX, half), CORRUPT, ''],
  ['the values cut off', put(DATA, half), CORRUPT, ''],
  ['no index', drop(INDEX), 'NOT_FOUND', INDEX],
  ['no values', drop(DATA), null, ''],
  ['nothing but the graph', drop(META), 'UNSUPPORTED', 'no layers'],
  ['empty metadata', put(META, () => new Uint8Array(0)), 'UNSUPPORTED', 'metadata'],
  ['an empty graph', put(PB, () => new Uint8Array(0)), 'UNKNOWN_CLASS', 'Scale'],
  ['an empty index', put(INDEX, () => new Uint8Array(0)), CORRUPT, ''],
  ['a huge declared length', put(META, () => Uint8Array.of(10, 255, 255, 255, 255, 15)), CORRUPT, META],
  ['a length of 2^63', put(PB, () => Uint8Array.of(18, 255, 255, 255, 255, 255, 255, 255, 255, 127)), CORRUPT, PB],
  ['a varint too long', put(META, () => new Uint8Array(20).fill(255)), CORRUPT, META],
  ['field number 0', put(META, () => Uint8Array.of(2, 1, 1)), CORRUPT, META],
  ['a group', put(PB, () => Uint8Array.of(19, 20)), CORRUPT, PB],
  ['text that is no UTF-8', put(META, (bytes) => changed(bytes, [[1, 0], 5], () => Uint8Array.of(255, 254))), CORRUPT, 'UTF-8'],
  ['metadata that are no JSON', json(() => '{"class_name": Sequential}'), CORRUPT, 'JSON'],
  ['metadata that are null', json(() => 'null'), CORRUPT, 'metadata'],
  ['metadata that are a list', json(() => '[]'), CORRUPT, ''],
  ['lists 100,000 deep', json(() => '['.repeat(100_000) + ']'.repeat(100_000)), CORRUPT, ''],
  ['records 100,000 deep', json(() => '{"config":'.repeat(100_000) + '1' + '}'.repeat(100_000)), CORRUPT, ''],
  ['a config 100,000 deep', inLayer(0, ({ config }) => (config['name'] = 'DEEP')), null, 'deep'],
  ['the key __proto__', json((m) => JSON.stringify(m).replace('"config":{', '"config":{"__proto__":{"polluted":1},')), CORRUPT, '__proto__'],
  ['the key constructor', inLayer(0, ({ config }) => (config['constructor'] = { prototype: { polluted: 1 } })), CORRUPT, 'constructor'],
  ['an activation named constructor', inLayer(0, ({ config }) => (config['activation'] = 'constructor')), null, ''],
  ['the key toString', inLayer(0, ({ config }) => (config['toString'] = 1)), null, 'toString'],
  ['a loss named constructor', training({ loss: 'constructor' }), null, 'constructor'],
  ['no config', json((m) => void (m['config'] = null)), CORRUPT, 'config'],
  ['a functional model', json((m) => void (m['class_name'] = 'Functional')), 'UNSUPPORTED', 'Functional'],
  ['layers that are a text', json((m) => void ((m['config'] as Json)['layers'] = 'x')), null, 'layers'],
  ['a layer that is null', json((m) => ((m['config'] as Json)['layers'] = [null])), 'INVALID_ARGUMENT', 'layers'],
  ['a layer without config', inLayer(0, (layer) => (layer.config = null as never)), 'INVALID_ARGUMENT', 'config'],
  ['a class that is a number', inLayer(0, (layer) => (layer.class_name = 3)), 'INVALID_ARGUMENT', 'class_name'],
  ['units below 0', inLayer(0, ({ config }) => (config['units'] = -1)), 'INVALID_ARGUMENT', 'units'],
  ['1e15 units', inLayer(0, ({ config }) => (config['units'] = 1e15)), null, ''],
  ['units of another model', inLayer(2, ({ config }) => (config['units'] = 4)), 'SHAPE_MISMATCH', '4'],
  ['a Lambda with code', (files) => (lambda(files), files.set(PB, new Uint8Array(0))), 'UNKNOWN_CLASS', 'Lambda'],
  ['a Lambda without hint', (files) => (lambda(files), files.set(PB, new Uint8Array(0))), 'UNKNOWN_CLASS', 'customObjects'],
  ['an unknown loss', training({ loss: 'mine' }), null, 'mine'],
  ['a loss that is a number', training({ loss: 3 }), null, 'loss'],
  ['metrics that are a number', training({ metrics: 3 }), null, 'metrics'],
  ['a metric without config', training({ metrics: [[{ class_name: 'Mine' }]] }), null, 'Mine'],
  ['a loss without config', training({ loss: { class_name: 'Mine', config: 3 } }), null, 'Mine'],
  ['a loss without class', training({ loss: { config: {} } }), null, 'loss'],
  ['an unknown optimizer', training({ tabtrain: null, optimizer_config: { class_name: 'X', config: {} } }), 'UNKNOWN_CLASS', 'X'],
  ['an optimizer without config', training({ tabtrain: null, optimizer_config: { class_name: 'Adam' } }), null, 'optimizer'],
  ['our own optimizer config broken', training({ tabtrain: { optimizer_config: 3 } }), null, 'optimizer'],
  ['a variable that is not there', put(INDEX, (bytes) => replaced(bytes, 'gain', 'niag')), CORRUPT, ''],
  ['a weight of text', put(PB, variable(int(1, 7))), 'UNSUPPORTED', 'float32'],
  ['a weight of 2^60', put(PB, variable(joined(int(1, 1), shape(2 ** 60)))), null, ''],
  ['a weight of another shape', put(PB, variable(joined(int(1, 1), shape(6)))), null, ''],
  ['a weight below 0', put(PB, variable(joined(int(1, 1), shape(-5)))), null, ''],
  ['an object that is not there', put(PB, (bytes) => changed(bytes, [...OBJECTS, [1, 0], 1], () => joined(int(1, 9999), field(2, 'layer-1')))), CORRUPT, '9999'],
  ['children in a circle', put(PB, (bytes) => changed(bytes, [...OBJECTS, 1, 1], (child) => joined(int(1, 0), field(2, Buffer.from(child).includes('keras_api') ? 'keras_api' : 'layer-1')))), null, ''],
  ['captures that are not there', put(PB, (bytes) => changed(bytes, [...OBJECTS, 2, 2], (c) => joined(int(2, 4000), field(3, structured.tuple([])), c.slice(0, 0)))), null, ''],
  ['no functions', put(PB, (bytes) => changed(bytes, LIBRARY, () => [])), CORRUPT, 'no function'],
  ['a function of nothing', put(PB, (bytes) => changed(bytes, LIBRARY, () => new Uint8Array(0))), null, ''],
  ['a function without result', functions(() => [], 'x', 0), null, 'result'],
  ['a result that is not there', functions(() => []), 'UNSUPPORTED', 'neither'],
  ['a node that needs itself', functions(() => [nodeDef('a', 'Identity', ['a:output:0'], T)]), 'UNSUPPORTED', 'deep'],
  ['nodes in a circle', functions(() => [nodeDef('a', 'Identity', ['b:output:0'], T), nodeDef('b', 'Identity', ['a:output:0'], T)]), 'UNSUPPORTED', 'deep'],
  ['a function that calls itself', functions((own) => [call('a', ['inputs'], own)]), 'UNSUPPORTED', 'deep'],
  ['a function that calls itself twice', functions((own) => [call('b', ['inputs'], own), call('a', ['b:output:0'], own)]), 'UNSUPPORTED', ''],
  ['1,500 nodes in a row', functions(() => chain(1_500), 'n1499:activations:0'), 'UNSUPPORTED', 'deep'],
  ['12,000 nodes', functions(() => Array.from({ length: 12_000 }, () => new Uint8Array(0))), 'UNSUPPORTED', '12000 nodes'],
  ['an op that is not there', functions(() => [nodeDef('a', 'ReadFile', ['inputs'], {})]), 'UNSUPPORTED', 'ReadFile'],
  ['an op named toString', functions(() => [nodeDef('a', 'toString', ['inputs'], {})]), 'UNSUPPORTED', 'toString'],
  ['a node without inputs', functions(() => [nodeDef('a', 'MatMul', [], {})]), null, ''],
  ['a constant without value', functions(() => [nodeDef('a', 'Const', [], {})]), 'UNSUPPORTED', 'constant'],
  ['a constant of 2^40 numbers', functions(() => [nodeDef('a', 'Const', [], { value: field(8, [int(1, 1), field(2, [0, 1].map(() => field(2, int(1, 2 ** 20))))]) })]), 'UNSUPPORTED', 'constant'],
  ['a constant of three bytes', functions(() => [nodeDef('a', 'Const', [], { value: field(8, [int(1, 1), field(2, []), field(4, Uint8Array.of(1, 2, 3))]) })]), CORRUPT, 'constant'],
  ['a constant of another type', functions(() => [nodeDef('a', 'Const', [], { value: field(8, [int(1, 22), field(2, []), field(4, Uint8Array.of(1))]) })]), CORRUPT, ''],
  ['a reshape to 2^50', functions(() => [nodeDef('s', 'Const', [], { value: attr.ints([-1, 2 ** 30, 2 ** 20]) }), nodeDef('a', 'Reshape', ['inputs', 's:output:0'], T)]), null, ''],
]; // prettier-ignore

test('there are enough of them', () => expect(table.length).toBeGreaterThan(60));

describe('a directory with', () => {
  test.each(table)('%s', async (what, damage, code, says) => {
    const files: Files = new Map(original);
    damage(files);
    if (what.startsWith('a config 100,000')) {
      const nest = `"${'DEEP'}"`;
      const deep = '['.repeat(100_000) + ']'.repeat(100_000);
      put(META, (b) => changed(b, [[1, 0], 5], (c) => text(new TextDecoder().decode(c).replaceAll(nest, deep))))(files); // prettier-ignore
    }
    const start = performance.now();
    let thrown: unknown = null;
    let model: Model | null = null;
    try {
      model = await loadModel(toFiles(files));
    } catch (error) {
      thrown = error;
    }
    const seconds = (performance.now() - start) / 1000;
    model?.dispose();
    expect(thrown).toBeInstanceOf(TabtrainError);
    const { code: came, message } = thrown as TabtrainError;
    expect([came, message]).not.toEqual(['INTERNAL', message]);
    expect([came, message]).toEqual([code ?? came, message]);
    expect(message).toContain(says);
    expect(seconds).toBeLessThan(1);
    expect(({} as Json)['polluted']).toBeUndefined();
    expect(await state()).toEqual(before);
  });
});

test.each([
  ['a class named __proto__', inLayer(1, (layer) => (layer.class_name = '__proto__'))],
  ['a Lambda whose function is in the file', lambda],
  ['a layer named ../../x', inLayer(0, ({ config }) => (config['name'] = '../../x'))],
])('%s is only a name', async (_, change) => {
  const files: Files = new Map(original);
  change(files);
  const path = join(directory, 'named');
  const model = await loadModel(toFiles(files));
  await model.save(path);
  model.dispose();
  const again = await loadModel(path);
  again.dispose();
  expect(readdirSync(directory).sort()).toEqual(['model', 'named']);
  expect(await state()).toEqual(before);
});

test('names with .. reach nothing', async () => {
  for (const name of ['../saved_model.pb', 'm/../../keras_metadata.pb', '/etc/passwd']) {
    const files = toFiles(original, (each) => (each === PB ? name : `m/${each}`));
    await expect(loadModel(files)).rejects.toBeInstanceOf(TabtrainError);
  }
  expect(await state()).toEqual(before);
});
