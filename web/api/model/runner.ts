import { TabtrainError } from '../errors';
import type { CallbackList } from '../callbacks/list';
import type { Batches } from '../client/batches';
import type { Connection } from '../client/connection';
import { freeTensors, throwIfAborted, upload } from '../client/upload';
import { toSource, type Source } from '../data/convert';
import type { Data } from '../data/tensor';
import type { BatchRequest, EngineApi, RunAction, RunData, RunRequest } from '../host/protocol';
import { checkSamples, type ValidationData } from './options';

/** The three methods of the host that run over data, as one. */
export type RunCall<M extends 'fit' | 'evaluate' | 'predict'> = (
  method: M,
  request: RunRequest,
  data: RunData,
) => Promise<Awaited<ReturnType<EngineApi[M]>>['value']>;

/** As Keras warns where there were fewer than the `batches` that were asked for. */
export const outOfData = (batches: number): string =>
  'WARNING: Your input ran out of data; interrupting training. Make sure that your dataset or ' +
  'generator can generate at least `steps_per_epoch * epochs` batches ' +
  `(in this case, ${batches} batches).`;

/** What a run takes in: data, null where it has none, or datasets instead. */
export interface RunInputs {
  readonly x: Data | null;
  readonly y: Data | null;
  readonly sampleWeight?: Data | null | undefined;
  readonly validationData?: ValidationData | null | undefined;
  readonly datasets: Readonly<Partial<Record<BatchRequest['of'], Batches>>>;
}

/** Calls `task` when a page may be about to end, which browsers announce by hiding it; undone by the result. */
function onHidden(task: () => void): () => void {
  if (typeof document !== 'object') return () => {};
  const note = () => document.visibilityState === 'hidden' && task();
  document.addEventListener('visibilitychange', note);
  document.addEventListener('freeze', task);
  return () => {
    document.removeEventListener('visibilitychange', note);
    document.removeEventListener('freeze', task);
  };
}

/** One fit, evaluate or predict, from its data to its end. */
export class Run {
  readonly #where: string;
  readonly #signal: AbortSignal | undefined;
  #sent: { connection: Connection; id: number } | null = null;
  #paused = false;
  #stopRequested = false;

  constructor(where: string, signal?: AbortSignal) {
    this.#where = where;
    this.#signal = signal;
  }

  /** Whether the engine knows of the run; before that, its data are on their way. */
  get hasBegun(): boolean {
    return this.#sent !== null;
  }

  /** Checks the data: types, shapes, and that all parts have as many samples. */
  async sources(inputs: RunInputs): Promise<Record<keyof RunData, Source | null>> {
    const at = (name: string) => `${this.#where}: ${name}`;
    const source = (name: string, data: Data | null | undefined) =>
      data === null || data === undefined ? null : toSource(at(name), data);
    throwIfAborted(this.#signal, this.#where);
    const x = inputs.datasets.train ? null : await toSource(at('x'), inputs.x!);
    const y = inputs.y === null ? null : await toSource(at('y'), inputs.y);
    const sampleWeight = await source('sampleWeight', inputs.sampleWeight);
    checkSamples(this.#where, [['x', x], ['y', y], ['sampleWeight', sampleWeight]]); // prettier-ignore
    const [vx, vy, vw] = inputs.validationData ?? [];
    const valX = await source('validationData[0]', vx);
    const valY = await source('validationData[1]', vy);
    const valSampleWeight = await source('validationData[2]', vw);
    checkSamples(`${this.#where}: validationData`, [
      ['x', valX],
      ['y', valY],
      ['sampleWeight', valSampleWeight],
    ]);
    return { x, y, sampleWeight, valX, valY, valSampleWeight };
  }

  /** Copies the data over, calls `start`, and keeps the callbacks informed until it ends. */
  async execute<T>(
    connection: Connection,
    sources: Record<keyof RunData, Source | null>,
    request: Omit<RunRequest, 'run' | 'paused' | 'hooks'>,
    callbacks: CallbackList,
    datasets: RunInputs['datasets'],
    start: (request: RunRequest, data: RunData) => Promise<T>,
  ): Promise<T> {
    const id = connection.newId();
    const data = await this.#upload(connection, sources);
    const abort = () => void this.#control('abort');
    const answer = async ({ of, anew, id: number, state: before }: BatchRequest) => {
      try {
        if (before) await datasets[of]!.setState(before[0]);
        const batch = await datasets[of]!.next(anew, connection.crossesThreads);
        const parts = batch && connection.crossesThreads ? [...batch.x, ...batch.y] : [];
        if (batch?.sampleWeight && parts.length > 0) parts.push(batch.sampleWeight);
        const transfer = new Set(parts.map(({ bytes }) => bytes.buffer));
        const state = request.backup ? datasets[of]!.state() : undefined;
        await connection.call('feed', [id, number, batch, state], [...transfer]);
      } catch (error) {
        callbacks.thrown ??= { error };
        abort();
      }
    };
    let stopWatching = () => {};
    const end = () => Promise.all(Object.values(datasets).map((each) => each.end()));
    connection.listen(id, {
      event: (event) => (event.type === 'need' ? void answer(event) : callbacks.event(event)),
      hook: (call) => callbacks.hook(call),
    });
    try {
      throwIfAborted(this.#signal, this.#where);
      this.#sent = { connection, id };
      const result = start(
        { ...request, run: id, hooks: callbacks.hooks(), paused: this.#paused },
        data,
      );
      this.#signal?.addEventListener('abort', abort);
      if (request.backup) stopWatching = onHidden(() => void this.#control('save'));
      if (this.#stopRequested) void this.#control('stop');
      const value = await result;
      if (callbacks.thrown) throw callbacks.thrown.error;
      await end();
      return value;
    } catch (error) {
      void end().catch(() => {}); // What ended the run is what is told.
      // The host frees what reached it; this is for a run that never did.
      await freeTensors(connection, Object.values(data).flat());
      if (callbacks.thrown) throw callbacks.thrown.error;
      const { code } = error as { code?: unknown };
      if (code === 'ABORTED' && this.#signal?.aborted) {
        const { message } = error as Error;
        throw new TabtrainError('ABORTED', message, { cause: this.#signal.reason });
      }
      throw error;
    } finally {
      this.#sent = null;
      stopWatching();
      this.#signal?.removeEventListener('abort', abort);
      connection.forget(id);
    }
  }

  /** Resolves when the run rests at a batch border, or has ended. */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#control('pause');
  }

  resume(): void {
    this.#paused = false;
    void this.#control('resume');
  }

  stop(): void {
    this.#stopRequested = true;
    void this.#control('stop');
  }

  async #control(action: RunAction): Promise<void> {
    if (!this.#sent) return;
    const { connection, id } = this.#sent;
    await connection.call('control', [id, action]).catch(() => {});
  }

  async #upload(
    connection: Connection,
    sources: Record<keyof RunData, Source | null>,
  ): Promise<RunData> {
    const done: number[] = [];
    const send = async (source: Source | null): Promise<number[]> => {
      if (!source) return [];
      const tensor = await upload(connection, source, this.#where, this.#signal);
      done.push(tensor);
      return [tensor];
    };
    try {
      return {
        x: await send(sources.x),
        y: await send(sources.y),
        sampleWeight: (await send(sources.sampleWeight))[0] ?? null,
        valX: await send(sources.valX),
        valY: await send(sources.valY),
        valSampleWeight: (await send(sources.valSampleWeight))[0] ?? null,
      };
    } catch (error) {
      await freeTensors(connection, done);
      throw error;
    }
  }
}
