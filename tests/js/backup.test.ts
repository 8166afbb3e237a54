// Runs that are taken up again (the bits of many are compared by tests/campaign/pairs.mjs): what is
// refused, what is told, what is left on the disk.
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  Callback,
  callbacks,
  layers,
  losses,
  sequential,
  storage,
  type BackupAndRestoreOptions,
  type Batch,
  type CallbackLike,
  type FitOptions,
  type Model,
  type Progress,
} from 'tabtrain';
import { expectFailure } from './support/errors';
import {
  disposeModels,
  samples,
  smallModel,
  smallX,
  smallY,
  temporaryNames,
  weightBits,
} from './support/models';
import { captureStdout } from './support/stdout';

const newDir = temporaryNames();
afterEach(disposeModels);

const stdout = captureStdout();
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
const quiet = { verbose: 0, epochs: 3, batchSize: 32 } as const;

/** All that a run says of its backups. */
class Watch extends Callback {
  readonly heard: Progress[] = [];
  override onProgress(progress: Progress): void {
    this.heard.push(progress);
  }
  /** Waits until each epoch before this one was stored, or was said not to be. */
  async settled(epoch: number): Promise<void> {
    while (this.of('saved').length + this.of('unsaved').length < epoch) await pause(1);
  }
  of<T extends Progress['type']>(type: T): Extract<Progress, { type: T }>[] {
    return this.heard.filter((each) => each.type === type) as Extract<Progress, { type: T }>[];
  }
}

const backup = (backupDir: string, more: Partial<BackupAndRestoreOptions> = {}) =>
  callbacks.backupAndRestore({ backupDir, ...more });

/** Trains until the state after `batches` batches is stored, and no other. */
async function interrupt(
  backupDir: string,
  batches: number,
  { model = smallModel(1), more = [] as CallbackLike[], options = {} } = {},
): Promise<Model> {
  const abort = new AbortController();
  const watch = new Watch();
  let done = 0;
  const stop = {
    onTrainBatchEnd: async () => {
      if (done++ < batches) return;
      while (watch.of('saved').length === 0) await pause(1);
      abort.abort();
    },
  };
  const all = [...more, backup(backupDir, { saveFreq: batches }), watch, stop];
  await expectFailure(
    () => model.fit(smallX, smallY, { ...quiet, ...options, callbacks: all, signal: abort.signal }),
    { code: 'ABORTED', says: [] },
  );
  return model;
}

const files = (dir: string) => readdirSync(dir).sort();
const states = (dir: string) => files(dir).filter((name) => name.endsWith('.tabtrain'));
const bytesOf = (dir: string) => files(dir).map((name) => readFileSync(join(dir, name), 'base64'));

test('the run that is taken up says where, keeps the history, and leaves nothing', async () => {
  const dir = newDir();
  const whole = smallModel(1);
  const { history, epoch } = await whole.fit(smallX, smallY, quiet);
  await interrupt(dir, 9);
  expect(files(dir)).toEqual([expect.stringMatching(/^state-\d{8}\.tabtrain$/), 'state.commit']);
  const model = smallModel(2);
  const watch = new Watch();
  const resumed = await model.fit(smallX, smallY, { ...quiet, callbacks: [backup(dir), watch] });
  expect(watch.of('resumed')).toMatchObject([{ epoch: 1, batch: 2, warnings: [] }]);
  expect(watch.of('resumed')[0]!.history.map((each) => each.epoch)).toEqual([0]);
  expect(watch.of('resumed')[0]!.savedAt).toBeLessThanOrEqual(Date.now());
  expect([resumed.history, resumed.epoch]).toEqual([history, epoch]);
  expect(await weightBits(model)).toEqual(await weightBits(whole));
  expect(files(dir)).toEqual([]);
});

test('a run that is done is not trained again, and goes on for more epochs', async () => {
  const dir = newDir();
  const kept = { deleteCheckpoint: false };
  const whole = smallModel(1);
  await whole.fit(smallX, smallY, { ...quiet, epochs: 5 });
  const first = await smallModel(1).fit(smallX, smallY, { ...quiet, callbacks: backup(dir, kept) });
  const model = smallModel(2);
  const again = await model.fit(smallX, smallY, { ...quiet, callbacks: backup(dir, kept) });
  expect(again.history).toEqual(first.history);
  const more = await model.fit(smallX, smallY, { ...quiet, epochs: 5, callbacks: backup(dir, kept) }); // prettier-ignore
  expect(more.epoch).toEqual([0, 1, 2, 3, 4]);
  expect(await weightBits(model)).toEqual(await weightBits(whole));
  expect(states(dir).length).toBeLessThanOrEqual(3);
});

