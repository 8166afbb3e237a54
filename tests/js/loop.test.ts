// Order of hooks, their logs, histories and final weights, against what Keras did on the same data.
import { describe, expect, test } from '@jest/globals';
import { Callback, type FitOptions, type Logs } from 'tabtrain';
import { goldenCases, type GoldenCase } from './support/golden';
import { loopModel, pick, range } from './support/loopData';

type GoldenEvent = readonly [
  hook: string,
  index: unknown,
  logs?: Readonly<Record<string, unknown>>,
];

interface LoopCase extends GoldenCase {
  readonly samples: number;
  readonly source: string;
  readonly arguments: {
    readonly batch_size?: number;
    readonly epochs?: number;
    readonly initial_epoch?: number;
    readonly steps?: number;
    readonly steps_per_epoch?: number;
    readonly validation_data?: {
      readonly samples: number[];
      readonly sample_weight: number[] | null;
    };
    readonly validation_split?: number;
    readonly validation_freq?: number | number[];
    readonly validation_batch_size?: number;
    readonly validation_steps?: number;
    readonly sample_weight?: number[];
    readonly class_weight?: Record<string, number>;
  };
  readonly compile: { readonly metrics: string[]; readonly weighted_metrics: string[] | null };
  readonly stop?: readonly [hook: string, index: number | null];
  readonly events?: readonly GoldenEvent[];
  readonly history?: Readonly<Record<string, number[]>>;
  readonly epochs_run?: readonly number[];
  readonly final_weights: readonly (readonly number[])[];
  readonly fails?: { readonly message: string };
  readonly result?: readonly number[];
  readonly result_shape?: readonly number[];
  readonly metrics_names?: readonly string[];
}

const snake = (hook: string) =>
  hook
    .replace(/^on/, '')
    .replace(/\B[A-Z]/g, '_$&')
    .toLowerCase();

/** Notes every hook as the golden files do; stops where the case says so. */
class Recorder extends Callback {
  readonly #stop: LoopCase['stop'];

  constructor(
    stop: LoopCase['stop'],
    readonly prefix = '',
    readonly events: [string, number | null, Logs][] = [],
  ) {
    super();
    this.#stop = stop;
  }

  #note(hook: string, index: number | null, logs: Logs): void {
    this.events.push([this.prefix + snake(hook), index, logs]);
    if (this.#stop?.[0] === snake(hook) && this.#stop[1] === index) this.model!.stopTraining = true;
  }

  static {
    const withIndex = ['Epoch', 'TrainBatch', 'TestBatch', 'PredictBatch'] as const;
    for (const moment of ['Begin', 'End'] as const) {
      for (const subject of withIndex) {
        this.prototype[`on${subject}${moment}`] = function (
          this: Recorder,
          index: number,
          logs: Logs,
        ) {
          this.#note(`on${subject}${moment}`, index, logs);
        };
      }
      for (const subject of ['Train', 'Test', 'Predict'] as const) {
        this.prototype[`on${subject}${moment}`] = function (this: Recorder, logs: Logs) {
          this.#note(`on${subject}${moment}`, null, logs);
        };
      }
    }
  }
}

function fitOptions(golden: LoopCase['arguments']): FitOptions {
  const { validation_data, sample_weight, class_weight, ...rest } = golden;
  const camel = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key.replace(/_(.)/g, (_, c: string) => c.toUpperCase()),
      value,
    ]),
  );
  const validation = validation_data && pick(validation_data.samples);
  return {
    ...camel,
    ...(sample_weight && { sampleWeight: sample_weight }),
    ...(class_weight && { classWeight: class_weight }),
    ...(validation && {
      validationData: validation_data.sample_weight
        ? ([validation.x, validation.y, validation_data.sample_weight] as const)
        : ([validation.x, validation.y] as const),
    }),
    shuffle: false,
    verbose: 0,
  };
}

