import { copyOfState } from '../client/batches';
import { came, invalid } from '../errors';
import type { HookCall, HookName, HookReply, Restored, RunEvent } from '../host/protocol';
import { print } from '../text/print';
import type { RunListener } from '../client/connection';
import type { Model } from '../model/model';
import { Callback, type Logs } from './callback';
import { HOOK_NAMES, LambdaCallback, type LambdaHooks } from './lambdaCallback';
import type { History } from './history';

/** Callbacks as users may give them: instances, records of hooks, one or a list. */
export type CallbacksOption = CallbackLike | readonly CallbackLike[];
export type CallbackLike = Callback | LambdaHooks;

/** The callbacks of an option; `INVALID_ARGUMENT` for anything else. */
export function toCallbacks(
  argument: string,
  option: CallbacksOption | null | undefined,
): Callback[] {
  const list: readonly unknown[] = Array.isArray(option) ? option : option ? [option] : [];
  return list.map((each) => {
    if (each instanceof Callback) return each;
    if (each !== null && typeof each === 'object' && !Array.isArray(each)) {
      return new LambdaCallback(each);
    }
    return invalid(`${argument}: expected callbacks, came ${came(each)}`);
  });
}

/** Hooks by which kind of logs they get. */
const WITH_INDEX: ReadonlySet<HookName> = new Set<HookName>(
  HOOK_NAMES.filter((name) => /Epoch|Batch/.test(name)),
);

/**
 * Calls the callbacks of one run in Keras's order: the user's, then History, then the progress lines.
 * Hooks are awaited one after the other; progress is not awaited.
 */
export class CallbackList implements RunListener {
  readonly #user: readonly Callback[];
  readonly #history: History | null;
  readonly #progress: readonly Callback[];
  readonly #model: Model;
  readonly #begun: (event: RunEvent & { type: 'begin' }) => readonly string[];
  readonly #params: { verbose: number; epochs: number };
  #kind: 'fit' | 'evaluate' | 'predict' = 'fit';
  /** Of the logs; from the run's begin, since the model may be disposed while events are on their way. */
  #names: readonly string[] = [];
  /** What the callbacks made of the logs of an epoch's end. */
  #ended: Logs | null = null;
  /** The callbacks whose state is kept; null where the run is not backed up. */
  readonly #stateful: readonly Callback[] | null;
  /** The reasons why a place was not saved, each said once. */
  readonly #reasons = new Set<string>();
  /** What a hook threw; the run's own rejection then only repeats its text. */
  thrown: { error: unknown } | null = null;

  /** @param begun is told of the run's begin, and answers with the names of its logs. */
  constructor(
    model: Model,
    user: readonly Callback[],
    own: { history: History | null; progress: readonly Callback[] },
    params: { verbose: number; epochs: number },
    begun: (event: RunEvent & { type: 'begin' }) => readonly string[],
    stateful: readonly Callback[] | null = null,
  ) {
    this.#stateful = stateful;
    this.#model = model;
    this.#user = user;
    this.#history = own.history;
    this.#progress = [...user, ...own.progress];
    this.#params = params;
    this.#begun = begun;
  }

  get verbose(): number {
    return this.#params.verbose;
  }

  /** The hooks that somebody listens to, and those that a run needs which is backed up. */
  hooks(): HookName[] {
    return HOOK_NAMES.filter(
      (name) =>
        this.#user.some((callback) => callback.listens(name)) ||
        (this.#stateful && ['onTrainBegin', 'onEpochEnd'].includes(name)),
    );
  }

  event(event: RunEvent): void {
    switch (event.type) {
      case 'begin':
        this.#names = this.#begun(event);
        this.#kind = event.kind;
        for (const callback of [...this.#progress, ...(this.#history ? [this.#history] : [])]) {
          callback.setModel(this.#model);
          callback.setParams({ ...this.#params, steps: event.steps || null });
        }
        this.#history?.onTrainBegin();
        this.#tell({ type: 'begin', kind: event.kind, time: event.time });
        break;
      case 'epochBegin':
        this.#tell(event);
        break;
      case 'batch':
        this.#tell({ ...event, logs: this.#logs(event.logs) });
        break;
      case 'epochEnd': {
        const logs = this.#ended ?? this.#logs(event.logs, event.valLogs);
        this.#ended = null;
        this.#history?.onEpochEnd(event.epoch, logs);
        const { epoch, batches, time } = event;
        this.#tell({ type: 'epochEnd', epoch, batches, logs, time });
        break;
      }
      case 'end':
        this.#tell({ ...event, logs: this.#logs(event.logs) });
        break;
      case 'saved':
        this.#tell(event);
        break;
      case 'unsaved':
        if (!this.#reasons.has(event.reason)) this.#warn(event.reason);
        this.#reasons.add(event.reason);
        this.#tell(event);
        break;
      case 'need':
        break;
    }
  }

  #tell(progress: Parameters<Callback['onProgress']>[0]): void {
    for (const callback of this.#progress) {
      const note = (error: unknown) => {
        this.thrown ??= { error };
      };
      try {
        // Whatever the type says: an async one must not reject unnoticed.
        const done = callback.onProgress(progress) as unknown;
        if (done instanceof Promise) done.catch(note);
      } catch (error) {
        note(error);
      }
    }
  }

  async hook(call: HookCall): Promise<HookReply | void> {
    const { name, index, logs, valLogs, restored } = call;
    if (this.thrown) throw this.thrown.error;
    const named = this.#logs(logs, valLogs);
    if (name === 'onEpochEnd') this.#ended = named;
    try {
      for (const callback of this.#user) {
        if (!callback.listens(name)) continue;
        if (WITH_INDEX.has(name)) {
          await (callback[name] as (index: number, logs: Logs) => unknown)(index!, named);
        } else {
          await (callback[name] as (logs: Logs) => unknown)(named);
        }
      }
      if (restored) await this.#restore(restored);
      if (this.#stateful) return this.#reply(name, index, named);
    } catch (error) {
      this.thrown ??= { error };
      throw error;
    }
  }

  async #restore({ callbacks, history, ...where }: Restored): Promise<void> {
    this.#history?.restore(history);
    for (const [i, callback] of this.#stateful!.entries()) await callback.setState?.(callbacks[i]);
    for (const warning of where.warnings) this.#warn(warning);
    const { epoch, batch, savedAt, warnings } = where;
    this.#tell({ type: 'resumed', epoch, batch, savedAt, history, warnings });
  }

  /** Copies of the states that a hook can have changed. */
  #reply(name: HookName, index: number | null, logs: Logs): HookReply {
    const states: [number, unknown][] = [];
    for (const [i, callback] of this.#stateful!.entries()) {
      if (name !== 'onTrainBegin' && !callback.listens(name)) continue;
      states.push([i, copyOfState(callback, `model.fit: callbacks: ${callback.className}`)]);
    }
    return { states, epoch: name === 'onEpochEnd' ? { epoch: index!, logs: { ...logs } } : null };
  }

  #warn(sentence: string): void {
    if (this.verbose > 0) print(`WARNING: ${sentence}\n`);
  }

  #logs(values: readonly number[] | null, valValues: readonly number[] | null = null): Logs {
    if (!values) return {};
    const names = this.#names;
    const logs: Record<string, number> = {};
    values.forEach((value, i) => (logs[names[i]!] = value));
    valValues?.forEach((value, i) => (logs[`val_${names[i]!}`] = value));
    return this.#kind === 'predict' ? {} : logs;
  }
}
