import { TabtrainError, invalid } from '../errors';
import type { Description, Engine, EngineDType, EngineModel, EngineTensor } from '../engine/engine';
import type { RunControl } from './control';
import type { ModelState, Reply, RunData, WireBatch, WireTensor } from './protocol';

/** A model of the engine and what goes with it on this side. */
export interface HostModel {
  readonly engine: EngineModel;
  /** The fit that is under way. */
  fit: RunControl | null;
  /** All runs that are under way; the last one to end frees a model that was disposed meanwhile. */
  readonly runs: Set<RunControl>;
  /** How many evaluations and predictions with hooks are under way; a fit rests meanwhile. */
  hooked: number;
  /** What the caller was last told, to tell it again only when something changed. */
  sent: string;
  /** What `compile` was given. */
  compileJson: string;
}

/** The handles that live in the engine, by the numbers that the caller gave them. */
export class Registry {
  readonly #engine: Engine;
  readonly #models = new Map<number, HostModel>();
  readonly #tensors = new Map<number, EngineTensor>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  addModel(id: number, configJson: string, seed: number): HostModel {
    const engine = new this.#engine.Model(configJson, seed);
    const model: HostModel = {
      ...{ engine, fit: null, runs: new Set(), hooked: 0, sent: '', compileJson: '' },
    };
    this.#models.set(id, model);
    return model;
  }

  model(id: number): HostModel {
    const model = this.#models.get(id);
    if (!model) throw new TabtrainError('DISPOSED', 'the model was disposed');
    return model;
  }

  /** The model, unless a fit is under way that does not await a hook. */
  modelToChange(id: number, what: string): HostModel {
    const model = this.model(id);
    if (model.fit && !model.fit.awaitingHook) {
      invalid(`${what}: not while fit is running, except in a callback's hook; await fit first`);
    }
    return model;
  }

  /** The model, unless a fit is under way. */
  idleModel(id: number, what: string): HostModel {
    const model = this.model(id);
    if (model.fit) invalid(`${what}: not while fit is running on this model; await fit first`);
    return model;
  }

  /** Forgets the model and aborts its runs; its handle goes when none is left. Twice is fine. */
  disposeModel(id: number): void {
    const model = this.#models.get(id);
    if (!model) return;
    this.#models.delete(id);
    const error = new TabtrainError('DISPOSED', 'the model was disposed during the run');
    for (const run of model.runs) run.abort(error);
    if (model.runs.size === 0) model.engine.delete();
  }

  endRun(id: number, model: HostModel, run: RunControl): void {
    model.runs.delete(run);
    if (model.fit === run) model.fit = null;
    if (model.runs.size === 0 && this.#models.get(id) !== model) model.engine.delete();
  }

  createTensor(id: number, dtype: EngineDType, shape: readonly number[]): void {
    this.#tensors.set(id, new this.#engine.Tensor(dtype, [...shape]));
  }

  tensor(id: number): EngineTensor {
    const tensor = this.#tensors.get(id);
    if (!tensor) throw new TabtrainError('INTERNAL', `there is no tensor ${id}`);
    return tensor;
  }

  writeTensor(id: number, offset: number, bytes: Uint8Array): void {
    this.tensor(id).bytes().set(bytes, offset);
  }

  tensors(ids: readonly number[]): EngineTensor[] {
    return ids.map((id) => this.tensor(id));
  }

  /** Tensors of a batch that came whole; whoever asked for them frees them. */
  batch({ x, y, sampleWeight }: WireBatch): [EngineTensor[], EngineTensor[], EngineTensor | null] {
    const made: EngineTensor[] = [];
    const make = ({ dtype, shape, bytes }: WireTensor) => {
      const tensor = new this.#engine.Tensor(dtype, [...shape]);
      made.push(tensor);
      tensor.bytes().set(bytes);
      return tensor;
    };
    try {
      return [x.map(make), y.map(make), sampleWeight && make(sampleWeight)];
    } catch (error) {
      for (const tensor of made) tensor.delete();
      throw error;
    }
  }

  freeTensors(ids: readonly number[]): void {
    for (const id of ids) {
      this.#tensors.get(id)?.delete();
      this.#tensors.delete(id);
    }
  }

  freeData(data: RunData): void {
    this.freeTensors([...data.x, ...data.y, ...data.valX, ...data.valY]);
    for (const id of [data.sampleWeight, data.valSampleWeight]) {
      if (id !== null) this.freeTensors([id]);
    }
  }

  /** An answer, with the model's state if that changed since the last one. */
  reply<T>(model: HostModel, value: T): Reply<T> {
    const state = this.state(model);
    return state ? { value, state } : { value };
  }

  state(model: HostModel): ModelState | undefined {
    const { engine } = model;
    const compiled = engine.compiled();
    const parts = [
      engine.describe(),
      engine.configJson(),
      compiled ? engine.optimizerConfig() : '',
      compiled ? String(engine.learningRate()) : '',
    ];
    const text = parts.join('\0');
    if (text === model.sent) return undefined;
    model.sent = text;
    return {
      description: JSON.parse(parts[0]!) as Description,
      configJson: parts[1]!,
      optimizerConfig: compiled ? parts[2]! : null,
      learningRate: compiled ? engine.learningRate() : null,
    };
  }
}
