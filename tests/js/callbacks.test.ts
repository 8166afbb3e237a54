// EarlyStopping, ReduceLROnPlateau, LearningRateScheduler, CSVLogger and TerminateOnNaN, against what
// those of tf-keras 2.21 did with the same logs: to the byte where they print or write.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  Callback,
  callbacks,
  layers,
  optimizers,
  sequential,
  type Model,
  type NamedTensor,
} from 'tabtrain';
import { float32Repr } from '../../web/api/text/pyNumber';
import { expectFailure } from './support/errors';
import { goldenCases, type GoldenCase } from './support/golden';
import { smallModel, smallX, smallY, temporaryDirectory, weightBits } from './support/models';
import { captureStdout } from './support/stdout';

interface GoldenTensor {
  readonly shape: number[];
  readonly values: number[];
}
interface DataCase extends GoldenCase {
  readonly x: GoldenTensor;
  readonly y: GoldenTensor;
  readonly weights: readonly GoldenTensor[];
}
interface FitCase extends GoldenCase {
  readonly logs: readonly Readonly<Record<string, number | string>>[];
  readonly callbacks: readonly (readonly [name: string, options: Record<string, unknown>])[];
  readonly runs: readonly (readonly [initialEpoch: number, epochs: number])[];
  readonly before: string | null;
  readonly epochs_run: readonly number[];
  readonly history: Readonly<Record<string, (number | string)[]>>;
  readonly rates: readonly number[];
  readonly stdout: string;
  readonly warnings: readonly string[];
  readonly state: Readonly<Record<string, number | string>>;
  readonly restored: number | null;
  readonly csv: readonly string[];
}
interface TerminateCase extends GoldenCase {
  readonly bad: number | string;
  readonly batches: readonly number[];
  readonly epochs_run: readonly number[];
  readonly stdout: string;
}

const directory = temporaryDirectory();
const [data] = goldenCases<DataCase>('callbacks', 'data', 'tf2.21');
const tensor = ({ shape, values }: GoldenTensor) => ({ data: Float32Array.from(values), shape });
const camel = (name: string) => name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());

const stdout = captureStdout();

async function build(): Promise<Model> {
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: 'mse' });
  await model.setWeights(data!.weights.map(tensor));
  return model;
}

function make(name: string, golden: Record<string, unknown>): Callback {
  const { schedule, ...rest } = golden;
  const options = Object.fromEntries(Object.entries(rest).map(([k, v]) => [camel(k), v])) as never;
  switch (name) {
    case 'EarlyStopping':
      return callbacks.earlyStopping(options);
    case 'ReduceLROnPlateau':
      return callbacks.reduceLROnPlateau(options);
    case 'CSVLogger':
      return callbacks.csvLogger({
        ...(options as object),
        filename: join(directory, golden['filename'] as string),
      });
    default:
      return callbacks.learningRateScheduler(async (epoch, lr) => {
        await new Promise((done) => setTimeout(done, 1));
        return Array.isArray(schedule) ? (schedule[epoch] as number) : lr * (schedule as number);
      }, options);
  }
}

/** Stands before the others and gives them the logs of the case. */
class GivenLogs extends Callback {
  constructor(readonly given: FitCase['logs']) {
    super();
  }

  override onEpochEnd(epoch: number, logs: Record<string, number>): void {
    for (const name of Object.keys(logs)) delete logs[name];
    for (const [name, value] of Object.entries(this.given[epoch]!)) logs[name] = Number(value);
  }
}

/** Stands behind the others and notes what they did. */
class Watcher extends Callback {
  readonly rates: number[] = [];
  readonly weights: NamedTensor[][] = [];

  override async onEpochEnd(): Promise<void> {
    this.rates.push(Math.fround(this.model!.optimizer.learningRate));
    this.weights.push(await this.model!.getWeights());
  }
}

const bytesOf = (weights: readonly NamedTensor[]) => weights.map((weight) => weight.array());

const fits = goldenCases<FitCase>('callbacks', 'fit', 'tf2.21');

