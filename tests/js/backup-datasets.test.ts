// Runs on datasets that are taken up again: to the same bits, or not at all.
import { afterEach, describe, expect, test } from '@jest/globals';
import { callbacks, type Batch, type Dataset, type FitOptions, type Progress } from 'tabtrain';
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

const newDir = temporaryNames();
afterEach(disposeModels);

const SIZE = 40;
const COUNT = Math.ceil(samples / SIZE);

/** One batch, its inputs times `factor`. */
function batch(index: number, factor = 1): Batch {
  const [begin, end] = [(index % COUNT) * SIZE, Math.min(samples, ((index % COUNT) + 1) * SIZE)];
  const data = smallX.data.slice(begin * 4, end * 4).map((value) => value * factor);
  return [{ data, shape: [end - begin, 4] }, smallY.slice(begin, end)];
}
function* pass(factor = 1, first = 0): Generator<Batch> {
  for (let i = 0; i < COUNT; ++i) yield batch(first + i, factor);
}
const times = (factor: number) => () => pass(factor);

type Data = { readonly train: Dataset; readonly validation?: Dataset };
const quiet = { verbose: 0, epochs: 4 } as const;

/** Trains; `until` ends the run there, once the state after it is stored. */
async function train(
  { train, validation }: Data,
  dir: string | null,
  until: { epoch: number; batch?: number } | null = null,
  options: FitOptions = {},
) {
  const model = smallModel(dir && !until ? 2 : 1);
  const heard: Progress[] = [];
  const abort = new AbortController();
  const of = (type: Progress['type']) => heard.filter((each) => each.type === type);
  const stopAt = async (epoch: number, place: number) => {
    if (!until || place !== (until.batch ?? 0)) return;
    // Each epoch is stored before the next one begins.
    const saves = until.batch ? Number(epoch === until.epoch) : epoch;
    while (of('saved').length < saves) await new Promise((done) => setTimeout(done, 1));
    if (epoch === until.epoch) abort.abort();
  };
  let epoch = 0;
  const before = await weightBits(model);
  const result = model.fit(train, {
    ...{
      ...quiet,
      ...options,
      signal: abort.signal,
      ...(validation && { validationData: validation }),
    },
    callbacks: [
      {
        onEpochBegin: (index) => stopAt((epoch = index), 0),
        onTrainBatchEnd: (index) => stopAt(epoch, index + 1),
        onProgress: (progress) => void heard.push(progress),
      },
      ...(dir ? [callbacks.backupAndRestore({ backupDir: dir, saveFreq: saveFreqOf(until) })] : []),
    ],
  });
  if (until) await expectFailure(() => result, { code: 'ABORTED', says: [] });
  const { history } = until ? { history: null } : await result.catch(async (error: unknown) => {
    expect(await weightBits(model)).toEqual(before);
    throw error;
  }); // prettier-ignore
  return { history, bits: await weightBits(model), resumed: of('resumed') };
}

/** The default at an epoch's border; else the one save is that of the batch before. */
const saveFreqOf = (until: { epoch: number; batch?: number } | null) =>
  until?.batch ? until.epoch * COUNT + until.batch - 1 : 'epoch';

const PLACES = [{ epoch: 1 }, { epoch: 3 }, { epoch: 0, batch: 3 }, { epoch: 2, batch: 3 }];

async function expectSameBits(make: () => Data, options: FitOptions = {}): Promise<void> {
  const whole = await train(make(), null, null, options);
  for (const place of PLACES) {
    const dir = newDir();
    await train(make(), dir, place, options);
    const again = await train(make(), dir, null, options);
    const { epoch, batch: next } = place;
    const where = next ? { epoch, batch: next - 1 } : { epoch: epoch - 1, batch: COUNT };
    expect(again.resumed).toMatchObject([where]);
    expect({ ...again, resumed: [] }).toEqual(whole);
  }
}

