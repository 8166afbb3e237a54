import { invalid } from '../errors';
import type { EngineTensor } from '../engine/engine';
import type { Backup } from '../state/backup';
import { RunControl } from './control';
import { Feed } from './feed';
import { FitLoop, InferenceLoop } from './loops';
import type { Mutex } from './mutex';
import type {
  BackupRequest,
  HostClient,
  Outcome,
  RawTensor,
  Reply,
  RunAction,
  RunData,
  RunEvent,
  RunRequest,
  WireBatch,
} from './protocol';
import type { HostModel, Registry } from './registry';

/** A run that is under way, from its first request on. */
interface Entry {
  readonly control: RunControl;
  readonly feed: Feed;
}

/** Opens the directory in which the training state of a run is kept. */
export type OpenBackup = (
  request: BackupRequest,
  tell: (event: RunEvent) => void,
) => Promise<Backup>;

/** The runs that are under way: each from its tensors to its end, which frees them. */
export class Runs {
  readonly #entries = new Map<number, Entry>();
  readonly #registry: Registry;
  readonly #lock: Mutex;
  readonly #client: HostClient;
  readonly #openBackup: OpenBackup;

  constructor(registry: Registry, lock: Mutex, client: HostClient, openBackup: OpenBackup) {
    this.#registry = registry;
    this.#lock = lock;
    this.#client = client;
    this.#openBackup = openBackup;
  }

  /** Resolves when the action took effect; at once for a run that has ended. */
  async control(run: number, action: RunAction): Promise<void> {
    await this.#entries.get(run)?.control.apply(action);
  }

  /** A batch for a run; one that has ended needs none. */
  feed(run: number, request: number, batch: WireBatch | null, state: unknown): void {
    this.#entries.get(run)?.feed.give(request, batch, state);
  }

  async fit(id: number, request: RunRequest, data: RunData): Promise<Reply<Outcome<null>>> {
    let model: HostModel | undefined;
    let backup: Backup | null = null;
    const entry = this.#enter(request, new RunControl(request.paused, () => model!.hooked > 0));
    const { control } = entry;
    try {
      model = this.#registry.idleModel(id, 'model.fit');
      model.fit = control;
      model.runs.add(control);
      if (request.backup) {
        const tell = (event: RunEvent) => this.#client.event(request.run, event);
        backup = await this.#openBackup(request.backup, tell);
        backup.attach(entry.feed);
      }
      return await this.#fit(model, entry, request, data, backup);
    } finally {
      this.#leave(request, entry, data);
      control.finish();
      if (model) this.#registry.endRun(id, model, control);
      await backup?.close();
    }
  }

  #fit(
    model: HostModel,
    { control, feed }: Entry,
    request: RunRequest,
    data: RunData,
    backup: Backup | null,
  ) {
    return this.#lock.run(async () => {
      control.throwIfAborted();
      const registry = this.#registry;
      const run = await this.#withData('model.fit', request, feed, data, (...train) => {
        const { engine } = request;
        const validation = [
          registry.tensors(data.valX),
          registry.tensors(data.valY),
          data.valSampleWeight === null ? null : registry.tensor(data.valSampleWeight),
        ] as const;
        const resume = backup?.resume(model, engine, [...train, ...validation].flat()) ?? null;
        return model.engine.fit(JSON.stringify({ ...engine, resume }), ...train, ...validation);
      });
      try {
        await backup?.restore(run, feed);
        this.#begin(model, request.run, 'fit', run.steps(), run.batchSize(), run.plannedBytes());
        await new FitLoop(request, control, this.#lock, this.#client, feed).execute(run, backup);
        await backup?.finish();
        return registry.reply(model, { result: null, missing: run.insufficientData() });
      } finally {
        run.delete();
      }
    });
  }

  evaluate(id: number, request: RunRequest, data: RunData): Promise<Reply<Outcome<number[]>>> {
    return this.#infer(id, request, data, async (model, loop, feed) => {
      const json = JSON.stringify(request.engine);
      const run = await this.#withData('model.evaluate', request, feed, data, (...parts) =>
        model.engine.evaluate(json, ...parts),
      );
      try {
        this.#begin(model, request.run, 'evaluate', run.steps());
        return await loop.evaluate(run);
      } finally {
        run.delete();
      }
    });
  }

  predict(id: number, request: RunRequest, data: RunData): Promise<Reply<Outcome<RawTensor[]>>> {
    return this.#infer(id, request, data, async (model, loop, feed) => {
      const json = JSON.stringify(request.engine);
      const run = await this.#withData('model.predict', request, feed, data, (x) =>
        model.engine.predict(json, x),
      );
      try {
        this.#begin(model, request.run, 'predict', run.steps());
        return await loop.predict(run);
      } finally {
        run.delete();
      }
    });
  }

  /** Makes a run of its tensors or, where batches are fed, of the first one. */
  async #withData<T>(
    where: string,
    request: RunRequest,
    feed: Feed,
    data: RunData,
    make: (x: EngineTensor[], y: EngineTensor[], sampleWeight: EngineTensor | null) => T,
  ): Promise<T> {
    const registry = this.#registry;
    if (!request.engine['fed']) {
      const weight = data.sampleWeight === null ? null : registry.tensor(data.sampleWeight);
      return make(registry.tensors(data.x), registry.tensors(data.y), weight);
    }
    let run: T | undefined;
    feed.ask('train', false);
    await feed.take((...parts) => (run = make(...parts)));
    return run ?? invalid(`${where}: the dataset gave no batch`);
  }

  /** Batches of one run see the same weights: a fit of the model rests while hooks let others in. */
  async #infer<T>(
    id: number,
    request: RunRequest,
    data: RunData,
    task: (model: HostModel, loop: InferenceLoop, feed: Feed) => Promise<T>,
  ): Promise<Reply<T>> {
    const entry = this.#enter(request, new RunControl());
    const { control, feed } = entry;
    try {
      return await this.#lock.run(async () => {
        const model = this.#registry.model(id);
        model.runs.add(control);
        const hooked = request.hooks.length > 0 || request.engine['fed'] ? 1 : 0;
        model.hooked += hooked;
        try {
          const loop = new InferenceLoop(request, control, this.#lock, this.#client, feed);
          return this.#registry.reply(model, await task(model, loop, feed));
        } finally {
          model.hooked -= hooked;
          model.fit?.wake();
          this.#registry.endRun(id, model, control);
        }
      });
    } finally {
      this.#leave(request, entry, data);
    }
  }

  #enter({ run }: RunRequest, control: RunControl): Entry {
    const feed = new Feed(run, control, this.#lock, this.#client, this.#registry);
    const entry = { control, feed };
    this.#entries.set(run, entry);
    return entry;
  }

  #leave({ run }: RunRequest, { feed }: Entry, data: RunData): void {
    this.#entries.delete(run);
    feed.close();
    this.#registry.freeData(data);
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
