import { TabtrainError } from '../errors';
import { connect } from '../client/engine';
import type { Connection } from '../client/connection';
import { Mutex } from '../host/mutex';
import type { OptimizerOwner } from '../config/optimizers';
import type { EngineApi, ModelState, Reply } from '../host/protocol';

/** Methods of the host that are about one model and answer with its state. */
type ModelMethod = {
  [K in keyof EngineApi]: EngineApi[K] extends (
    model: number,
    ...args: never[]
  ) => Promise<Reply<unknown>>
    ? K
    : never;
}[keyof EngineApi];

type Rest<K extends ModelMethod> =
  Parameters<EngineApi[K]> extends [number, ...infer R] ? R : never;
type Value<K extends ModelMethod> = Awaited<ReturnType<EngineApi[K]>>['value'];

/**
 * The engine's side of a model, made at the first call that needs it. What the caller said before that
 * (compile, a learning rate) is sent first, in order; what the engine refuses rejects that call and
 * every later one until it is put right. Knows nothing of its Model, so that the model can be collected.
 */
export class RemoteModel implements OptimizerOwner {
  /** What the engine last said of the model. */
  state: ModelState | null = null;
  readonly #seed: number;
  readonly #lock = new Mutex();
  #connection: Connection | null = null;
  #id = 0;
  #compile: string | null = null;
  #learningRate: number | null = null;
  #disposed = false;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  get exists(): boolean {
    return this.#connection !== null;
  }

  /** Throws `DISPOSED` after dispose. */
  check(what: string): void {
    if (this.#disposed) throw new TabtrainError('DISPOSED', `${what}: the model was disposed`);
  }

  compileLater(json: string): void {
    this.#compile = json;
    this.#learningRate = null;
  }

  /** The rate as the caller last set it, or as the engine has it; null where only the config knows. */
  get learningRate(): number | null {
    if (this.#learningRate !== null) return this.#learningRate;
    return this.#compile === null ? (this.state?.learningRate ?? null) : null;
  }

  /** The optimizer's full config; null before the engine has it. */
  get optimizerConfig(): Record<string, unknown> | null {
    const json = this.#compile === null ? this.state?.optimizerConfig : null;
    if (!json) return null;
    const parsed = JSON.parse(json) as { config?: Record<string, unknown> };
    return parsed.config ?? parsed;
  }

  setLearningRate(value: number): void {
    this.#learningRate = value;
    if (!this.#connection || this.#compile !== null) return;
    // Sent at once, so that it counts from the next batch border; a failure shows in the next call.
    this.#sendLearningRate(this.#connection).catch(() => {});
  }

  /** Makes the model in the engine and brings it up to what the caller said. */
  ready(configJson: () => string): Promise<Connection> {
    return this.#lock.run(async () => {
      if (!this.#connection) {
        const connection = await connect();
        const id = connection.newId();
        this.#take(await connection.call('createModel', [id, configJson(), this.#seed]));
        this.#connection = connection;
        this.#id = id;
        if (this.#disposed) this.#free();
      }
      const connection = this.#connection ?? (await connect());
      this.check('model');
      if (this.#compile !== null) {
        const json = this.#compile;
        this.#take(await connection.call('compile', [this.#id, json]));
        if (this.#compile === json) this.#compile = null;
      }
      if (this.#learningRate !== null) await this.#sendLearningRate(connection);
      return connection;
    });
  }

  /** Calls a method of the host on this model, which must be ready. */
  async call<K extends ModelMethod>(method: K, ...args: Rest<K>): Promise<Value<K>> {
    this.check('model');
    const all = [this.#id, ...args] as unknown as Parameters<EngineApi[K]>;
    const reply: unknown = await (this.#connection as Connection).call(method, all);
    return this.#take(reply as Reply<Value<K>>);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#free();
  }

  /** Takes over the state that came with an answer or an event. */
  update(state: ModelState | undefined): void {
    if (state) this.state = state;
  }

  async #sendLearningRate(connection: Connection): Promise<void> {
    const value = this.#learningRate;
    if (value === null) return;
    this.#take(await connection.call('setLearningRate', [this.#id, value]));
    if (this.#learningRate === value) this.#learningRate = null;
  }

  #take<T>(reply: Reply<T>): T {
    this.update(reply.state);
    return reply.value;
  }

  #free(): void {
    this.#connection?.call('disposeModel', [this.#id]).catch(() => {});
  }
}