test.each(fits)('$name', async (golden) => {
  const model = await build();
  const file = join(directory, 'log.csv');
  rmSync(file, { force: true });
  if (golden.before !== null) writeFileSync(file, golden.before);
  const made = golden.callbacks.map(([name, options]) => make(name, options));
  const watcher = new Watcher();
  const list = [new GivenLogs(golden.logs), ...made, watcher];
  const files: string[] = [];
  const lines: string[] = [];
  for (const [i, [initialEpoch, epochs]] of golden.runs.entries()) {
    const { history, epoch } = await model.fit(tensor(data!.x), tensor(data!.y), {
      ...{ initialEpoch, epochs, batchSize: 4, shuffle: false, verbose: 0, callbacks: list },
    });
    if (existsSync(file)) files.push(readFileSync(file, 'utf8'));
    lines.push(stdout.text);
    if (i < golden.runs.length - 1) continue;
    expect(epoch).toEqual(golden.epochs_run);
    const numbers = Object.entries(golden.history).map(([k, v]) => [k, v.map(Number)]);
    expect(history).toEqual(Object.fromEntries(numbers));
    expect(Object.keys(history)).toEqual(Object.keys(golden.history));
  }
  expect(watcher.rates).toEqual(golden.rates);
  expect(files).toEqual(golden.csv);
  // Keras logs its warnings, here they are printed where they arise.
  const warnings = golden.warnings.map((line) => `${line}\n`);
  expect(warnings.reduce((text, line) => text.replace(line, ''), stdout.text)).toBe(golden.stdout);
  expect(stdout.text).toHaveLength([golden.stdout, ...warnings].join('').length);
  const last = made.at(-1) as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(golden.state)) {
    expect([name, last[camel(name)]]).toEqual([name, Number(value)]);
  }
  if (golden.restored !== null) {
    expect(bytesOf(await model.getWeights())).toEqual(bytesOf(watcher.weights[golden.restored]!));
  }
});

test.each(goldenCases<TerminateCase>('callbacks', 'terminate', 'tf2.21'))(
  '$name',
  async (golden) => {
    const model = await build();
    const twice = ({ shape, values }: GoldenTensor) =>
      tensor({ shape: [8, shape[1]!], values: [...values, ...values] });
    const y = twice(data!.y);
    y.data[5] = Number(golden.bad);
    const batches: number[] = [];
    const { epoch } = await model.fit(twice(data!.x), y, {
      ...{ batchSize: 2, epochs: 2, shuffle: false, verbose: 2 },
      callbacks: [callbacks.terminateOnNaN(), { onBatchEnd: (batch) => void batches.push(batch) }],
    });
    expect(batches).toEqual(golden.batches);
    expect(epoch).toEqual(golden.epochs_run);
    const said = stdout.text.split('\n').filter((line) => line.startsWith('Batch'));
    expect(said.map((line) => `${line}\n`).join('')).toBe(golden.stdout);
  },
);

test('golden cases were found', () => expect(fits.length).toBeGreaterThan(60));

describe('state', () => {
  /** A run in two halves, the second with new callbacks that take over the state of the first. */
  async function halves(create: () => Callback, logs: readonly number[], at: number) {
    const given = logs.map((loss) => ({ loss }));
    const run = (model: Model, callback: Callback, list: Callback[], from: number, to: number) =>
      model.fit(tensor(data!.x), tensor(data!.y), {
        ...{ initialEpoch: from, epochs: to, batchSize: 4, shuffle: false, verbose: 0 },
        callbacks: [new GivenLogs(given), callback, ...list],
      });
    const whole = await build();
    const expected = await run(whole, create(), [], 0, logs.length);
    const model = await build();
    const first = create();
    let state: unknown;
    const note = new (class extends Callback {
      override onEpochEnd(): void {
        state = structuredClone(first.getState!());
      }
    })();
    await run(model, first, [note], 0, at);
    const second = create();
    const restore = new (class extends Callback {
      override onTrainBegin(): void {
        void second.setState!(state);
      }
    })();
    const came = await run(model, second, [restore], at, logs.length);
    expect(came.epoch).toEqual(expected.epoch.slice(at));
    expect(came.history).toEqual(
      Object.fromEntries(Object.entries(expected.history).map(([k, v]) => [k, v.slice(at)])),
    );
    expect(await weightBits(model)).toEqual(await weightBits(whole));
  }

  test('of earlyStopping', () =>
    halves(
      () => callbacks.earlyStopping({ monitor: 'loss', patience: 3, restoreBestWeights: true }),
      [3, 1, 2, 2, 2, 2, 2],
      3,
    ));
  test('of reduceLROnPlateau', () =>
    halves(
      () => callbacks.reduceLROnPlateau({ monitor: 'loss', patience: 2, cooldown: 2 }),
      [3, 1, 2, 2, 2, 2, 2, 2],
      3,
    ));
  test('of csvLogger: what came after it is written again', async () => {
    const filename = join(directory, 'resumed.csv');
    const logger = callbacks.csvLogger({ filename });
    const model = await build();
    const fit = (callback: Callback, initialEpoch: number, epochs: number, list: Callback[] = []) =>
      model.fit(tensor(data!.x), tensor(data!.y), {
        ...{ initialEpoch, epochs, verbose: 0 },
        callbacks: [new GivenLogs([{ loss: 4 }, { loss: 3 }, { loss: 2 }]), callback, ...list],
      });
    await fit(logger, 0, 1);
    const state = structuredClone(logger.getState());
    const early = readFileSync(filename, 'utf8');
    await fit(callbacks.csvLogger({ filename, append: true }), 1, 2);
    expect(readFileSync(filename, 'utf8')).not.toBe(early);
    const second = callbacks.csvLogger({ filename });
    const restore = new (class extends Callback {
      override onTrainBegin(): void {
        second.setState(state);
      }
    })();
    await fit(second, 1, 3, [restore]);
    expect(readFileSync(filename, 'utf8')).toBe(`${early}1,3.0,NA\r\n2,2.0,NA\r\n`);
  });
});

