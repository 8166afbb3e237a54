import { came, didYouMean, invalid } from '../errors';
import type { HookName } from '../host/protocol';
import { Callback } from './callback';

/** The names of all hooks. */
export const HOOK_NAMES: readonly HookName[] = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onTestBegin',
  'onTestEnd',
  'onTestBatchBegin',
  'onTestBatchEnd',
  'onPredictBegin',
  'onPredictEnd',
  'onPredictBatchBegin',
  'onPredictBatchEnd',
];

/** Functions for any of the hooks, and for the state that they have; Keras's `onBatchBegin`/`onBatchEnd` mean the training batches. */
export type LambdaHooks = Partial<
  Pick<Callback, HookName | 'onProgress' | 'getState' | 'setState'>
> & {
  readonly onBatchBegin?: Callback['onTrainBatchBegin'];
  readonly onBatchEnd?: Callback['onTrainBatchEnd'];
};

const ALIASES: Readonly<Record<string, HookName>> = {
  onBatchBegin: 'onTrainBatchBegin',
  onBatchEnd: 'onTrainBatchEnd',
};

/** A callback made of functions. */
export class LambdaCallback extends Callback {
  static override readonly className = 'LambdaCallback';

  /** @throws TabtrainError `INVALID_ARGUMENT` for an unknown hook or one that is no function. */
  constructor(hooks: LambdaHooks = {}) {
    super();
    const known = [...HOOK_NAMES, 'onProgress', 'getState', 'setState', ...Object.keys(ALIASES)];
    for (const [name, hook] of Object.entries(hooks)) {
      if (!known.includes(name)) {
        invalid(`callbacks.lambdaCallback: unknown hook '${name}'${didYouMean(name, known)}`);
      }
      if (hook === undefined || hook === null) continue;
      if (typeof hook !== 'function') {
        invalid(`callbacks.lambdaCallback: ${name}: expected a function, came ${came(hook)}`);
      }
      Object.defineProperty(this, ALIASES[name] ?? name, { value: hook });
    }
  }
}