test('fewer epochs than were begun are refused, and the run stays', async () => {
  const dir = newDir();
  await interrupt(dir, 16); // Two epochs, and two batches of the third.
  const before = bytesOf(dir);
  for (const epochs of [1, 2]) {
    await expectFailure(
      () => smallModel(2).fit(smallX, smallY, { ...quiet, epochs, callbacks: backup(dir) }),
      {
        code: 'INVALID_ARGUMENT',
        says: ['epochs: expected at least the 3', dir, `came ${epochs}`],
      },
    );
    expect(bytesOf(dir)).toEqual(before);
  }
  const { epoch } = await smallModel(2).fit(smallX, smallY, { ...quiet, callbacks: backup(dir) });
  expect(epoch).toEqual([0, 1, 2]);
});

test('the progress line goes on in the middle of the epoch', async () => {
  const dir = newDir();
  await interrupt(dir, 9);
  await smallModel(2).fit(smallX, smallY, { ...quiet, verbose: 1, callbacks: backup(dir) });
  const { text } = stdout;
  expect(text).toMatch(/^Epoch 2\/3\n/);
  expect(text).toContain('7/7 [==============================]');
  expect(text).toContain('Epoch 3/3');
  expect(text).not.toContain('WARNING');
});

describe('what is not the same run is refused, and nothing changes', () => {
  const compiled = (units: number, optimizer: string | Record<string, unknown> = 'adam') => {
    const model = sequential([
      layers.dense({ units, activation: 'relu', inputShape: [4] }),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: 3 }),
    ]);
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    model.compile({ optimizer: optimizer as 'adam', loss, metrics: ['accuracy'] });
    return model;
  };
  const x = { ...smallX, data: smallX.data.map((value, i) => (i === 5 ? value + 1 : value)) };
  const fit = (model: Model, more: FitOptions = {}, data = smallX) => {
    return (dir: string) =>
      model.fit(data, smallY, {
        ...{ ...quiet, ...more },
        callbacks: [backup(dir), ...((more.callbacks as CallbackLike[]) ?? [])],
      });
  };
  const stopping = () => callbacks.earlyStopping({ monitor: 'loss', patience: 9 });
  const plateau = () => callbacks.reduceLROnPlateau({ monitor: 'loss', patience: 9 });
  test.each<[string, () => (dir: string) => Promise<unknown>, RegExp]>([
    ['another width', () => fit(compiled(9)), /another model \(config\.layers\.0\.config\.units: 8 there, 9 here\)/],
    ['another optimizer', () => fit(compiled(8, 'sgd')), /compiled otherwise .*optimizer/],
    ['another batch size', () => fit(smallModel(1), { batchSize: 16 }), /other options of fit \(batch_size: 32 there, 16 here\)/],
    ['no shuffle', () => fit(smallModel(1), { shuffle: false }), /shuffle: true there, false here/],
    ['validation', () => fit(smallModel(1), { validationSplit: 0.5 }), /validation_split: 0 there, 0.5 here/],
    ['another value', () => fit(smallModel(1), {}, x), /on other data \(x\.crc32c/],
    ['fewer callbacks', () => fit(smallModel(1), { callbacks: [stopping()] }), /callbacks: number 2 of .* expected ReduceLROnPlateau, .* came none/],
    ['another callback', () => fit(smallModel(1), { callbacks: [callbacks.csvLogger({ filename: join(newDir(), 'log.csv') }), plateau()] }), /callbacks: number 1 of .* expected EarlyStopping, .* came CsvLogger/],
    ['callbacks in another order', () => fit(smallModel(1), { callbacks: [plateau(), stopping()] }), /number 1 of .* expected EarlyStopping, .* came ReduceLROnPlateau/],
    ['a callback more', () => fit(smallModel(1), { callbacks: [stopping(), plateau(), stopping()] }), /number 3 of .* expected none, .* came EarlyStopping/],
  ])('%s', async (name, make, says) => {
    const dir = newDir();
    const more = name.includes('callback') ? [stopping(), plateau()] : [];
    await interrupt(dir, 4, { more });
    const before = bytesOf(dir);
    await expectFailure(() => make()(dir), { code: 'INVALID_ARGUMENT', says: [says, dir] });
    expect(bytesOf(dir)).toEqual(before);
    // The right one goes on.
    const model = smallModel(3);
    const watch = new Watch();
    await model.fit(smallX, smallY, { ...quiet, callbacks: [...more, backup(dir), watch] });
    expect(watch.of('resumed').length).toBe(1);
  }); // prettier-ignore
});

