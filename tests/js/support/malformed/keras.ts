import type { Hdf5 } from '../../../../web/api/host/host';
import { zipEntries } from '../../../../web/api/storage/zip';
import { functions, impossible, named, nested, smallConfig, type ModelJson } from './configs';
import { floats, golden, jsonBytes, once, rowsOf, text, type Row } from './row';

/** The parts of an archive by name, its config parsed. */
interface Archive {
  readonly parts: Map<string, Uint8Array>;
  config: ModelJson;
}
const WEIGHTS = 'model.weights.h5';
const CONFIG = 'config.json';
const METADATA = 'metadata.json';

// The bundler puts the library in.
const hdf5 = once(
  () => import(new URL('../../../../dist/hdf5.js', import.meta.url).href) as Promise<Hdf5>,
);

const weights = once(async () => {
  const file = await (await hdf5()).createHdf5('test');
  file.tensor('layers/dense/vars/0', { dtype: 'float32', shape: [3, 2], bytes: floats(6) });
  file.tensor('layers/dense/vars/1', { dtype: 'float32', shape: [2], bytes: floats(2) });
  return file.finish();
});

const archive = async (): Promise<Archive> => ({
  parts: new Map([
    [METADATA, jsonBytes({ keras_version: '3.3.3', date_saved: '2024-07-25@13:19:27' })],
    [CONFIG, new Uint8Array(0)],
    [WEIGHTS, await weights()],
  ]),
  config: smallConfig(),
});
const zipped = ({ parts, config }: Archive) => {
  const entries = [...parts].map(([name, bytes]) => ({
    name,
    bytes: name === CONFIG && bytes.length === 0 ? jsonBytes(config) : bytes,
  }));
  return { model: new Map([['model.keras', zipEntries(entries)]]) };
};
const rows = rowsOf(archive, zipped);
const configRows = rowsOf(
  async () => (await archive()).config,
  async (config) => zipped({ ...(await archive()), config }),
);
const put = (name: string, bytes: Uint8Array) => ({ parts }: Archive) => void parts.set(name, bytes); // prettier-ignore
const drop =
  (name: string) =>
  ({ parts }: Archive) =>
    void parts.delete(name);
const malformed = (name: string) => put(WEIGHTS, golden(`malformed/${name}.weights.h5`));
const config = (edit: (config: ModelJson) => unknown) => (of: Archive) => void edit(of.config);
const CORRUPT = 'CORRUPT_FILE';

/** Archives, `.keras`. */
export const kerasRows: readonly Row[] = [
  ...configRows('a config that names what is to be called', [...functions(CORRUPT), ...named]),
  ...configRows('a size that is computed before it is checked', impossible),
  ...rows('a part that is taken for granted', [
    ['no config', drop(CONFIG), 'UNSUPPORTED', `zip without '${CONFIG}'`],
    ['no weights', drop(WEIGHTS), 'UNSUPPORTED', `zip without '${WEIGHTS}'`],
    ['a config of 17 MB of blanks', put(CONFIG, new Uint8Array(17 * 2 ** 20).fill(0x20)), CORRUPT, 'at most'],
    ['metadata that are null', put(METADATA, text('null')), CORRUPT, METADATA],
    ['metadata that are no JSON', put(METADATA, text('{')), CORRUPT, METADATA],
    ['a config that is no JSON', put(CONFIG, text('{"class_name"')), CORRUPT, CONFIG],
    ['a config that is null', put(CONFIG, text('null')), CORRUPT, 'config'],
    ['a config that is a list', put(CONFIG, text('[]')), CORRUPT, 'config'],
    ['layers that are a number', config((m) => void (m.config.layers = 3 as never)), CORRUPT, 'layers'],
    ['layers that are a record', config((m) => void (m.config.layers = {} as never)), CORRUPT, 'layers'],
    ['layers that are null', config((m) => void (m.config.layers = [null, null] as never)), CORRUPT, 'layers'],
    ['a layer whose config is a text', config((m) => void (m.config.layers[1]!.config = 'x' as never)), CORRUPT, 'config'],
    ['a compile_config that is a text', config((m) => void (m['compile_config'] = 'x')), CORRUPT, 'compile_config'],
    ['a compile_config without loss', config((m) => void (m['compile_config'] = { optimizer: 'adam' })), 'INVALID_ARGUMENT', 'loss'],
    ['an optimizer that is a number', config((m) => void (m['compile_config'] = { optimizer: 3, loss: 'mse' })), CORRUPT, 'optimizer'],
    ['an optimizer whose class is no text', config((m) => void (m['compile_config'] = { optimizer: { class_name: { toString: 1, valueOf: 1 }, module: { toString: 1 }, config: {} }, loss: 'mse' })), CORRUPT, 'expected an optimizer'],
    ['two million numbers as units', config((m) => void (m.config.layers[1]!.config['units'] = { class_name: '__numpy__', config: { value: Array(2e6).fill(1) } })), CORRUPT, 'more than 1000000 values'],
    ['an input shape that is a text', config((m) => void (m['build_config'] = { input_shape: 'x' }, delete m.config.layers[0]!.config['batch_input_shape'])), 'INVALID_ARGUMENT', ''],
    ['an input shape of a layer that is a number', config((m) => void (m['build_config'] = { input_shape: [null, 3] }, m.config.layers[0]!.config['batch_input_shape'] = 3)), 'INVALID_ARGUMENT', 'shape'],
    ['a batch shape of a layer that is a record', config((m) => void (m['build_config'] = { input_shape: [null, 3] }, m.config.layers[0]!.config['batch_input_shape'] = { 1: 3 })), 'INVALID_ARGUMENT', 'shape'],
    ['models 120 deep', config((m) => void (m.config.layers[1] = nested(120) as never)), CORRUPT, 'deep'],
    ['units of 1e12', config((m) => void (m.config.layers[1]!.config['units'] = 1e12)), 'SHAPE_MISMATCH', 'the file has [3, 2]'],
    ['weights that are no HDF5', put(WEIGHTS, text('not HDF5 at all')), CORRUPT, WEIGHTS],
    ['weights of another archive', put(WEIGHTS, new Uint8Array(0)), CORRUPT, WEIGHTS],
  ]), // prettier-ignore
  ...rows('a key of a config that reaches what all objects share', [
    ['the key __proto__', put(CONFIG, text(JSON.stringify(smallConfig()).replace('"units"', '"__proto__":{"polluted":1},"units"'))), CORRUPT, '__proto__'],
    ['the key constructor', config((m) => void (m.config.layers[1]!.config['constructor'] = { prototype: { polluted: 1 } })), CORRUPT, 'constructor'],
  ]), // prettier-ignore
  ...rows('weights that take memory by what they declare', [
    [
      '10^18 weights in 7 kB',
      malformed('huge-packed'),
      CORRUPT,
      'more than the file can hold',
      'CVE-2026-0897',
    ],
  ]),
  ...rows('weights that are read from elsewhere', [
    ['weights in another file', malformed('external-storage'), CORRUPT, 'external', 'GHSA-3m4q-jmj6-r34q'],
  ]), // prettier-ignore
];
