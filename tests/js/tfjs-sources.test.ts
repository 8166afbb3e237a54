// Where TensorFlow.js's files come from: hostile ones, addresses, its IndexedDB store.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { IDBFactory } from 'fake-indexeddb';
import { loadModel, type Sequential } from 'tabtrain';
import { expectFailure } from './support/errors';
import { encoded, filesOf, tf, tfl } from './support/tfjs';

type Json = Record<string, unknown>;
interface Entry extends Json {
  name: string;
  shape: unknown;
}
/** A model.json, taken apart. */
interface Parts {
  json: Json;
  group: { paths: unknown; weights: Entry[] };
  layers: { config: Json; class_name: unknown }[];
  files: Record<string, Uint8Array>;
}

const x = [[0.5, -1, 2]];
let files: Record<string, Uint8Array>;
let expected: number[];
let server: Server;
let address: string;
/** What the server answers, by path; null for a redirect to another directory. */
const served = new Map<string, Uint8Array | string | null>();

beforeAll(async () => {
  const model = tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 4, inputShape: [3], name: 'a' }),
      tfl.layers.dense({ units: 2, name: 'b' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  await model.fit(tf.tensor(x), tf.tensor([[1, 0]]), { epochs: 2, verbose: 0 });
  files = await filesOf(model);
  expected = Array.from((model.predict(tf.tensor(x)) as tf.Tensor).dataSync<'float32'>());
  server = createServer((request, response) => {
    const found = served.get(request.url!);
    if (found === undefined) response.writeHead(404).end();
    else if (found === null) response.writeHead(302, { location: `${address}/b/x.bin` }).end();
    // Without a length: the limit must hold while it is read.
    else response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

async function expectRight(model: Sequential): Promise<void> {
  const { data } = await model.predict(x);
  expected.forEach((value, i) => expect(Math.abs(Number(data[i]) - value)).toBeLessThan(1e-6));
  expect(data).toHaveLength(expected.length);
}

/** The files with changes. */
function changed(change: (parts: Parts) => void): Record<string, Uint8Array> {
  const json = JSON.parse(new TextDecoder().decode(files['model.json'])) as Json;
  const [group] = json['weightsManifest'] as [Parts['group']];
  const topology = json['modelTopology'] as { config: { layers: Parts['layers'] } };
  const parts = { json, group, layers: topology.config.layers, files: { ...files } };
  change(parts);
  return { ...parts.files, 'model.json': encoded(json) };
}

const setPath = (path: unknown) => (parts: Parts) => void (parts.group.paths = [path]);
const setEntry = (changes: Json) => (parts: Parts) =>
  void Object.assign(parts.group.weights[0]!, changes);
const nested = (depth: number) => {
  let value: unknown = {};
  for (let i = 0; i < depth; ++i) value = { a: value };
  return value;
};
const optimizerStart = ({ group }: Parts) =>
  group.weights.findIndex((entry) => entry['group'] === 'optimizer');

const damages: [string, string, (parts: Parts) => void][] = [
  ['no topology', 'CORRUPT_FILE', ({ json }) => delete json['modelTopology']],
  ['a topology that is a list', 'CORRUPT_FILE', ({ json }) => (json['modelTopology'] = [])],
  ['a model without a class', 'CORRUPT_FILE', ({ json }) => (json['modelTopology'] = {})],
  [
    'a functional model',
    'UNSUPPORTED',
    ({ json }) => ((json['modelTopology'] as Json)['class_name'] = 'Functional'),
  ],
  ['a class of nobody', 'UNKNOWN_CLASS', ({ layers }) => (layers[0]!.class_name = 'Densest')],
  ['a config too deep', 'CORRUPT_FILE', ({ layers }) => (layers[0]!.config['x'] = nested(200))],
  [
    'a key that all objects share',
    'CORRUPT_FILE',
    ({ layers }) => (layers[0]!.config = JSON.parse('{"__proto__": {"units": 4}}') as Json),
  ],
  ['a manifest that is a text', 'CORRUPT_FILE', ({ json }) => (json['weightsManifest'] = 'all')],
  ['no weights at all', 'CORRUPT_FILE', ({ json }) => (json['weightsManifest'] = [])],
  ['a group that is null', 'CORRUPT_FILE', ({ json }) => (json['weightsManifest'] = [null])],
  ['paths that are none', 'CORRUPT_FILE', ({ group }) => (group.paths = 7)],
  ['a path with ..', 'CORRUPT_FILE', setPath('../model.weights.bin')],
  ['a path with .. inside', 'CORRUPT_FILE', setPath('a/../../model.weights.bin')],
  ['an absolute path', 'CORRUPT_FILE', setPath('/etc/passwd')],
  ['an address', 'CORRUPT_FILE', setPath('https://example.org/w.bin')],
  ['an address without scheme', 'CORRUPT_FILE', setPath('//example.org/w.bin')],
  ['a backslash', 'CORRUPT_FILE', setPath('..\\w.bin')],
  ['an escaped ..', 'CORRUPT_FILE', setPath('%2e%2e/w.bin')],
  ['a path that is a number', 'CORRUPT_FILE', setPath(1)],
  ['a missing shard', 'NOT_FOUND', setPath('other.bin')],
  ['a shape that is negative', 'CORRUPT_FILE', setEntry({ shape: [-3, 4] })],
  ['a shape that is huge', 'CORRUPT_FILE', setEntry({ shape: [2 ** 31, 2 ** 31] })],
  ['a shape that is a text', 'CORRUPT_FILE', setEntry({ shape: '3,4' })],
  ['another shape of the same size', 'CORRUPT_FILE', setEntry({ shape: [4, 3] })],
  ['an unknown dtype', 'CORRUPT_FILE', setEntry({ dtype: 'constructor' })],
  ['texts', 'UNSUPPORTED', setEntry({ dtype: 'string' })],
  ['an unknown group', 'CORRUPT_FILE', setEntry({ group: 'mine' })],
  ['a weight of no layer', 'CORRUPT_FILE', setEntry({ name: 'c/kernel' })],
  ['a name twice', 'CORRUPT_FILE', setEntry({ name: 'b/kernel' })],
  ['a quantization of nothing', 'CORRUPT_FILE', setEntry({ quantization: { dtype: 'uint4' } })],
  ['no scale', 'CORRUPT_FILE', setEntry({ quantization: { dtype: 'uint8', min: 0 } })],
  [
    'a shard that is cut',
    'CORRUPT_FILE',
    (parts) => (parts.files['model.weights.bin'] = files['model.weights.bin']!.subarray(0, -1)),
  ],
  [
    'a shard that is too long',
    'CORRUPT_FILE',
    (parts) =>
      (parts.files['model.weights.bin'] = new Uint8Array(files['model.weights.bin']!.length + 1)),
  ],
  [
    'a loss of nobody',
    'UNKNOWN_CLASS',
    ({ json }) => ((json['trainingConfig'] as Json)['loss'] = 'x'),
  ],
  ['no optimizer', 'CORRUPT_FILE', ({ json }) => (json['trainingConfig'] = { loss: 'mse' })],
  [
    'steps that are floats',
    'CORRUPT_FILE',
    (parts) => (parts.group.weights[optimizerStart(parts)]!['dtype'] = 'float32'),
  ],
  [
    'an optimizer with a slot too few',
    'SHAPE_MISMATCH',
    ({ group, files: all }) => {
      group.weights.pop();
      all['model.weights.bin'] = files['model.weights.bin']!.subarray(0, -8);
    },
  ],
];

test.each(damages)('%s: %s', async (_, code, change) => {
  await expectFailure(() => loadModel(changed(change)), { code, says: [/./] });
});

test('JSON that ends early, that is none, that is not UTF-8, that is too deep', async () => {
  const whole = files['model.json']!;
  const lists = '['.repeat(100_000) + ']'.repeat(100_000);
  const deep = `{"modelTopology": {"class_name": "Sequential", "config": {"layers": ${lists}}}}`;
  await expectFailure(() => loadModel({ ...files, 'model.json': new TextEncoder().encode(deep) }), {
    ...{ code: 'CORRUPT_FILE', says: ['nested too deep'] },
  });
  for (const bytes of [whole.subarray(0, 200), new Uint8Array(0), Uint8Array.of(0xff, 0xfe)]) {
    await expectFailure(() => loadModel({ ...files, 'model.json': bytes }), {
      ...{ code: 'CORRUPT_FILE', says: ['not JSON'] },
    });
  }
});

test('from an address: files below its own, the query with them', async () => {
  served.set('/a/model.json?key=1', files['model.json']!);
  served.set('/a/model.weights.bin?key=1', files['model.weights.bin']!);
  await expectRight(await loadModel(`${address}/a/model.json?key=1`));
  await expectFailure(() => loadModel(`${address}/none/model.json`), {
    ...{ code: 'NOT_FOUND', says: ['/none/model.json'] },
  });
});

test('from an address: more than the manifest declares is not read, other places are not asked', async () => {
  served.set('/a/model.json', files['model.json']!);
  served.set('/a/model.weights.bin', new Uint8Array(1 << 20));
  await expectFailure(() => loadModel(`${address}/a/model.json`), {
    ...{ code: 'CORRUPT_FILE', says: ['more than'] },
  });
  served.set('/b/x.bin', files['model.weights.bin']!);
  served.set('/a/model.weights.bin', null);
  await expectFailure(() => loadModel(`${address}/a/model.json`), {
    ...{ code: 'INVALID_ARGUMENT', says: ['redirected elsewhere'] },
  });
  served.set('/a/model.json', changed(setPath('../b/x.bin'))['model.json']!);
  await expectFailure(() => loadModel(`${address}/a/model.json`), {
    ...{ code: 'CORRUPT_FILE', says: ['../b/x.bin', 'leads out'] },
  });
});

test('from the store of TensorFlow.js in IndexedDB', async () => {
  const name = 'my model';
  await expectFailure(() => loadModel(`indexeddb://${name}`), {
    ...{ code: 'UNSUPPORTED_ENVIRONMENT', says: ['IndexedDB'] },
  });
  globalThis.indexedDB = new IDBFactory();
  try {
    await expectFailure(() => loadModel(`indexeddb://${name}`), {
      ...{ code: 'NOT_FOUND', says: [name] },
    });
    expect(await indexedDB.databases()).toEqual([]);
    await store(name);
    await expectRight(await loadModel(`indexeddb://${name}`));
    await expectFailure(() => loadModel('indexeddb://other'), {
      ...{ code: 'NOT_FOUND', says: ['other'] },
    });
  } finally {
    Reflect.deleteProperty(globalThis, 'indexedDB');
  }
});

/** As tfjs-core/src/io/indexed_db.ts, which itself runs in browsers only. */
function store(modelPath: string): Promise<void> {
  const { weightsManifest, ...rest } = JSON.parse(
    new TextDecoder().decode(files['model.json']),
  ) as Json & { weightsManifest: [{ weights: unknown }] };
  const modelArtifacts = {
    ...rest,
    weightSpecs: weightsManifest[0].weights,
    weightData: files['model.weights.bin']!.slice().buffer,
  };
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('tensorflowjs', 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore('models_store', { keyPath: 'modelPath' });
      opening.result.createObjectStore('model_info_store', { keyPath: 'modelPath' });
    };
    opening.onsuccess = () => {
      const database = opening.result;
      const putting = database.transaction('models_store', 'readwrite');
      putting.objectStore('models_store').put({ modelPath, modelArtifacts });
      putting.oncomplete = () => resolve(database.close());
      putting.onerror = () => reject(new Error(String(putting.error)));
    };
  });
}