describe('other batches than those that were taken are refused, and the model is unchanged', () => {
  const other: [string, () => Data, () => Data, string][] = [
    ['of training', () => ({ train: times(1) }), () => ({ train: times(-7) }), 'dataset'],
    [
      'of validation',
      () => ({ train: times(1), validation: times(1) }),
      () => ({ train: times(1), validation: times(3) }),
      'validationData',
    ],
    ['at random', () => ({ train: () => pass(Math.random()) }), () => ({ train: () => pass(Math.random()) }), 'dataset'],
    ['fewer', () => ({ train: times(1) }), () => ({ train: () => [batch(0)] }), 'dataset'],
  ]; // prettier-ignore
  test.each(other)('%s', async (name, make, makeOther, says) => {
    for (const place of PLACES.filter(({ epoch }) => name !== 'of validation' || epoch > 0)) {
      const dir = newDir();
      await train(make(), dir, place);
      const failure = { code: 'INVALID_ARGUMENT', says: [says, 'expected', 'pass 1', 'getState'] };
      await expectFailure(() => train(makeOther(), dir), failure);
      if (name === 'at random') continue;
      expect((await train(make(), dir)).resumed).toHaveLength(1);
    }
  });
});

describe('a dataset is gone through from its first pass on, to the same bits', () => {
  test('a function of which each call gives other batches', () =>
    expectSameBits(() => {
      let calls = 0;
      return { train: () => pass(1, calls++) };
    }));

  test('a dataset that changes when several epochs are done', () =>
    expectSameBits(() => {
      let calls = 0;
      return { train: () => pass(calls++ < 3 ? 1 : 0.5) };
    }));

  test('training and validation that draw from one source', () =>
    expectSameBits(() => {
      let drawn = 1;
      const draws = function* () {
        for (const [x, y] of pass()) yield [x, y, Array.from(y as Uint8Array, () => (drawn = (drawn * 16807) % 2147483647) / 2147483647)] as const;
      }; // prettier-ignore
      return { train: draws, validation: draws };
    }));

  test('batches without end', () =>
    expectSameBits(
      () => ({
        train: (function* () {
          for (let i = 0; ; ++i) yield batch(i, 1 + i / 100);
        })(),
      }),
      { stepsPerEpoch: COUNT },
    ));
});

test('a dataset that says where it is is not gone through', async () => {
  let fetched = 0;
  const make = () => {
    const place = { pass: 0, at: 0 };
    return {
      getState: () => ({ ...place }),
      setState: (state: unknown) => void Object.assign(place, state),
      *[Symbol.iterator]() {
        if (place.at >= COUNT) Object.assign(place, { pass: place.pass + 1, at: 0 });
        while (place.at < COUNT) {
          ++fetched;
          yield batch(place.at++, 1 + place.pass / 10);
        }
      },
    };
  };
  await expectSameBits(() => ({ train: make(), validation: make() }));
  const dir = newDir();
  await train({ train: make() }, dir, { epoch: 3 });
  fetched = 0;
  await train({ train: make() }, dir);
  expect(fetched).toBeLessThanOrEqual(COUNT);
});

describe('a state of a pass that has ended leads to the next pass', () => {
  type Stateful = Dataset & { getState(): unknown; setState(state: unknown): void | Promise<void> };
  const at = (state: unknown) => (state as { at: number }).at;
  const kinds: [string, () => Stateful][] = [
    [
      'set back at the end',
      () => {
        let now = 0;
        return {
          getState: () => ({ at: now }),
          setState: (state: unknown) => void (now = at(state)),
          *[Symbol.iterator]() {
            while (now < COUNT) yield batch(now++);
            now = 0;
          },
        };
      },
    ],
    [
      'set back at the beginning',
      () => {
        let [now, start] = [0, 0];
        return {
          getState: () => ({ at: now }),
          setState: async (state: unknown) => {
            await Promise.resolve();
            start = at(state);
          },
          *[Symbol.iterator]() {
            [now, start] = [start, 0];
            while (now < COUNT) yield batch(now++);
          },
        };
      },
    ],
    [
      'a function',
      () => {
        let now = 0;
        const passes = function* () {
          while (now < COUNT) yield batch(now++);
          now = 0;
        };
        const getState = () => ({ at: now });
        return Object.assign(passes, { getState, setState: (s: unknown) => void (now = at(s)) });
      },
    ],
  ];
  test.each(kinds)('%s', async (_, make) => {
    await expectSameBits(() => ({ train: make(), validation: make() }));
    const whole = await train({ train: times(1), validation: times(1) }, null);
    expect(await train({ train: make(), validation: make() }, null)).toEqual(whole);
  });
});

test('a state of a dataset that cannot be copied is refused', () =>
  expectFailure(
    () => train({ train: Object.assign(times(1), { getState: () => times, setState() {} }) }, newDir()),
    { code: 'INVALID_ARGUMENT', says: ['model.fit: dataset: getState', 'plain values'] },
  )); // prettier-ignore
