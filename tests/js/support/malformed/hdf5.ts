import type { Hdf5 } from '../../../../web/api/host/host';
import { LAMBDA, impossible, named, smallConfig, type ModelJson } from './configs';
import { MARSHALLED, floats, golden, lists, once, rowsOf, type Change, type Row } from './row';

/** What a whole model in HDF5 says; texts are taken as they are. */
interface Whole {
  config: ModelJson | string;
  training: unknown;
  layerNames: readonly string[];
  weightNames: readonly string[];
  optimizerNames: readonly string[] | null;
}

// The bundler puts the library in.
const hdf5 = once(
  () => import(new URL('../../../../dist/hdf5.js', import.meta.url).href) as Promise<Hdf5>,
);
const NAMES = ['dense/kernel:0', 'dense/bias:0'];
const whole = (): Promise<Whole> =>
  Promise.resolve({
    config: smallConfig(),
    training: null,
    layerNames: ['dense'],
    weightNames: NAMES,
    optimizerNames: null,
  });

async function write(of: Whole) {
  const file = await (await hdf5()).createHdf5('test');
  const json = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  file.text('', 'model_config', json(of.config));
  if (of.training !== null) file.text('', 'training_config', json(of.training));
  file.group('model_weights/dense');
  file.texts('model_weights', 'layer_names', of.layerNames);
  file.texts('model_weights/dense', 'weight_names', of.weightNames);
  const [kernel, bias] = [
    { shape: [3, 2], bytes: floats(6) },
    { shape: [2], bytes: floats(2) },
  ];
  for (const [i, tensor] of [kernel, bias].entries()) {
    file.tensor(`model_weights/dense/${NAMES[i]!}`, { dtype: 'float32', ...tensor });
  }
  if (of.optimizerNames) {
    file.group('optimizer_weights');
    file.texts('optimizer_weights', 'weight_names', of.optimizerNames);
  }
  return { model: new Map([['model.h5', file.finish()]]) };
}

const rows = rowsOf(whole, write);
const configRows = rowsOf(
  () => Promise.resolve(smallConfig()),
  async (config) => write({ ...(await whole()), config }),
);
const fileRows = rowsOf(
  () => Promise.resolve({ bytes: new Uint8Array(0) }),
  ({ bytes }) => ({ model: new Map([['model.h5', bytes]]) }),
);
const weightRows = rowsOf(
  () => Promise.resolve({ bytes: new Uint8Array(0) }),
  ({ bytes }) => ({ weights: new Map([['w.weights.h5', bytes]]), path: 'w.weights.h5' }),
);
const CORRUPT = 'CORRUPT_FILE';

type File = { bytes: Uint8Array };
const put = (path: string, edit = (bytes: Uint8Array) => bytes) => (of: File) => void (of.bytes = edit(Uint8Array.from(golden(path)))); // prettier-ignore
/** A file of make_files.py, and one of make_malformed.py. */
const bad = (name: string, code: string, says: RegExp, id?: string): Change<File> => [name, put(`files/tf2.21/bad-${name}.h5`), code, says, id!]; // prettier-ignore
const malformed = (name: string, code: string, says: RegExp | string, id?: string): Change<File> => [`weights: ${name}`, put(`malformed/${name}.weights.h5`), code, says, id!]; // prettier-ignore

const tiny = (name: string, edit: (bytes: Uint8Array) => Uint8Array, says: RegExp | string): Change<File> => [name, put('files/tf2.8/tiny-adam.h5', edit), CORRUPT, says]; // prettier-ignore
const at = (place: number, ...values: number[]) => (bytes: Uint8Array) => (bytes.set(values, place), bytes); // prettier-ignore

/** Sets the size of the global heap's object `number`; 0 is its free space. */
const heapObject = (number: number, size: bigint) => (bytes: Uint8Array) => {
  const view = new DataView(bytes.buffer);
  let place = Buffer.from(bytes.buffer).indexOf('GCOL') + 16;
  while (view.getUint16(place, true) !== number) {
    place += 16 + Math.ceil(Number(view.getBigUint64(place + 8, true)) / 8) * 8;
  }
  view.setBigUint64(place + 8, size, true);
  return bytes;
};

