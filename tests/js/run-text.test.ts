// Everything that fit, evaluate and predict print, to the character, on a clock that the test moves.
import { join } from 'node:path';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { callbacks, type CallbackLike } from 'tabtrain';
import { goldenCases, type GoldenCase } from './support/golden';
import { loopModel, pattern } from './support/loopData';
import { temporaryDirectory } from './support/models';
import { captureStdout } from './support/stdout';

interface RunCase extends GoldenCase {
  readonly method: 'fit' | 'evaluate' | 'predict';
  readonly samples: number;
  readonly batch_size: number;
  readonly source: 'arrays' | 'function';
  readonly rates: readonly number[] | null;
  readonly arguments: {
    readonly epochs?: number;
    readonly initial_epoch?: number;
    readonly steps_per_epoch?: number;
    readonly validation?: boolean;
    readonly verbose?: 0 | 1 | 2;
  };
  readonly checkpoint: {
    readonly filepath: string;
    readonly save_best_only?: boolean;
    readonly save_freq?: number;
  } | null;
  readonly seconds_per_batch: number;
  readonly seconds_per_test_batch: number;
  readonly stdout: string;
}

/** Samples `begin` to `end` of the 16 that run_case in make_text.py makes. */
function part(begin: number, end: number) {
  const x = { data: pattern(16 * 4, 4).slice(begin * 4, end * 4), shape: [end - begin, 4] };
  return { x, y: Int32Array.from({ length: end - begin }, (_, i) => ((begin + i) * 5) % 3) };
}

const directory = temporaryDirectory();
let seconds = 1000; // of the clock in make_text.py
const stdout = captureStdout();

beforeEach(() => {
  seconds = 1000;
  jest.spyOn(performance, 'now').mockImplementation(() => seconds * 1000);
});

describe('printed by', () => {
  test.each(goldenCases<RunCase>('text', 'run'))('$name', async (golden) => {
    const model = await loopModel();
    const tick = (by: number) => () => {
      seconds += by;
    };
    const list: CallbackLike[] = [
      {
        onTrainBatchBegin: tick(golden.seconds_per_batch),
        onTestBatchBegin: tick(golden.seconds_per_test_batch),
        onPredictBatchBegin: tick(golden.seconds_per_test_batch),
      },
    ];
    if (golden.checkpoint) {
      const { filepath, save_best_only = false, save_freq = 'epoch' } = golden.checkpoint;
      list.push(
        callbacks.modelCheckpoint({
          filepath: join(directory, filepath),
          saveWeightsOnly: true,
          verbose: 1,
          saveBestOnly: save_best_only,
          saveFreq: save_freq,
        }),
      );
    }
    const { rates } = golden;
    if (rates) {
      list.push(callbacks.learningRateScheduler((epoch) => rates[epoch]!, { verbose: 1 }));
    }
    const { epochs, initial_epoch, steps_per_epoch, validation, verbose } = golden.arguments;
    const { x, y } = part(0, golden.samples);
    const { samples, batch_size: size } = golden;
    const isFed = golden.source === 'function';
    const batches = function* () {
      for (let i = 0; i < samples; i += size) {
        const { x, y } = part(i, Math.min(i + size, samples));
        yield [x, y] as const;
      }
    };
    const common = {
      ...(isFed ? {} : { batchSize: size }),
      callbacks: list,
      ...(verbose === undefined ? {} : { verbose }),
    };
    if (isFed) {
      await (golden.method === 'fit'
        ? model.fit(batches, { ...common, epochs: epochs ?? 1 })
        : model[golden.method](batches, common));
    } else if (golden.method === 'fit') {
      const rest = part(golden.samples, 16);
      await model.fit(x, y, {
        ...common,
        epochs: epochs ?? 1,
        initialEpoch: initial_epoch ?? 0,
        stepsPerEpoch: steps_per_epoch ?? null,
        validationData: validation ? [rest.x, rest.y] : null,
        shuffle: false,
      });
    } else if (golden.method === 'evaluate') await model.evaluate(x, y, common);
    else await model.predict(x, common);
    expect(stdout.text.replaceAll(`${directory}/`, '')).toBe(golden.stdout);
  });
});