/** Names and order to the letter, numbers to 1e-5 relative. */
function expectLogs(came: Logs, golden: Readonly<Record<string, unknown>>): void {
  expect(Object.keys(came)).toEqual(Object.keys(golden));
  for (const [name, value] of Object.entries(golden)) {
    expect(Math.abs(came[name]! - (value as number))).toBeLessThan(
      1e-5 * (1 + Math.abs(value as number)),
    );
  }
}

function expectEvents(came: Recorder['events'], golden: readonly GoldenEvent[]): void {
  const hooks = golden.filter(([hook]) => !hook.endsWith('_step'));
  expect(came.map(([hook, index]) => `${hook} ${index}`)).toEqual(
    hooks.map(([hook, index]) => `${hook} ${String(index)}`),
  );
  hooks.forEach(([hook, , logs], i) => {
    // Keras hands the outputs of a batch over; here they are what predict resolves to.
    if (hook === 'predict_batch_end') expect(came[i]![2]).toEqual({});
    else expectLogs(came[i]![2], logs ?? {});
  });
}

async function expectWeights(
  model: Awaited<ReturnType<typeof loopModel>>,
  golden: LoopCase['final_weights'],
) {
  const weights = await model.getWeights();
  weights.forEach(({ data }, w) =>
    golden[w]!.forEach((value, i) => expect(Math.abs(Number(data[i]) - value)).toBeLessThan(2e-5)),
  );
}

// Datasets and generators are not in this version.
const arrays = (kind: string) =>
  goldenCases<LoopCase>('loop', kind).filter(({ source }) => source === 'arrays');

describe('fit', () => {
  test.each(arrays('fit'))('$name', async (golden) => {
    const model = await loopModel(golden.compile.metrics, golden.compile.weighted_metrics);
    const { x, y } = pick(range(0, golden.samples));
    const recorder = new Recorder(golden.stop, golden.name === 'two-callbacks' ? 'first.' : '');
    const list = [recorder];
    if (recorder.prefix) list.push(new Recorder(undefined, 'second.', recorder.events));
    const fit = model.fit(x, y, { ...fitOptions(golden.arguments), callbacks: list });
    if (golden.fails) {
      await expect(fit).rejects.toMatchObject({ name: 'TabtrainError' });
    } else {
      const { history, epoch } = await fit;
      expect(epoch).toEqual(golden.epochs_run);
      expect(Object.keys(history)).toEqual(Object.keys(golden.history!));
      for (const [name, values] of Object.entries(golden.history!)) {
        values.forEach((value, i) => expectLogs({ [name]: history[name]![i]! }, { [name]: value }));
      }
      if (golden.events) expectEvents(recorder.events, golden.events);
    }
    await expectWeights(model, golden.final_weights);
  });
});

describe('evaluate', () => {
  test.each(arrays('evaluate'))('$name', async (golden) => {
    const model = await loopModel(golden.compile.metrics, golden.compile.weighted_metrics);
    const { x, y } = pick(range(0, golden.samples));
    const recorder = new Recorder(undefined);
    const { batch_size, steps, sample_weight } = golden.arguments;
    const result = await model.evaluate(x, y, {
      verbose: 0,
      callbacks: [recorder],
      batchSize: batch_size ?? null,
      steps: steps ?? null,
      sampleWeight: sample_weight ?? null,
      returnDict: true,
    });
    const names = golden.metrics_names!;
    expectLogs(result, Object.fromEntries(names.map((name, i) => [name, golden.result![i]])));
    if (golden.events) expectEvents(recorder.events, golden.events);
  });
});

describe('predict', () => {
  test.each(arrays('predict'))('$name', async (golden) => {
    const model = await loopModel();
    const recorder = new Recorder(undefined);
    const { batch_size, steps } = golden.arguments;
    const { shape } = await model.predict(pick(range(0, golden.samples)).x, {
      batchSize: batch_size ?? null,
      steps: steps ?? null,
      callbacks: [recorder],
    });
    expect(shape).toEqual(golden.result_shape);
    expectEvents(recorder.events, golden.events!);
  });
});
