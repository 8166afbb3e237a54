// The command line, as a process of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { layers, loadModel, optimizers, sequential, setSeed, type Sequential } from 'tabtrain';
import type { Hdf5 } from '../../web/api/host/host';

const cli = new URL('../../dist/cli.js', import.meta.url).pathname;
const { createHdf5 } = (await import(new URL('../../dist/hdf5.js', import.meta.url).href)) as Hdf5;
const x = [
  [1, 2, 3],
  [3, 2, 1],
];
let work: string;
let model: Sequential;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'tabtrain-cli-'));
  setSeed(1);
  model = sequential([
    layers.dense({ units: 4, inputShape: [3], activation: 'relu' }),
    layers.batchNormalization(),
    layers.dense({ units: 2 }),
  ]);
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'mse',
    metrics: ['mae'],
  });
  await model.fit(
    x,
    x.map(([a, b]) => [a!, b!]),
    { epochs: 3, verbose: 0 },
  );
  await model.save(join(work, 'tfjs/model.json'));
  await model.save(join(work, 'saved'));
  await model.saveWeights(join(work, 'checkpoints/cp-1'));
  await model.saveWeights(join(work, 'checkpoints/cp-2'));
  await model.saveWeights(join(work, 'w.h5'));
  await model.saveWeights(join(work, 'w.weights.h5'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    ...{ cwd: work, encoding: 'utf8', timeout: 60_000 },
  });
  return { status, stdout, stderr };
}
/** One sentence, no stack. */
function expectComplaint(stderr: string, ...parts: string[]): void {
  expect(stderr).toMatch(/^tabtrain: [^\n]+\n$/);
  for (const part of parts) expect(stderr).toContain(part);
}

/** A copy of a file's directory entry with one bit changed, until `restore`. */
function damage(name: string, at: number): () => void {
  const path = join(work, name);
  const whole = readFileSync(path);
  const bytes = Buffer.from(whole);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
  return () => writeFileSync(path, whole);
}

describe('inspect', () => {
  test.each([
    ['tfjs', 'tfjs', 'none in this format'],
    ['tfjs/model.json', 'tfjs', 'none in this format'],
    ['saved', 'tf', 'ok (CRC-32C'],
  ])('a model: %s', (path, format, checksums) => {
    const { status, stdout, stderr } = run('inspect', path);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^format +${format}\n`));
    expect(stdout).toContain(checksums);
    expect(stdout).toMatch(/^optimizer +Adam, 3 iterations$/m);
    expect(stdout).toMatch(/^learning rate +0\.01$/m);
    expect(stdout).toMatch(/^loss +mse$/m);
    expect(stdout).toMatch(/^metrics +mae$/m);
    expect(stdout).toContain('Total params: 42');
    expect(stdout).toMatch(/^dense\/kernel +float32 +\[3, 4\]$/m);
    expect(stdout).toMatch(/^batch_normalization\/moving_mean +float32 +\[4\] +not trained$/m);
  });

  test.each(['checkpoints', 'checkpoints/', 'checkpoints/cp-2', 'checkpoints/cp-2.index'])(
    'a checkpoint: %s',
    (path) => {
      const { status, stdout, stderr } = run('inspect', path);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^format +TensorFlow checkpoint\nprefix +checkpoints\/cp-2\n/);
      expect(stdout).toMatch(/^optimizer +Adam \(new\), 3 iterations$/m);
      expect(stdout).toMatch(
        /^layer_with_weights-0\/kernel\/.ATTRIBUTES\/VARIABLE_VALUE +float32 +\[3, 4\]$/m,
      );
    },
  );

  test.each([
    ['w.h5', 'h5', 'none', 'dense/dense/kernel:0'],
    ['w.weights.h5', 'weights.h5', '14 variables', 'layers/dense/vars/0'],
  ])('weights: %s', (path, format, optimizer, kernel) => {
    const { status, stdout, stderr } = run('inspect', path);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^format +${format}, weights alone\n`));
    expect(stdout).toMatch(new RegExp(`^optimizer +${optimizer}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${kernel} +float32 +\\[3, 4\\]$`, 'm'));
  });

  test('optimizers of checkpoints, both generations and none', async () => {
    const cases = [
      [optimizers.rmsprop({ legacy: true }), 'auto', 'RMSprop (legacy), 2 iterations'],
      [optimizers.sgd({ momentum: 0.9 }), 'auto', 'SGD (new), 2 iterations'],
      [optimizers.sgd({ legacy: true }), 'auto', 'SGD (legacy), 2 iterations'],
      [optimizers.adam(), 'none', 'none'],
    ] as const;
    for (const [optimizer, optimizerLayout, says] of cases) {
      const other = sequential([layers.dense({ units: 1, inputShape: [3] })]);
      other.compile({ optimizer, loss: 'mse' });
      await other.fit(x, [[1], [2]], { epochs: 2, verbose: 0 });
      await other.saveWeights(join(work, 'other/cp'), { optimizerLayout });
      const line = run('inspect', 'other').stdout.split('\n')[3];
      expect(line).toBe(`optimizer  ${says}`);
    }
  });
});