test('one run has the directory; the other is told and may have it afterwards', async () => {
  const dir = newDir();
  let other: Promise<unknown> | null = null;
  const model = smallModel(1);
  await model.fit(smallX, smallY, {
    ...quiet,
    callbacks: [
      backup(dir),
      {
        onEpochEnd: async () => {
          other ??= expectFailure(
            () => smallModel(2).fit(smallX, smallY, { ...quiet, callbacks: backup(dir) }),
            { code: 'LOCKED', says: [dir, 'in use'] },
          );
          await other;
        },
      },
    ],
  });
  expect(other).not.toBeNull();
  await smallModel(2).fit(smallX, smallY, { ...quiet, callbacks: backup(dir) });
});

test('a process that is killed gives the directory free', async () => {
  const dir = newDir();
  const program = `
    import { layers, callbacks, sequential } from ${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)};
    const model = sequential([layers.dense({ units: 3, inputShape: [4] })]);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const x = { data: new Float32Array(800), shape: [200, 4] };
    const y = { data: new Float32Array(600), shape: [200, 3] };
    await model.fit(x, y, { verbose: 0, epochs: 1e6, callbacks: [
      callbacks.backupAndRestore({ backupDir: ${JSON.stringify(dir)} }),
      { onProgress: ({ type }) => type === 'saved' && console.log(type) },
    ] });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const said = await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(String(said)).toMatch(/^saved/);
  const other = () => smallModel(1).fit(smallX, smallY, { ...quiet, callbacks: backup(dir) });
  const refused = { code: 'LOCKED', says: [dir, 'in use'] };
  await expectFailure(other, refused);
  const file = join(dir, 'file');
  await expectFailure(() => storage.write(file, new Uint8Array(1)), refused);
  await expectFailure(() => storage.import({ file: new Uint8Array(1) }, dir), refused);
  await expectFailure(() => storage.remove(dir), refused);
  await expectFailure(() => smallModel(1).saveWeights(join(dir, 'cp')), refused);
  child.kill('SIGKILL');
  const killed = performance.now();
  await new Promise((resolve) => child.once('exit', resolve));
  await storage.write(file, new Uint8Array(1));
  expect(performance.now() - killed).toBeLessThan(1000);
  // It is free now, and what is in it is another model's run.
  await expectFailure(other, { code: 'INVALID_ARGUMENT', says: ['another model'] });
  await storage.remove(dir);
  await other();
});

test('of several that find a stale lock one has it', async () => {
  const { NodeBackend } = await import('../../web/api/storage/nodeBackend');
  const dir = newDir();
  const backends = Array.from({ length: 5 }, () => new NodeBackend());
  for (let round = 0; round < 50; ++round) {
    // No process has this number.
    mkdirSync(join(dir, '.tabtrain'), { recursive: true });
    writeFileSync(join(dir, '.tabtrain', 'lock.0.99999999.1x1-1'), '');
    const locks = await Promise.all(backends.map((backend) => backend.lock(dir)));
    const held = locks.filter((unlock) => unlock !== null);
    expect(held.length).toBe(1);
    expect(await backends[0]!.lock(dir)).toBeNull();
    await held[0]!();
    const again = await backends[1]!.lock(dir);
    expect(again).not.toBeNull();
    await again!();
  }
  expect(readdirSync(dir)).toEqual([]);
});

describe('damaged files', () => {
  async function twoGenerations(): Promise<string> {
    const dir = newDir();
    await interrupt(dir, 3);
    await interrupt(dir, 5);
    expect(states(dir).length).toBe(2);
    return dir;
  }
  const damage = (path: string) => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 5]! ^= 8;
    writeFileSync(path, bytes);
  };

  test('the older state is taken where the newest does not verify, and that is told', async () => {
    const dir = await twoGenerations();
    const newest = states(dir)[1]!;
    damage(join(dir, newest));
    const whole = smallModel(1);
    await whole.fit(smallX, smallY, quiet);
    const model = smallModel(2);
    const watch = new Watch();
    await model.fit(smallX, smallY, { ...quiet, verbose: 2, callbacks: [backup(dir), watch] });
    expect(watch.of('resumed')).toMatchObject([{ epoch: 0, batch: 3 }]);
    expect(watch.of('resumed')[0]!.warnings[0]).toMatch(
      new RegExp(`${newest}' was not used: the checksum of 'train/.*' is wrong|${newest}`),
    );
    expect(stdout.text).toMatch(/WARNING: .*was not used/);
    expect(await weightBits(model)).toEqual(await weightBits(whole));
  });

  test('where none verifies, that is an error which names each', async () => {
    const dir = await twoGenerations();
    for (const name of states(dir)) damage(join(dir, name));
    const model = smallModel(2);
    const before = await weightBits(model);
    await expectFailure(() => model.fit(smallX, smallY, { ...quiet, callbacks: backup(dir) }), {
      code: 'CORRUPT_FILE',
      says: [...states(dir), 'remove the directory'],
    });
    expect(await weightBits(model)).toEqual(before);
  });

  test('a whole state in the place of another is not the one that was committed', async () => {
    const dir = await twoGenerations();
    const [older, newest] = states(dir).map((name) => join(dir, name));
    copyFileSync(older!, newest!);
    const watch = new Watch();
    await smallModel(2).fit(smallX, smallY, { ...quiet, callbacks: [backup(dir), watch] });
    const { batch, warnings } = watch.of('resumed')[0]!;
    expect([batch, warnings.length]).toEqual([3, 1]);
    expect(warnings[0]).toMatch(/it is not the one that was committed/);
  });

  test('a state that no record names was never saved, and goes', async () => {
    const dir = await twoGenerations();
    const orphan = join(dir, 'state-00000009.tabtrain');
    copyFileSync(join(dir, states(dir)[0]!), orphan);
    const watch = new Watch();
    const kept = backup(dir, { deleteCheckpoint: false });
    await smallModel(2).fit(smallX, smallY, { ...quiet, callbacks: [kept, watch] });
    expect(watch.of('resumed')).toMatchObject([{ epoch: 1, batch: 1, warnings: [] }]);
    expect(watch.of('saved')[0]!.generation).toBe(10);
    expect(files(dir)).not.toContain('state-00000009.tabtrain');
  });

  test('a state of another build is taken, with a warning', async () => {
    const dir = newDir();
    await interrupt(dir, 3);
    const { decodeState, encodeState } = await import('../../web/api/state/stateFile');
    const path = join(dir, states(dir)[0]!);
    const contents = decodeState<{ engine: { variant: string } }>(readFileSync(path));
    contents.state.engine.variant = 'relaxed';
    writeFileSync(path, await encodeState(contents));
    writeFileSync(join(dir, 'state.commit'), '');
    const watch = new Watch();
    await smallModel(2).fit(smallX, smallY, { ...quiet, callbacks: [backup(dir), watch] });
    const { warnings } = watch.of('resumed')[0]!;
    expect(warnings.join('\n')).toMatch(/state\.commit.*checksum/);
    expect(warnings.join('\n')).toMatch(/\(relaxed\).*bits may differ/);
  });
});

