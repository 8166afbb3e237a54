import { impossible, named, type ModelJson } from './configs';
import { encoded, filesOf, tf, tfl } from '../tfjs';
import { lists, once, rowsOf, text, type Row } from './row';

type Json = Record<string, unknown>;
interface Entry extends Json {
  name: string;
  shape: unknown;
}
/** A model.json, taken apart. */
export interface Parts {
  readonly json: Json;
  readonly group: { paths: unknown; weights: Entry[] };
  readonly layers: { config: Json; class_name: unknown }[];
  readonly files: Record<string, Uint8Array>;
}
export const SHARD = 'model.weights.bin';

export const x = [[0.5, -1, 2]];
/** A model that TensorFlow.js trained and saved, and what it predicts of {@link x}. */
export const saved = once(async () => {
  const model = tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 4, inputShape: [3], name: 'a' }),
      tfl.layers.dense({ units: 2, name: 'b' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  await model.fit(tf.tensor(x), tf.tensor([[1, 0]]), { epochs: 2, verbose: 0 });
  const files = await filesOf(model);
  const expected = (model.predict(tf.tensor(x)) as tf.Tensor).dataSync<'float32'>();
  return { files, expected: Array.from(expected) };
});

export function partsOf(files: Readonly<Record<string, Uint8Array>>): Parts {
  const json = JSON.parse(new TextDecoder().decode(files['model.json'])) as Json;
  const [group] = json['weightsManifest'] as [Parts['group']];
  const topology = json['modelTopology'] as { config: { layers: Parts['layers'] } };
  return { json, group, layers: topology.config.layers, files: { ...files } };
}
export const joined = ({ files, json }: Parts): Record<string, Uint8Array> => ({
  ...files,
  'model.json': encoded(json),
});

export const setPath = (path: unknown) => (parts: Parts) => void (parts.group.paths = [path]);
const setEntry = (changes: Json) => (parts: Parts) =>
  void Object.assign(parts.group.weights[0]!, changes);
const training = (config: unknown) => ({ json }: Parts) => void (json['trainingConfig'] = config); // prettier-ignore
const nested = (depth: number) => {
  let value: unknown = {};
  for (let i = 0; i < depth; ++i) value = { a: value };
  return value;
};
const optimizerStart = ({ group }: Parts) =>
  group.weights.findIndex((entry) => entry['group'] === 'optimizer');

const rows = rowsOf(
  async () => partsOf((await saved()).files),
  (parts) => ({ model: new Map(Object.entries(joined(parts))) }),
);
const textRows = rowsOf(
  async () => ({ ...(await saved()).files }),
  (files) => ({ model: new Map(Object.entries(files)) }),
);
const configRows = rowsOf(
  async () => partsOf((await saved()).files).json['modelTopology'] as ModelJson,
  async (topology) => {
    const parts = partsOf((await saved()).files);
    // TensorFlow.js has no InputLayer in a Sequential; rows change the second layer.
    parts.json['modelTopology'] = topology;
    return { model: new Map(Object.entries(joined(parts))) };
  },
);
const CORRUPT = 'CORRUPT_FILE';
const json = (value: string) => (files: Record<string, Uint8Array>) => void (files['model.json'] = text(value)); // prettier-ignore

