import { RunControl } from './control';
import { FitLoop, InferenceLoop } from './loops';
import type { Mutex } from './mutex';
import type { HostClient, RawTensor, Reply, RunAction, RunData, RunRequest } from './protocol';
import type { HostModel, Registry } from './registry';

/** The runs that are under way: each from its tensors to its end, which frees them. */
export class Runs {
  readonly #controls = new Map<number, RunControl>();
  readonly #registry: Registry;
  readonly #lock: Mutex;
  readonly #client: HostClient;

  constructor(registry: Registry, lock: Mutex, client: HostClient) {
    this.#registry = registry;
    this.#lock = lock;
    this.#client = client;
  }

  /** Resolves when the action took effect; at once for a run that has ended. */
  async control(run: number, action: RunAction): Promise<void> {
    await this.#controls.get(run)?.apply(action);
  }

  async fit(
    id: number,
    request: RunRequest,
    data: RunData,
  ): Promise<Reply<{ insufficientData: boolean }>> {
    let model: HostModel | undefined;
    const control = new RunControl(request.paused, () => model!.hooked > 0);
    try {
      model = this.#registry.idleModel(id, 'model.fit');
      model.fit = control;
      model.runs.add(control);
      this.#controls.set(request.run, control);
      return await this.#fit(model, control, request, data);
    } finally {
      this.#controls.delete(request.run);
      control.finish();
      this.#registry.freeData(data);
      if (model) this.#registry.endRun(id, model, control);
    }
  }

  #fit(model: HostModel, control: RunControl, request: RunRequest, data: RunData) {
    return this.#lock.run(async () => {
      control.throwIfAborted();
      const registry = this.#registry;
      const run = model.engine.fit(
        JSON.stringify(request.engine),
        registry.tensors(data.x),
        registry.tensors(data.y),
        data.sampleWeight === null ? null : registry.tensor(data.sampleWeight),
        registry.tensors(data.valX),
        registry.tensors(data.valY),
        data.valSampleWeight === null ? null : registry.tensor(data.valSampleWeight),
      );
      try {
        this.#begin(model, request.run, 'fit', run.steps(), run.batchSize(), run.plannedBytes());
        await new FitLoop(request, control, this.#lock, this.#client).execute(run);
        return registry.reply(model, { insufficientData: run.insufficientData() });
      } finally {
        run.delete();
      }
    });
  }

  evaluate(id: number, request: RunRequest, data: RunData): Promise<Reply<number[]>> {
    return this.#infer(id, request, data, async (model, loop) => {
      const weight = data.sampleWeight === null ? null : this.#registry.tensor(data.sampleWeight);
      const run = model.engine.evaluate(
        JSON.stringify(request.engine),
        this.#registry.tensors(data.x),
        this.#registry.tensors(data.y),
        weight,
      );
      try {
        this.#begin(model, request.run, 'evaluate', run.steps());
        return await loop.evaluate(run);
      } finally {
        run.delete();
      }
    });
  }

  predict(id: number, request: RunRequest, data: RunData): Promise<Reply<RawTensor[]>> {
    return this.#infer(id, request, data, async (model, loop) => {
      const run = model.engine.predict(
        JSON.stringify(request.engine),
        this.#registry.tensors(data.x),
      );
      try {
        this.#begin(model, request.run, 'predict', run.steps());
        return await loop.predict(run);
      } finally {
        run.delete();
      }
    });
  }

  /** Batches of one run see the same weights: a fit of the model rests while hooks let others in. */
  async #infer<T>(
    id: number,
    request: RunRequest,
    data: RunData,
    task: (model: HostModel, loop: InferenceLoop) => Promise<T>,
  ): Promise<Reply<T>> {
    const control = new RunControl();
    this.#controls.set(request.run, control);
    try {
      return await this.#lock.run(async () => {
        const model = this.#registry.model(id);
        model.runs.add(control);
        const hooked = request.hooks.length > 0 ? 1 : 0;
        model.hooked += hooked;
        try {
          const loop = new InferenceLoop(request, control, this.#lock, this.#client);
          return this.#registry.reply(model, await task(model, loop));
        } finally {
          model.hooked -= hooked;
          model.fit?.wake();
          this.#registry.endRun(id, model, control);
        }
      });
    } finally {
      this.#controls.delete(request.run);
      this.#registry.freeData(data);
    }
  }

  #begin(
    model: HostModel,
    run: number,
    kind: 'fit' | 'evaluate' | 'predict',
    steps: number,
    batchSize = 0,
    plannedBytes = 0,
  ): void {
    const state = this.#registry.state(model);
    this.#client.event(run, {
      type: 'begin',
      kind,
      steps,
      batchSize,
      plannedBytes,
      ...(state ? { state } : {}),
      time: performance.now(),
    });
  }
}
