import { FitStep, type FitRun, type InferenceRun } from '../engine/engine';
import type { Backup } from '../state/backup';
import type { RunControl } from './control';
import type { Feed } from './feed';
import type { Mutex } from './mutex';
import type {
  BatchRequest,
  HookName,
  HostClient,
  HookCall,
  HookReply,
  Outcome,
  RawTensor,
  RunRequest,
} from './protocol';
import { Rows } from './rows';
import { Slicer } from './tasks';

/** Progress is sent at most this often, in milliseconds, and for the last batch. */
const PROGRESS_MS = 50;

/** The parts that fit, evaluate and predict share: hooks, progress, borders. */
class Runner {
  protected readonly slicer = new Slicer();
  readonly #hooks: ReadonlySet<HookName>;
  #progressAt = -Infinity;
  /** Whether the batch that is next is in the run, as the first one is that made it. */
  protected loaded: boolean;

  constructor(
    protected readonly request: RunRequest,
    protected readonly control: RunControl,
    protected readonly lock: Mutex,
    protected readonly client: HostClient,
    protected readonly batches: Feed,
  ) {
    this.#hooks = new Set(request.hooks);
    this.loaded = request.engine['fed'] === true;
  }

  /** Calls and awaits a hook that somebody listens to, with the engine free meanwhile. */
  protected async hook(
    name: HookName,
    index: number | null,
    logs: () => ArrayLike<number> | null = () => null,
    valLogs: readonly number[] | null = null,
    more: Pick<HookCall, 'restored'> = {},
  ): Promise<HookReply | void> {
    if (!this.#hooks.has(name)) return;
    const values = logs();
    const call = { name, index, logs: values && Array.from(values), valLogs, ...more };
    let reply: HookReply | void;
    this.lock.release();
    this.control.awaitingHook = true;
    try {
      reply = await this.client.hook(this.request.run, call);
    } finally {
      this.control.awaitingHook = false;
      await this.lock.acquire();
    }
    this.control.throwIfAborted();
    return reply;
  }

  /**
   * Waits for the batch that was asked for, asks for the one after it, unless there is none; whether one
   * came.
   */
  protected async feed(
    run: FitRun | InferenceRun,
    of: BatchRequest['of'],
    batch: number,
    steps: number,
  ): Promise<boolean> {
    const isLoaded = this.loaded;
    this.loaded = false;
    if (!isLoaded && !(await this.batches.take((...parts) => run.feed(...parts)))) return false;
    if (steps === 0 || batch + 1 < steps) this.batches.ask(of, false);
    return !isLoaded;
  }

  /** Asks for the first batch of a pass over a dataset, unless the run has it. */
  protected begin(of: BatchRequest['of']): void {
    if (of === 'validation' || !this.loaded) this.batches.ask(of, true);
  }

  protected end(batches: number, logs: readonly number[] | null): void {
    this.client.event(this.request.run, { type: 'end', batches, logs, time: performance.now() });
  }

  protected progress(batch: number, steps: number, logs: () => ArrayLike<number> | null): void {
    const time = performance.now();
    const isLast = steps > 0 && batch + 1 >= steps;
    if (batch > 0 && !isLast && time - this.#progressAt < PROGRESS_MS) return;
    this.#progressAt = time;
    const values = logs();
    this.client.event(this.request.run, {
      type: 'batch',
      batch,
      logs: values && Array.from(values),
      time,
    });
  }
}

/**
 * Keras's training loop over a {@link FitRun}. Holds the engine's lock except at yields, in a pause
 * and while a hook is awaited; what others do in these gaps leaves the run's bits unchanged.
 */
export class FitLoop extends Runner {
  #backup: Backup | null = null;

  /** Runs to the end; the lock must be held. Rejects at a batch border when aborted. */
  async execute(run: FitRun, backup: Backup | null): Promise<void> {
    const { engine } = this.request;
    const { fed, validation_fed: validationFed } = engine;
    // A pass whose batches are not counted is run to its end, which the dataset would not know of otherwise.
    const toEnd = fed && !engine['steps_per_epoch'];
    const validationToEnd = validationFed && !engine['validation_steps'];
    let trainBatch = 0;
    let testBatch = 0;
    let validated: number[] | null = null;
    let last: { logs: number[]; valLogs: number[] | null } | null = null;
    let done: number | null = null;
    this.#backup = backup;
    const restored = backup?.restored;
    await this.hook('onTrainBegin', null, undefined, null, restored ? { restored } : {});
    if (restored) {
      trainBatch = restored.batch;
      last = backup.last as typeof last;
      const isInEpoch = run.peek() !== FitStep.EpochBegin && run.peek() !== FitStep.TrainEnd;
      if (isInEpoch) this.#event('epochBegin', restored.epoch);
      this.loaded = false;
    }
    const backUp = (isFetched = false) => {
      if (this.control.saveRequested) backup?.request();
      this.control.saveRequested = false;
      // Nobody could go on from before the batch that made the run, or where the pass may have ended.
      const isOpen = fed && run.steps() === 0 && run.peek() === FitStep.TrainBatch;
      const isPlace = !validated && !this.loaded && (isFetched || !isOpen);
      backup?.atBorder(run, done, isPlace ? { last, isFetched } : null);
      done = null;
    };
    for (;;) {
      await this.#border(() => backUp());
      backUp();
      const next = run.peek();
      if (next === FitStep.TrainEnd) {
        if (backup?.isDue) {
          await backup.settle();
          backUp();
        }
        run.next();
        break;
      }
      const steps = run.steps();
      if (next === FitStep.TrainBatch) {
        await this.hook('onTrainBatchBegin', trainBatch);
        const isFed = fed && (await this.feed(run, 'train', trainBatch, toEnd ? 0 : steps));
        if (isFed && steps === 0) backUp(true);
      }
      if (next === FitStep.ValidationBatch) {
        await this.hook('onTestBatchBegin', testBatch);
        const wanted = validationToEnd ? 0 : run.validationSteps();
        if (validationFed) await this.feed(run, 'validation', testBatch, wanted);
      }
      // A run that was paused or held meanwhile must rest before this batch, not after it.
      if (this.control.resting) await this.#border();
      done = run.next();
      switch (done) {
        case FitStep.EpochBegin:
          trainBatch = 0;
          await this.hook('onEpochBegin', run.epoch());
          this.#event('epochBegin', run.epoch());
          if (fed) this.begin('train');
          break;
        case FitStep.TrainBatch:
          await this.hook('onTrainBatchEnd', trainBatch, () => run.logs());
          this.progress(trainBatch, steps, () => run.logs());
          if (++trainBatch === steps && toEnd) await this.batches.take(() => {});
          this.#stopIfAsked(run);
          break;
        case FitStep.ValidationBegin:
          testBatch = 0;
          await this.hook('onTestBegin', null);
          if (validationFed) this.begin('validation');
          break;
        case FitStep.ValidationBatch:
          await this.hook('onTestBatchEnd', testBatch++, () => run.validationLogs());
          if (testBatch === run.validationSteps() && validationToEnd) {
            await this.batches.take(() => {});
          }
          break;
        case FitStep.ValidationEnd:
          validated = Array.from(run.validationLogs());
          await this.hook('onTestEnd', null, () => validated);
          break;
        case FitStep.EpochEnd: {
          const epoch = run.epoch();
          last = { logs: Array.from(run.logs()), valLogs: validated };
          await this.hook('onEpochEnd', epoch, () => last!.logs, last.valLogs);
          this.client.event(this.request.run, {
            type: 'epochEnd',
            epoch,
            batches: trainBatch,
            ...last,
            time: performance.now(),
          });
          validated = null;
          this.#stopIfAsked(run);
          break;
        }
      }
    }
    await this.hook('onTrainEnd', null, () => last?.logs ?? null, last?.valLogs ?? null);
    this.end(trainBatch, null);
  }

  protected override async hook(...args: Parameters<Runner['hook']>): Promise<HookReply | void> {
    const reply = await super.hook(...args);
    if (reply) this.#backup?.note(reply);
  }

  /** As in Keras, a stop asked for before a batch takes effect after it. */
  #stopIfAsked(run: FitRun): void {
    if (this.control.stopRequested) run.stop();
  }

  #event(type: 'epochBegin', epoch: number): void {
    this.client.event(this.request.run, { type, epoch, time: performance.now() });
  }

