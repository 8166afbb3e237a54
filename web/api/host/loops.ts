import { FitStep, type EvaluateRun, type FitRun, type PredictRun } from '../engine/engine';
import type { RunControl } from './control';
import type { Mutex } from './mutex';
import type { HookName, HostClient, RawTensor, RunRequest } from './protocol';
import { Slicer } from './tasks';

/** Progress is sent at most this often, in milliseconds, and for the last batch. */
const PROGRESS_MS = 50;

/** The parts that fit, evaluate and predict share: hooks, progress, borders. */
class Runner {
  protected readonly slicer = new Slicer();
  readonly #hooks: ReadonlySet<HookName>;
  #progressAt = -Infinity;

  constructor(
    protected readonly request: RunRequest,
    protected readonly control: RunControl,
    protected readonly lock: Mutex,
    protected readonly client: HostClient,
  ) {
    this.#hooks = new Set(request.hooks);
  }

  /** Calls and awaits a hook that somebody listens to, with the engine free meanwhile. */
  protected async hook(
    name: HookName,
    index: number | null,
    logs: () => ArrayLike<number> | null = () => null,
    valLogs: readonly number[] | null = null,
  ): Promise<void> {
    if (!this.#hooks.has(name)) return;
    const values = logs();
    const call = { name, index, logs: values && Array.from(values), valLogs };
    this.lock.release();
    this.control.awaitingHook = true;
    try {
      await this.client.hook(this.request.run, call);
    } finally {
      this.control.awaitingHook = false;
      await this.lock.acquire();
    }
    this.control.throwIfAborted();
  }

  protected progress(batch: number, steps: number, logs: () => ArrayLike<number> | null): void {
    const time = performance.now();
    if (batch > 0 && batch + 1 < steps && time - this.#progressAt < PROGRESS_MS) return;
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
  /** Runs to the end; the lock must be held. Rejects at a batch border when aborted. */
  async execute(run: FitRun): Promise<void> {
    const steps = run.steps();
    let trainBatch = 0;
    let testBatch = 0;
    let validated: number[] | null = null;
    let last: { logs: number[]; valLogs: number[] | null } | null = null;
    await this.hook('onTrainBegin', null);
    for (;;) {
      await this.#border();
      const next = run.peek();
      if (next === FitStep.TrainEnd) {
        run.next();
        break;
      }
      if (next === FitStep.TrainBatch) await this.hook('onTrainBatchBegin', trainBatch);
      if (next === FitStep.ValidationBatch) await this.hook('onTestBatchBegin', testBatch);
      // A run that was paused or held during the hook must rest before this batch, not after it.
      if (this.control.resting) await this.#border();
      switch (run.next()) {
        case FitStep.EpochBegin:
          trainBatch = 0;
          validated = null;
          await this.hook('onEpochBegin', run.epoch());
          this.#event('epochBegin', run.epoch());
          break;
        case FitStep.TrainBatch:
          await this.hook('onTrainBatchEnd', trainBatch, () => run.logs());
          this.progress(trainBatch, steps, () => run.logs());
          ++trainBatch;
          this.#stopIfAsked(run);
          break;
        case FitStep.ValidationBegin:
          testBatch = 0;
          await this.hook('onTestBegin', null);
          break;
        case FitStep.ValidationBatch:
          await this.hook('onTestBatchEnd', testBatch++, () => run.validationLogs());
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
            ...last,
            time: performance.now(),
          });
          this.#stopIfAsked(run);
          break;
        }
      }
    }
    await this.hook('onTrainEnd', null, () => last?.logs ?? null, last?.valLogs ?? null);
    this.client.event(this.request.run, { type: 'end', logs: null, time: performance.now() });
  }

  /** As in Keras, a stop asked for before a batch takes effect after it. */
  #stopIfAsked(run: FitRun): void {
    if (this.control.stopRequested) run.stop();
  }

  #event(type: 'epochBegin', epoch: number): void {
    this.client.event(this.request.run, { type, epoch, time: performance.now() });
  }

  async #border(): Promise<void> {
    this.control.throwIfAborted();
    if (!this.control.resting && !this.slicer.due()) return;
    do {
      this.lock.release();
      try {
        await this.slicer.yield();
        await this.control.rest();
      } finally {
        await this.lock.acquire();
      }
      this.control.throwIfAborted();
    } while (this.control.resting);
  }
}

/**
 * Evaluation and prediction: they hold the lock except while a hook is awaited; then {@link Runs} holds
 * the fit of the model. So all batches see the same weights.
 */
export class InferenceLoop extends Runner {
  async evaluate(run: EvaluateRun): Promise<number[]> {
    await this.#execute(run, 'Test', () => run.logs());
    const logs = Array.from(run.logs());
    await this.hook('onTestEnd', null, () => logs);
    this.client.event(this.request.run, { type: 'end', logs, time: performance.now() });
    return logs;
  }

  async predict(run: PredictRun): Promise<RawTensor[]> {
    await this.#execute(run, 'Predict', () => null);
    const outputs: RawTensor[] = [];
    for (let i = 0; i < run.outputs(); ++i) {
      const shape = Array.from(run.outputShape(i));
      outputs.push({ bytes: run.output(i).slice(), shape });
    }
    await this.hook('onPredictEnd', null);
    this.client.event(this.request.run, { type: 'end', logs: null, time: performance.now() });
    return outputs;
  }

  async #execute(
    run: EvaluateRun | PredictRun,
    kind: 'Test' | 'Predict',
    logs: () => ArrayLike<number> | null,
  ): Promise<void> {
    const steps = run.steps();
    await this.hook(`on${kind}Begin`, null);
    for (let batch = 0; ; ++batch) {
      if (this.slicer.due()) await this.slicer.yield();
      this.control.throwIfAborted();
      if (batch < steps) await this.hook(`on${kind}BatchBegin`, batch);
      if (!run.next()) break;
      await this.hook(`on${kind}BatchEnd`, batch, logs);
      this.progress(batch, steps, logs);
    }
  }
}