test('weights that are no numbers are never stored as good', async () => {
  const dir = newDir();
  const model = smallModel(1);
  const watch = new Watch();
  let epochs = 0;
  const spoil = {
    onEpochEnd: async (epoch: number) => {
      await watch.settled(epoch);
      if (++epochs !== 2) return;
      const weights = await model.getWeights();
      weights[0]!.data[0] = NaN;
      await model.setWeights(weights);
    },
  };
  const options = { ...quiet, callbacks: [spoil, backup(dir, { deleteCheckpoint: false }), watch] };
  await model.fit(smallX, smallY, options);
  expect(watch.of('saved').map(({ epoch }) => epoch)).toEqual([0]);
  expect(watch.of('unsaved').map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(watch.of('unsaved')[0]!.reason).toMatch(/NOT_FINITE: 'layers\/0\/kernel'/);
});

test('each reason for which a place is not stored is said once', async () => {
  const model = smallModel(1);
  const watch = new Watch();
  const good = await model.getWeights();
  const spoilt = good.map((each, i) => (i === 0 ? { ...each, data: new Float32Array(each.data.length).fill(NaN) } : each));
  const spoil = {
    onEpochEnd: async (epoch: number) => {
      await watch.settled(epoch);
      await model.setWeights(epoch < 2 ? spoilt : good); // Slots of the optimizer stay spoilt.
    },
  };
  await model.fit(smallX, smallY, {
    ...{ ...quiet, verbose: 2, epochs: 6 },
    callbacks: [spoil, backup(newDir(), { deleteCheckpoint: false }), watch],
  });
  const reasons = watch.of('unsaved').map(({ reason }) => reason);
  expect(new Set(reasons).size).toBeGreaterThan(1);
  expect(new Set(reasons).size).toBeLessThan(reasons.length);
  const said = stdout.text.split('\n').filter((line) => line.startsWith('WARNING'));
  expect(said).toEqual([...new Set(reasons)].map((reason) => `WARNING: ${reason}`));
}); // prettier-ignore

test('no more generations are kept than asked for', async () => {
  const dir = newDir();
  const options = { saveFreq: 'epoch', keep: 2, deleteCheckpoint: false } as const;
  const watch = new Watch();
  await smallModel(1).fit(smallX, smallY, {
    ...{ ...quiet, epochs: 8 },
    callbacks: [backup(dir, options), watch, { onEpochEnd: (epoch) => watch.settled(epoch) }],
  });
  expect(watch.of('saved').length).toBe(8);
  expect(states(dir).length).toBe(2);
});

test('files that are not ours stay, whatever happens', async () => {
  const dir = newDir();
  await storage.write(join(dir, 'state-notes.tabtrain'), new Uint8Array(3));
  await storage.write(join(dir, 'deeper', 'state-00000009.tabtrain'), new Uint8Array(3));
  await smallModel(1).fit(smallX, smallY, { ...quiet, callbacks: backup(dir) });
  expect(files(dir)).toEqual(['deeper', 'state-notes.tabtrain']);
});

test('a dataset that does not give the same batches again is refused', async () => {
  const dir = newDir();
  let shift = 0;
  const dataset = function* (): Generator<Batch> {
    for (let i = 0; i < samples; i += 40) {
      const data = smallX.data.slice(i * 4, (i + 40) * 4).map((value) => value + shift);
      yield [{ data, shape: [40, 4] }, smallY.slice(i, i + 40)];
    }
  };
  const model = smallModel(1);
  const abort = new AbortController();
  const watch = new Watch();
  let done = 0;
  const stop = {
    onTrainBatchEnd: async () => {
      if (done++ < 7) return;
      while (watch.of('saved').length === 0) await pause(1);
      abort.abort();
    },
  };
  await expectFailure(
    () =>
      model.fit(dataset, {
        ...{ verbose: 0, epochs: 2, signal: abort.signal },
        callbacks: [backup(dir, { saveFreq: 7 }), watch, stop],
      }),
    { code: 'ABORTED', says: [] },
  );
  shift = 0.5;
  const again = () => model.fit(dataset, { verbose: 0, epochs: 2, callbacks: backup(dir) });
  await expectFailure(again, { code: 'INVALID_ARGUMENT', says: ['dataset', 'getState'] });
  shift = 0;
  expect((await again()).epoch).toEqual([0, 1]);
});

describe("the state of a user's own callback", () => {
  test('is kept for a record of functions', async () => {
    const dir = newDir();
    const counting = () => {
      const all = { batches: 0, given: null as unknown };
      const hooks = {
        onTrainBatchEnd: () => void ++all.batches,
        getState: () => ({ batches: all.batches }),
        setState: (state: unknown) => {
          all.given = state;
          all.batches = (state as { batches: number }).batches;
        },
      };
      return { all, hooks };
    };
    await interrupt(dir, 9, { more: [counting().hooks] });
    const { all, hooks } = counting();
    await smallModel(2).fit(smallX, smallY, { ...quiet, callbacks: [hooks, backup(dir)] });
    expect(all).toEqual({ batches: 21, given: { batches: 9 } });
  });

  test('ends the run before anything is trained where it is refused', async () => {
    const dir = newDir();
    const getState = () => 1;
    await interrupt(dir, 9, { more: [{ getState }] });
    const error = new Error('not mine');
    let trained = 0;
    const hooks = {
      getState,
      setState: async () => {
        await pause(1);
        throw error;
      },
      onTrainBatchBegin: () => void ++trained,
    };
    const result = smallModel(2).fit(smallX, smallY, { ...quiet, callbacks: [hooks, backup(dir)] });
    await expect(result).rejects.toBe(error);
    expect(trained).toBe(0);
  });
});

test.each<[unknown, string[]]>([
  [{ seconds: Infinity }, ['saveFreq: seconds', 'a number >= 0', 'came Infinity']],
  [{ seconds: -1 }, ['saveFreq: seconds', 'a number >= 0', 'came -1']],
  [{ seconds: 1, minutes: 2 }, ["saveFreq: unknown option 'minutes'"]],
  [{ minutes: 2 }, ['saveFreq', '{ seconds }', 'came an object']],
  [[5], ['saveFreq', '{ seconds }', 'came an array']],
])('saveFreq %p is refused', (saveFreq, says) =>
  expectFailure(async () => backup('run', { saveFreq: saveFreq as 'epoch' }), {
    code: 'INVALID_ARGUMENT',
    says: ['callbacks.backupAndRestore', ...says],
  }),
);

test('a backupDir that is no directory is refused by its name', async () => {
  const file = join(newDir(), 'file');
  await storage.write(file, new Uint8Array(1));
  const isPath = {
    code: 'INVALID_ARGUMENT',
    says: ['backupDir: expected a path', 'came "a\\u0000b"'],
  };
  await expectFailure(() => backup('a\0b').interrupted(), isPath);
  await expectFailure(
    () => smallModel(1).fit(smallX, smallY, { ...quiet, callbacks: backup('a\0b') }),
    isPath,
  );
  for (const dir of [file, join(file, 'below')]) {
    const says = ['backupDir: expected a directory', `came '${dir}'`, `'${file}' is a file`];
    const failure = { code: 'INVALID_ARGUMENT', says };
    const fit = () => smallModel(1).fit(smallX, smallY, { ...quiet, callbacks: backup(dir) });
    await expectFailure(fit, failure);
    await expectFailure(() => backup(dir).interrupted(), failure);
  }
});

test('a state that cannot be copied names the callback that has it', async () => {
  class Bad extends Callback {
    override getState(): unknown {
      return { onClick: () => {} };
    }
  }
  const model = smallModel(1);
  const all = { ...quiet, callbacks: [new Bad(), backup(newDir())] };
  await expectFailure(() => model.fit(smallX, smallY, all), {
    code: 'INVALID_ARGUMENT',
    says: ['getState', 'Bad', 'plain values'],
  });
});

test('a page that is hidden saves at once, also where the run is paused', async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  Object.assign(globalThis, { document: page });
  try {
    const dir = newDir();
    const model = smallModel(1);
    const watch = new Watch();
    const done = model.fit(smallX, smallY, {
      ...{ ...quiet, epochs: 1_000_000 }, // Longer than any disk makes the saves below take.
      callbacks: [backup(dir, { saveFreq: 1e9 }), watch],
    });
    while (watch.of('begin').length === 0) await pause(1);
    const saved = async (count: number) => {
      for (let i = 0; i < 4000 && watch.of('saved').length < count; ++i) await pause(10);
      expect(watch.of('saved').length).toBe(count);
    };
    const hide = () => {
      page.visibilityState = 'hidden';
      page.dispatchEvent(new Event('visibilitychange'));
    };
    hide();
    await saved(1);
    await model.pause();
    await saved(2);
    hide();
    await saved(3);
    model.stopTraining = true;
    await done;
    expect(watch.of('saved').length).toBe(3);
  } finally {
    delete (globalThis as { document?: unknown }).document;
  }
});

