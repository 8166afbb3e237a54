import { TabtrainError } from '../errors';
import { connect } from '../client/engine';
import type { Connection } from '../client/connection';
import { recorderReady } from '../custom/recorder';
import { Mutex } from '../host/mutex';
import type { Optimizer, OptimizerOwner } from '../config/optimizers';
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
 * (compile, a learning rate) is sent first, in order. A compile that the engine refuses rejects that
 * call; then the model goes on with what it was compiled with before or, where there is nothing, rejects
 * every later call too until it is compiled properly. Knows nothing of its Model, so that the model can be collected.
 */
export class RemoteModel implements OptimizerOwner {
  /** What the engine last said of the model. */
  state: ModelState | null = null;
  readonly #seed: number;
  readonly #lock = new Mutex();
  #connection: Connection | null = null;
  #id = 0;
  /** What is to be sent yet. */
  #compile: { readonly json: () => string; readonly optimizer: Optimizer } | null = null;
  /** Of the last compile that the engine took. */
  #optimizer: Optimizer | null = null;
  #learningRate: number | null = null;
  /** Layers frozen or unfrozen since the engine was last told. */
  readonly #trainable: { readonly path: readonly number[]; readonly value: boolean }[] = [];
  #disposed = false;
  #isLayer = false;

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
    if (this.#isLayer) {
      throw new TabtrainError(
        'UNSUPPORTED',
        `${what}: the model is a layer of another model; use that one, which has its weights`,
      );
    }
  }

  /** From now on the layers are another model's. */
  becomeLayer(): void {
    this.check('model');
    if (this.exists) {
      throw new TabtrainError(
        'UNSUPPORTED',
        'a model that has been used cannot become a layer, since its weights would stay behind; make a new one and use setWeights',
      );
    }
    this.#isLayer = true;
  }

  setTrainable(path: readonly number[], value: boolean): void {
    if (this.exists) this.#trainable.push({ path, value });
  }

  compileLater(json: () => string, optimizer: Optimizer): void {
    this.#compile = { json, optimizer };
    this.#learningRate = null;
  }

  /** Of the last compile that was not refused; null before. */
  get optimizer(): Optimizer | null {
    return this.#compile?.optimizer ?? this.#optimizer;
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
  ready(configJson: (connection: Connection) => string | Promise<string>): Promise<Connection> {
    return this.#lock.run(async () => {
      await recorderReady();
      if (!this.#connection) {
        const connection = await connect();
        const id = connection.newId();
        const json = await configJson(connection);
        this.#take(await connection.call('createModel', [id, json, this.#seed]));
        this.#connection = connection;
        this.#id = id;
        if (this.#disposed) this.#free();
      }
      const connection = this.#connection ?? (await connect());
      this.check('model');
      for (const { path, value } of this.#trainable.splice(0)) {
        this.#take(await connection.call('setTrainable', [this.#id, path, value]));
      }
      if (this.#compile !== null) await this.#sendCompile(connection, this.#compile);
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

  async #sendCompile(
    connection: Connection,
    compile: { readonly json: () => string; readonly optimizer: Optimizer },
  ): Promise<void> {
    try {
      this.#take(await connection.call('compile', [this.#id, compile.json()]));
      this.#optimizer = compile.optimizer;
    } catch (error) {
      if (this.#compile === compile && this.#optimizer !== null) {
        this.#compile = null;
        this.#learningRate = null; // It was meant for the optimizer that was refused.
      }
      throw error;
    }
    if (this.#compile === compile) this.#compile = null;
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