/** Models of TensorFlow.js. */
export const tfjsRows: readonly Row[] = [
  ...textRows('a parser that fails other than by its own error, or has no bound on depth', [
    ['JSON that ends early', (files) => (files['model.json'] = files['model.json']!.subarray(0, 200)), CORRUPT, 'not JSON'],
    ['JSON of nothing', json(''), CORRUPT, 'not JSON'],
    ['JSON that is not UTF-8', (files) => (files['model.json'] = Uint8Array.of(0xff, 0xfe)), CORRUPT, 'not JSON'],
    ['layers 100,000 deep', json(`{"modelTopology": {"class_name": "Sequential", "config": {"layers": ${lists(100_000)}}}}`), CORRUPT, 'nested too deep'],
  ]), // prettier-ignore
  ...rows('a topology that is taken for granted', [
    ['no topology', ({ json }) => delete json['modelTopology'], CORRUPT, 'modelTopology'],
    ['a topology that is a list', ({ json }) => (json['modelTopology'] = []), CORRUPT, 'modelTopology'],
    ['a model without a class', ({ json }) => (json['modelTopology'] = {}), CORRUPT, 'config'],
    ['a functional model', ({ json }) => ((json['modelTopology'] as Json)['class_name'] = 'Functional'), 'UNSUPPORTED', 'Functional'],
    ['a class of nobody', ({ layers }) => (layers[0]!.class_name = 'Densest'), 'UNKNOWN_CLASS', 'Densest'],
    ['a config too deep', ({ layers }) => (layers[0]!.config['x'] = nested(200)), CORRUPT, 'deep'],
    ['a key that all objects share', ({ layers }) => (layers[0]!.config = JSON.parse('{"__proto__": {"polluted": 4}}') as Json), CORRUPT, '__proto__'],
    ['a graph model', ({ json }) => (json['format'] = 'graph-model'), 'UNSUPPORTED', 'graph model'],
  ]), // prettier-ignore
  ...configRows('a config that names what is to be called', named),
  ...configRows('a size that is computed before it is checked', impossible.slice(0, 3)),
  ...rows('a manifest that is taken for granted', [
    ['a manifest that is a text', ({ json }) => (json['weightsManifest'] = 'all'), CORRUPT, 'weightsManifest'],
    ['no weights at all', ({ json }) => (json['weightsManifest'] = []), CORRUPT, 'no weight'],
    ['a group that is null', ({ json }) => (json['weightsManifest'] = [null]), CORRUPT, 'paths and weights'],
    ['paths that are none', ({ group }) => (group.paths = 7), CORRUPT, 'paths'],
    ['a missing shard', setPath('other.bin'), 'NOT_FOUND', 'other.bin'],
    ['an unknown dtype', setEntry({ dtype: 'constructor' }), CORRUPT, 'dtype'],
    ['texts', setEntry({ dtype: 'string' }), 'UNSUPPORTED', 'string'],
    ['an unknown group', setEntry({ group: 'mine' }), CORRUPT, 'group'],
    ['a weight of no layer', setEntry({ name: 'c/kernel' }), CORRUPT, 'no weight'],
    ['a name twice', setEntry({ name: 'b/kernel' }), CORRUPT, 'two weights'],
    ['a quantization of nothing', setEntry({ quantization: { dtype: 'uint4' } }), CORRUPT, 'quantization'],
    ['no scale', setEntry({ quantization: { dtype: 'uint8', min: 0 } }), CORRUPT, 'scale'],
  ]), // prettier-ignore
  ...rows('a path that leads out of the directory of model.json', [
    ['a path with ..', setPath('../model.weights.bin'), CORRUPT, 'leads out'],
    ['a path with .. inside', setPath('a/../../model.weights.bin'), CORRUPT, 'leads out'],
    ['an absolute path', (parts, { path }) => setPath(path)(parts), CORRUPT, 'leads out'],
    ['an address', (parts, { url }) => setPath(url)(parts), CORRUPT, 'leads out'],
    ['an address without scheme', setPath('//example.org/w.bin'), CORRUPT, 'leads out'],
    ['a backslash', setPath('..\\w.bin'), CORRUPT, 'leads out'],
    ['an escaped ..', setPath('%2e%2e/w.bin'), CORRUPT, 'leads out'],
    ['a path that is a number', setPath(1), CORRUPT, 'expected texts'],
  ]),
  ...rows('sizes that are believed', [
    ['a shape that is negative', setEntry({ shape: [-3, 4] }), CORRUPT, 'shape'],
    ['a shape that is huge', setEntry({ shape: [2 ** 31, 2 ** 31] }), CORRUPT, 'more than a model can have'],
    ['a shape of 2^53 to the eighth', setEntry({ shape: new Array(8).fill(2 ** 52) }), CORRUPT, 'more than a model can have'],
    ['a shape that is a text', setEntry({ shape: '3,4' }), CORRUPT, 'shape'],
    ['another shape of the same size', setEntry({ shape: [4, 3] }), CORRUPT, 'expected [3, 4]'],
    ['a shard that is cut', ({ files }) => (files[SHARD] = files[SHARD]!.subarray(0, -1)), CORRUPT, 'bytes'],
    ['a shard that is too long', ({ files }) => (files[SHARD] = new Uint8Array(files[SHARD]!.length + 1)), CORRUPT, 'more'],
  ]), // prettier-ignore
  ...rows('what training was with', [
    ['a loss of nobody', ({ json }) => ((json['trainingConfig'] as Json)['loss'] = 'x'), 'UNKNOWN_CLASS', '"x"'],
    ['no optimizer', training({ loss: 'mse' }), CORRUPT, 'optimizer_config'],
    ['a trainingConfig that is a text', training('x'), CORRUPT, 'trainingConfig'],
    ['metrics of numbers', training({ loss: 'meanSquaredError', metrics: [3], optimizer_config: { class_name: 'Adam', config: {} } }), CORRUPT, 'metrics'],
    ['an optimizer of nobody', training({ loss: 'meanSquaredError', optimizer_config: { class_name: 'constructor', config: {} } }), 'UNKNOWN_CLASS', 'constructor'],
    ['steps that are floats', (parts) => (parts.group.weights[optimizerStart(parts)]!['dtype'] = 'float32'), CORRUPT, 'count of steps'],
    ['an optimizer with a slot too few', ({ group, files }) => { group.weights.pop(); files[SHARD] = files[SHARD]!.subarray(0, -8); }, 'SHAPE_MISMATCH', 'compile: false'],
  ]), // prettier-ignore
];