test('an ordinary checkpoint with its optimizer continues to the same bits where nothing is random', async () => {
  const make = () => {
    const model = sequential([layers.dense({ units: 5, inputShape: [4] }), layers.dense({ units: 3 })]);
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    model.compile({ optimizer: 'adam', loss });
    return model;
  };
  const options = { verbose: 0, shuffle: false } as const;
  const path = join(newDir(), 'cp');
  const whole = make();
  await whole.fit(smallX, smallY, options);
  await whole.saveWeights(path);
  await whole.fit(smallX, smallY, options);
  const model = make();
  await model.loadWeights(path);
  await model.fit(smallX, smallY, options);
  expect(await weightBits(model)).toEqual(await weightBits(whole));
}); // prettier-ignore

describe('what an interrupted run left can be looked at', () => {
  class Notes extends Callback {
    taken: unknown = null;
    override onTrainBatchEnd(): void {}
    override getState(): unknown {
      return { curve: Float64Array.of(0.5, 0.25) };
    }
    override setState(state: unknown): void {
      this.taken = state;
    }
  }

  test('without taking it up', async () => {
    const dir = newDir();
    expect(await backup(dir).interrupted()).toBeNull();
    await interrupt(dir, 9, { more: [new Notes()] });
    const before = bytesOf(dir);
    const seen = await backup(dir).interrupted();
    expect(seen).toMatchObject({ epoch: 1, batch: 2, warnings: [] });
    expect(seen!.history.map(({ epoch }) => epoch)).toEqual([0]);
    expect(Object.keys(seen!.history[0]!.logs)).toContain('loss');
    expect(seen!.callbacks).toEqual([{ curve: Float64Array.of(0.5, 0.25) }]);
    expect(bytesOf(dir)).toEqual(before);
    const notes = new Notes();
    await smallModel(2).fit(smallX, smallY, { ...quiet, callbacks: [notes, backup(dir)] });
    expect(notes.taken).toEqual(seen!.callbacks[0]);
    expect(await backup(dir).interrupted()).toBeNull();
  });

  test('while it runs', async () => {
    const dir = newDir();
    const watch = new Watch();
    let seen: unknown = null;
    const look = {
      onEpochEnd: async () => {
        while (watch.of('saved').length === 0) await pause(1);
        seen = await backup(dir).interrupted();
      },
    };
    const saving = backup(dir, { saveFreq: 1 });
    await smallModel(1).fit(smallX, smallY, {
      ...{ ...quiet, epochs: 1 },
      callbacks: [saving, watch, look],
    });
    expect(seen).toMatchObject({ epoch: 0, history: [] });
  });

  test('with what is damaged, by name', async () => {
    const dir = newDir();
    await interrupt(dir, 9);
    const path = join(dir, states(dir)[0]!);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    await expectFailure(() => backup(dir).interrupted(), {
      code: 'CORRUPT_FILE',
      says: [states(dir)[0]!, 'checksum'],
    });
  });
});

