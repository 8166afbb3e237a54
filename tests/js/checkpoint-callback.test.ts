// ModelCheckpoint driven hook by hook: what it prints and where it saves, against Keras.
import { describe, expect, test } from '@jest/globals';
import { callbacks, type Logs, type Model, type ModelCheckpointOptions } from 'tabtrain';
import { expectFailure } from './support/errors';
import { goldenCases, type GoldenCase } from './support/golden';
import { captureStdout } from './support/stdout';

interface CheckpointCase extends GoldenCase {
  readonly arguments: {
    readonly filepath: string;
    readonly monitor?: string;
    readonly verbose?: 0 | 1;
    readonly save_best_only?: boolean;
    readonly mode?: 'auto' | 'min' | 'max';
    readonly save_freq?: 'epoch' | number;
    readonly initial_value_threshold?: number;
  };
  readonly fails?: { readonly message: string };
  readonly constructor_warnings?: readonly string[];
  readonly events: readonly {
    readonly hook: 'epoch_begin' | 'train_batch_end' | 'epoch_end';
    readonly index: number;
    readonly logs: Readonly<Record<string, number | 'NaN'>>;
    readonly written: string;
    readonly warnings: readonly string[];
    readonly saved: readonly string[];
    readonly fails?: { readonly type: string; readonly message: string };
  }[];
}

const stdout = captureStdout();

function options({ arguments: golden }: CheckpointCase): ModelCheckpointOptions {
  const { save_best_only, save_freq, initial_value_threshold, ...same } = golden;
  return {
    ...same,
    saveWeightsOnly: true,
    saveBestOnly: save_best_only ?? false,
    saveFreq: save_freq ?? 'epoch',
    initialValueThreshold: initial_value_threshold ?? null,
  };
}

describe('as Keras', () => {
  // Keras takes an unknown mode for 'auto' with a warning; here it is refused, as any wrong option.
  const cases = goldenCases<CheckpointCase>('text', 'checkpoint').filter(
    ({ fails, constructor_warnings: warnings }) => !fails && warnings!.length === 0,
  );

  test.each(cases)('$name', async (golden) => {
    const callback = callbacks.modelCheckpoint(options(golden));
    const saved: string[] = [];
    const saveWeights = (path: string) => {
      saved.push(path);
      return Promise.resolve();
    };
    callback.setModel({ saveWeights } as unknown as Model);
    const hooks = {
      epoch_begin: 'onEpochBegin',
      train_batch_end: 'onTrainBatchEnd',
      epoch_end: 'onEpochEnd',
    } as const;
    for (const event of golden.events) {
      const name = hooks[event.hook];
      stdout.text = '';
      saved.length = 0;
      const logs: Logs = Object.fromEntries(
        Object.entries(event.logs).map(([key, value]) => [key, Number(value)]),
      );
      const call = async () => {
        if (callback.listens(name)) await callback[name](event.index, logs);
      };
      if (event.fails) {
        // Keras wraps a missing key only; str(KeyError) puts its text in quotes.
        const reason = event.fails.message.replace(/^'(Failed.*)'$/s, '$1').replaceAll("\\'", "'");
        await expectFailure(call, {
          code: 'INVALID_ARGUMENT',
          says: [reason.replace(/^"|"$/g, '')],
        });
      } else {
        await call();
        expect(stdout.text).toBe(
          event.written + event.warnings.map((line) => `${line}\n`).join(''),
        );
        expect(saved).toEqual(event.saved);
      }
    }
  });
});

describe('refuses', () => {
  const path = { filepath: 'a', saveWeightsOnly: true } as const;
  test.each<[object, string, (string | RegExp)[]]>([
    [{ saveWeightsOnly: true }, 'INVALID_ARGUMENT', ["missing option 'filepath'"]],
    [{ ...path, mode: 'best' }, 'INVALID_ARGUMENT', ['mode', "'min'", 'came "best"']],
    [{ ...path, saveFreq: 'batch' }, 'INVALID_ARGUMENT', ['saveFreq', "'epoch'", 'came "batch"']],
    [{ ...path, saveFreq: 2.5 }, 'INVALID_ARGUMENT', ['saveFreq', 'came 2.5']],
    [{ ...path, verbose: 3 }, 'INVALID_ARGUMENT', ['verbose', 'came 3']],
    [{ ...path, monitr: 'loss' }, 'INVALID_ARGUMENT', ["unknown option 'monitr'", "'monitor'"]],
  ])('%j', (wrong, code, says) =>
    expectFailure(() => callbacks.modelCheckpoint(wrong as ModelCheckpointOptions), { code, says }),
  );
});