describe('verify', () => {
  test('what is whole', () => {
    for (const path of ['tfjs', 'saved', 'checkpoints/cp-1', 'w.h5', 'w.weights.h5']) {
      const { status, stdout, stderr } = run('verify', path);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^ok: ${path}: .+\n$`));
    }
    expect(run('verify', 'checkpoints').stdout.split('\n')).toHaveLength(3);
  });

  test.each([
    ['checkpoints', 'checkpoints/cp-1.data-00000-of-00001', 'checkpoints/cp-1'],
    ['checkpoints', 'checkpoints/cp-2.index', 'checkpoints/cp-2'],
    ['saved', 'saved/variables/variables.data-00000-of-00001', 'saved'],
    ['tfjs', 'tfjs/model.json', 'tfjs'],
    ['w.h5', 'w.h5', 'w.h5'],
  ])('%s with a bit of %s changed', (path, file, named) => {
    const restore = damage(file, path === 'w.h5' ? 8 : 0);
    const { status, stdout, stderr } = run('verify', path);
    restore();
    expect(status).toBe(1);
    expectComplaint(stderr, 'damaged', named);
    // The other checkpoint is whole, and is said to be.
    expect(stdout.match(/^ok: /gm) ?? []).toHaveLength(path === 'checkpoints' ? 1 : 0);
  });

  test('an HDF5 file of something else', async () => {
    const file = await createHdf5('test');
    file.tensor('images/x', { dtype: 'float32', shape: [1], bytes: new Uint8Array(4) });
    writeFileSync(join(work, 'other.h5'), file.finish());
    for (const command of ['verify', 'inspect']) {
      const { status, stdout, stderr } = run(command, 'other.h5');
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expectComplaint(stderr, 'other.h5', 'expected weights of Keras');
    }
  });

  test('what is not there', () => {
    const { status, stderr } = run('verify', 'nothing');
    expect(status).toBe(1);
    expectComplaint(stderr, "'nothing'");
    expect(stderr).not.toContain('damaged');
  });
});

describe('convert', () => {
  test('to TensorFlow.js and back, optimizer and all', async () => {
    expect(run('convert', 'saved', 'a/model.json')).toMatchObject({ status: 0, stderr: '' });
    expect(run('convert', 'a', 'b').stdout).toBe('a (tfjs) is saved as b\n');
    const back = await loadModel(join(work, 'b'));
    expect((await back.predict(x)).data).toEqual((await model.predict(x)).data);
    expect(run('inspect', 'b').stdout).toMatch(/^optimizer +Adam, 3 iterations$/m);
  });

  test('--format, --no-optimizer, --overwrite', () => {
    const again = ['convert', 'saved', 'c', '--format', 'tfjs', '--no-optimizer'];
    expect(run(...again).status).toBe(0);
    expect(run('inspect', 'c').stdout).toMatch(/^format +tfjs\n[^]*^optimizer +none$/m);
    const { status, stderr } = run(...again);
    expect(status).toBe(1);
    expectComplaint(stderr, 'exists', 'overwrite');
    expect(run(...again, '--overwrite').status).toBe(0);
  });

  test('what cannot be done', () => {
    for (const [args, says] of [
      [['checkpoints', 'd'], 'checkpoints'],
      [['nothing', 'd'], 'nothing'],
      [['saved', 'd', '--format', 'pickle'], 'pickle'],
    ] as const) {
      const { status, stderr } = run('convert', ...args);
      expect(status).toBe(1);
      expectComplaint(stderr, says);
    }
  });
});

test('help, version, mistakes', () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  expect(run('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  expect(run('--help')).toMatchObject({ status: 0, stderr: '' });
  expect(run('inspect', '-h').stdout).toMatch(/inspect PATH[^]*verify PATH[^]*convert FROM TO/);
  const mistakes = [
    [],
    ['train'],
    ['constructor'],
    ['inspect'],
    ['inspect', 'a', 'b'],
    ['convert', 'a'],
  ];
  for (const args of [
    ...mistakes,
    ['verify', ''],
    ['verify', 'a', '--fast'],
    ['verify', 'a', '--overwrite'],
  ]) {
    const { status, stdout, stderr } = run(...args);
    expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' });
    expectComplaint(stderr, 'see tabtrain --help');
  }
});