test('what one callback adds to the logs the later ones and the progress line see', async () => {
  const seen: string[][] = [];
  const model = smallModel();
  const { history } = await model.fit(smallX, smallY, {
    verbose: 2,
    epochs: 2,
    callbacks: [
      { onEpochEnd: (epoch, logs) => void (logs['mine'] = epoch) },
      { onEpochEnd: (_, logs) => void seen.push(Object.keys(logs)) },
    ],
  });
  expect(seen).toEqual([
    ['loss', 'accuracy', 'mine'],
    ['loss', 'accuracy', 'mine'],
  ]);
  expect(history['mine']).toEqual([0, 1]);
  expect(stdout.text).toMatch(/mine: 1\.0000/);
});

test.each([
  [0.1, '0.1'],
  [1e-7, '1e-07'],
  [16777216, '16777216.0'],
  [0.010000000707805157, '0.010000001'],
  [0, '0.0'],
  [3.4e38, '3.4e+38'],
  [NaN, 'nan'],
])('a float32 as numpy prints it: %s', (value, text) =>
  expect(float32Repr(Math.fround(value))).toBe(text),
);

type Says = (string | RegExp)[];
const { earlyStopping, reduceLROnPlateau, learningRateScheduler, csvLogger } = callbacks;
test.each<[string, () => unknown, Says]>([
  ['unknown', () => earlyStopping({ patienc: 1 } as never), ["unknown option 'patienc'", "'patience'"]],
  ['no record', () => earlyStopping(3 as never), ['earlyStopping', 'options record', 'came 3']],
  ['monitor', () => earlyStopping({ monitor: 1 as never }), ['earlyStopping: monitor', 'text', 'came 1']],
  ['minDelta', () => earlyStopping({ minDelta: NaN }), ['minDelta', 'number', 'came NaN']],
  ['patience', () => earlyStopping({ patience: -1 }), ['patience', '>= 0', 'came -1']],
  ['verbose', () => earlyStopping({ verbose: 2 as never }), ['verbose', '0 or 1', 'came 2']],
  ['mode', () => earlyStopping({ mode: 'best' as never }), ['mode', "'auto', 'min' or 'max'", '"best"']],
  ['baseline', () => earlyStopping({ baseline: 'x' as never }), ['baseline', 'number', '"x"']],
  ['restoreBestWeights', () => earlyStopping({ restoreBestWeights: 1 as never }), ['true or false', 'came 1']],
  ['startFromEpoch', () => earlyStopping({ startFromEpoch: 1.5 }), ['startFromEpoch', 'integer', '1.5']],
  ['factor', () => reduceLROnPlateau({ factor: 1 }), ['reduceLROnPlateau: factor', 'below 1', 'came 1']],
  ['cooldown', () => reduceLROnPlateau({ cooldown: -2 }), ['cooldown', '>= 0', 'came -2']],
  ['minLr', () => reduceLROnPlateau({ minLr: -1 }), ['minLr', '>= 0', 'came -1']],
  ['schedule', () => learningRateScheduler(0.1 as never), ['learningRateScheduler: schedule', 'function', 'came 0.1']],
  ['schedule verbose', () => learningRateScheduler(() => 1, { verbose: true as never }), ['verbose', 'came true']],
  ['filename', () => csvLogger({} as never), ["csvLogger: missing option 'filename'"]],
  ['separator', () => csvLogger({ filename: 'a', separator: ', ' }), ['separator', 'one character', '", "']],
  ['append', () => csvLogger({ filename: 'a', append: 'yes' as never }), ['append', 'true or false', '"yes"']],
])('%s is refused', (_, call, says) => expectFailure(call, { code: 'INVALID_ARGUMENT', says })); // prettier-ignore

test.each<[string, unknown, Says]>([
  ['no number', 'fast', ['schedule(0, lr)', 'number >= 0', '"fast"']],
  ['nothing', undefined, ['schedule(0, lr)', 'came undefined']],
  ['NaN', NaN, ['schedule(0, lr)', 'came NaN']],
])('a schedule that gives %s ends the run', async (_, value, says) => {
  const model = smallModel();
  const schedule = callbacks.learningRateScheduler(() => value as number);
  await expectFailure(() => model.fit(smallX, smallY, { verbose: 0, callbacks: [schedule] }), {
    code: 'INVALID_ARGUMENT',
    says,
  });
  await model.fit(smallX, smallY, { verbose: 0 });
});