/** Whole models, and weights, in HDF5. */
export const hdf5Rows: readonly Row[] = [
  ...rows('Python that a layer holds', [
    ['a Lambda in a whole model', (of) => void ((of.config as ModelJson).config.layers[1] = { class_name: 'Lambda', config: { name: 'l', function: { class_name: '__tuple__', items: [MARSHALLED, null, null] }, function_type: 'lambda', module: 'os' } }), 'UNKNOWN_CLASS', LAMBDA, 'CVE-2025-9905'],
  ]), // prettier-ignore
  ...configRows('a config that names what is to be called', named.slice(1, 4)),
  ...configRows('a size that is computed before it is checked', impossible.slice(0, 3)),
  ...rows('a text that is taken for a config', [
    ['a config of nothing', (of) => void (of.config = ''), CORRUPT, 'expected JSON'],
    ['a config that is a number', (of) => void (of.config = '5'), CORRUPT, 'config'],
    ['a config of lists 10,000 deep', (of) => void (of.config = lists(10_000)), CORRUPT, 'config'],
    ['a model that is null', (of) => void (of.config = 'null'), CORRUPT, 'config'],
    ['a training_config that is a list', (of) => void (of.training = '[1]'), CORRUPT, 'training_config'],
    ['a training_config without optimizer', (of) => void (of.training = { loss: 'mse', optimizer_config: { class_name: 'Adam' } }), CORRUPT, 'optimizer'],
  ]), // prettier-ignore
  ...rows('names of what is not there', [
    ['a layer that is not there', (of) => void (of.layerNames = ['dense', 'other']), CORRUPT, "no group 'model_weights/other'"],
    ['a layer named ..', (of) => void (of.layerNames = ['../model_weights/dense']), CORRUPT, 'no path'],
    ['a weight with a path', (of) => void (of.weightNames = ['/etc/passwd']), CORRUPT, 'no path'],
    ['a weight too many', (of) => void (of.weightNames = [...NAMES, NAMES[0]!]), 'SHAPE_MISMATCH', 'expected 2 weights'],
    ['no layers', (of) => void (of.layerNames = []), 'SHAPE_MISMATCH', 'expected 1 layers'],
    ['an optimizer of nothing', (of) => (of.optimizerNames = ['Adam/m:0'], of.training = { loss: 'mse', optimizer_config: { class_name: 'Adam', config: {} } }), CORRUPT, 'no dataset'],
  ]), // prettier-ignore
  ...fileRows('links, storage and filters that lead out of the file', [
    bad('soft-link', 'UNSUPPORTED', /bias:0' is a link/),
    bad('external-link', 'UNSUPPORTED', /bias:0' is a link/, 'GHSA-3m4q-jmj6-r34q'),
    bad('external-storage', CORRUPT, /unable to open external raw data file/, 'GHSA-3m4q-jmj6-r34q'), // prettier-ignore
    bad('virtual', 'UNSUPPORTED', /virtual dataset/),
    bad('filter', 'UNSUPPORTED', /filter 32000/),
  ]),
  ...fileRows('a shape that is believed', [
    bad('huge', CORRUPT, /claims 4398046511104 bytes/),
    bad('negative', CORRUPT, /claims 7378697629483821\d+ bytes/),
    bad('compound', 'UNSUPPORTED', /of a type/),
    bad('shape', 'SHAPE_MISMATCH', /dense\/bias: expected \[5\], the file has \[6\]/),
    bad('group', CORRUPT, /no dataset/),
    bad('missing', CORRUPT, /no dataset/),
    bad('config', CORRUPT, /model_config: expected JSON/),
  ]),
  ...fileRows('a superblock that is believed', [
    tiny('nothing but the signature', (bytes) => bytes.slice(0, 8), 'could not'),
    tiny('half a file', (bytes) => bytes.slice(0, bytes.length >> 1), 'could not'),
    tiny('a version of its own', at(8, 9), 'could not'),
    tiny('offsets of 255 bytes', at(13, 255), 'could not'),
    tiny('a root beyond the end', at(64, 255, 255, 255, 255, 0, 0, 0, 0), 'could not'),
  ]),
  ...fileRows('a heap in which the library goes around for ever', [
    tiny('free space of 2^32 bytes', heapObject(0, 2n ** 32n), 'could not read'),
    tiny('free space of no bytes', heapObject(0, 0n), 'could not read'),
    tiny('the same behind reserved bytes that are not 0', (bytes) => at(Buffer.from(bytes).indexOf('GCOL') + 5, 8)(heapObject(0, 0n)(bytes)), 'could not read'), // prettier-ignore
    tiny('a text that ends where it begins', heapObject(1, 2n ** 32n - 16n), 'could not read'),
    tiny('a text longer than its heap', heapObject(2, 5000n), 'could not read'),
    ['lengths of 4 bytes', put('files/tf2.8/tiny-adam.h5', at(14, 4)), 'UNSUPPORTED', 'expected addresses and lengths of 8 bytes'], // prettier-ignore
  ]),
  ...weightRows('weights that are read from elsewhere', [
    malformed('external-storage', CORRUPT, 'external', 'GHSA-3m4q-jmj6-r34q'),
    malformed('external-link', 'UNSUPPORTED', 'is a link', 'GHSA-3m4q-jmj6-r34q'),
    malformed('soft-link', 'UNSUPPORTED', 'is a link'),
    malformed('virtual', 'UNSUPPORTED', 'virtual dataset'),
  ]),
  ...weightRows('weights that take memory by what they declare', [
    malformed('huge-packed', CORRUPT, 'more than the file can hold', 'CVE-2026-0897'),
    malformed('huge-plain', CORRUPT, 'more than the file can hold', 'CVE-2026-0897'),
    malformed('overflow', CORRUPT, 'more than the file can hold'),
    malformed('huge-chunk', CORRUPT, 'claims 2147483648 bytes'),
    malformed('packed-twice', 'UNSUPPORTED', 'packed 2 times'),
    malformed('many', CORRUPT, 'together'),
  ]),
  ...weightRows('a tree that is believed', [
    malformed('circle', CORRUPT, 'within itself'),
    malformed('deep', CORRUPT, 'deeper'),
    malformed('list', 'UNSUPPORTED', 'of a type'),
    malformed('text', 'UNSUPPORTED', 'of a type'),
    malformed('gap', CORRUPT, "no 'layers/dense/vars/1'"),
    malformed('shape', 'SHAPE_MISMATCH', 'dense/bias: expected [2], the file has [2, 2]'),
    malformed('group', 'SHAPE_MISMATCH', 'expected 2 weights, the file has 1'),
  ]),
];