test("saveFreq 'never' goes on where it was and saves nothing", async () => {
  const dir = newDir();
  const whole = smallModel(1);
  await whole.fit(smallX, smallY, quiet);
  await interrupt(dir, 9);
  const before = bytesOf(dir);
  const model = smallModel(2);
  const watch = new Watch();
  const pauses = { onTrainBatchEnd: () => void model.pause().then(() => model.resume()) };
  const never = backup(dir, { saveFreq: 'never', deleteCheckpoint: false });
  await model.fit(smallX, smallY, { ...quiet, callbacks: [never, watch, pauses] });
  expect(watch.of('resumed')).toMatchObject([{ epoch: 1, batch: 2 }]);
  expect(watch.of('saved')).toEqual([]);
  expect(bytesOf(dir)).toEqual(before);
  expect(await weightBits(model)).toEqual(await weightBits(whole));
});

test('a run that is paused is saved there, also while another save is being written', async () => {
  const dir = newDir();
  const model = smallModel(1);
  const watch = new Watch();
  let place = 0;
  const resting: Promise<void>[] = [];
  const pauses = {
    onTrainBatchEnd: (batch: number) => {
      if (batch !== 4 || resting.length > 0) return;
      place = batch + 1;
      resting.push(model.pause());
    },
  };
  // A save is asked for at each batch, so that one is being written when the pause comes.
  const run = model.fit(smallX, smallY, {
    ...quiet,
    callbacks: [backup(dir, { saveFreq: 1 }), watch, pauses],
  });
  while (!watch.of('saved').some(({ epoch, batch }) => epoch === 0 && batch === place && place > 0))
    await pause(5);
  await Promise.all(resting);
  expect(await backup(dir).interrupted()).toMatchObject({ epoch: 0, batch: 5 });
  model.resume();
  await run;
});
