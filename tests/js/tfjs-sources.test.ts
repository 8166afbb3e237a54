// Where TensorFlow.js's files come from: addresses, its IndexedDB store.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { IDBFactory } from 'fake-indexeddb';
import { loadModel, type Sequential } from 'tabtrain';
import { expectFailure } from './support/errors';
import { joined, partsOf, saved, setPath, x, type Parts } from './support/malformed/tfjs';

let files: Record<string, Uint8Array>;
let expected: number[];
let server: Server;
let address: string;
/** What the server answers, by path; null for a redirect to another directory. */
const served = new Map<string, Uint8Array | string | null>();

beforeAll(async () => {
  ({ files, expected } = await saved());
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
  const parts = partsOf(files);
  change(parts);
  return joined(parts);
}

test('from an address: files below its own, the query with them', async () => {
  served.set('/a/model.json?key=1', files['model.json']!);
  served.set('/a/model.weights.bin?key=1', files['model.weights.bin']!);
  await expectRight(await loadModel(`${address}/a/model.json?key=1`));
  await expectFailure(() => loadModel(`${address}/none/model.json`), {
    ...{ code: 'NOT_FOUND', says: ['/none/model.json'] },
  });
});

test('from an address whose percent signs are no code', async () => {
  served.set('/%E0%A4%A.h5', 'no model');
  await expectFailure(() => loadModel(`${address}/%E0%A4%A.h5`), {
    ...{ code: 'UNSUPPORTED', says: ['/%E0%A4%A.h5'] },
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
  ) as Record<string, unknown> & { weightsManifest: [{ weights: unknown }] };
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