  /** `backUp` is given where the state is one to go on from. */
  async #border(backUp: (() => void) | null = null): Promise<void> {
    this.control.throwIfAborted();
    if (!this.control.resting && !this.slicer.due()) return;
    do {
      this.lock.release();
      try {
        await this.slicer.yield();
        await this.control.rest(backUp !== null);
      } finally {
        await this.lock.acquire();
      }
      this.control.throwIfAborted();
      if (this.control.saveRequested) backUp?.();
      if (backUp && this.control.resting && this.#backup?.isDue) {
        // It waits for a write, and no later border comes while the run rests.
        await this.#backup.settle();
        backUp();
      }
    } while (this.control.resting);
  }
}

/**
 * Evaluation and prediction: they hold the lock except while a hook is awaited; then {@link Runs} holds
 * the fit of the model. So all batches see the same weights.
 */
export class InferenceLoop extends Runner {
  async evaluate(run: InferenceRun): Promise<Outcome<number[]>> {
    const missing = await this.#execute(run, 'Test', () => run.logs());
    const logs = Array.from(run.logs());
    await this.hook('onTestEnd', null, () => logs);
    this.end(run.batch() + 1, logs);
    return { result: logs, missing };
  }

  async predict(run: InferenceRun): Promise<Outcome<RawTensor[]>> {
    const outputs: Rows[] = [];
    const missing = await this.#execute(
      run,
      'Predict',
      () => null,
      () => {
        for (let i = 0; i < run.outputs(); ++i) {
          (outputs[i] ??= new Rows(run.rows())).add(run.output(i), run.outputShape(i));
        }
      },
    );
    await this.hook('onPredictEnd', null);
    this.end(run.batch() + 1, null);
    return { result: outputs.map((rows) => rows.result()), missing };
  }

  /** Resolves to the batches that were asked for where there was less data; else 0. */
  async #execute(
    run: InferenceRun,
    kind: 'Test' | 'Predict',
    logs: () => ArrayLike<number> | null,
    done = () => {},
  ): Promise<number> {
    const steps = run.steps();
    const { fed } = this.request.engine;
    await this.hook(`on${kind}Begin`, null);
    for (let batch = 0; ; ++batch) {
      if (this.slicer.due()) await this.slicer.yield();
      this.control.throwIfAborted();
      if (steps === 0 || batch < steps) {
        await this.hook(`on${kind}BatchBegin`, batch);
        if (fed) await this.feed(run, 'train', batch, steps);
      }
      if (!run.next()) return batch < steps ? steps : 0;
      done();
      await this.hook(`on${kind}BatchEnd`, batch, logs);
      this.progress(batch, steps, logs);
    }
  }
}
