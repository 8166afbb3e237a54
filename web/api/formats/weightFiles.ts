import { TabtrainError, invalid } from '../errors';
import type { Engine, EngineModel } from '../engine/engine';
import type { LoadReport, LoadWeightsOptions, SaveWeightsOptions } from '../host/protocol';
import { CheckpointFiles } from '../storage/checkpointFiles';
import type { Storage } from '../storage/storage';
import { isWholeModel } from './h5/format';
import { hasLayers, readLayers, writeLayers } from './h5/layers';
import type { Hdf5Source } from './hdf5/read';
import { isHdf5 } from './hdf5/screen';
import { isZip, orderOf, readArchive } from './keras/format';
import { hasStore, readStore, writeStore } from './keras/store';
import { isMismatch, setOptimizer, setWeights } from './restore';
import { compileOf, takeSnapshot } from './snapshot';
import type { AtRest, OptimizerVariables, Tools, WeightStore } from './types';

interface Weights {
  readonly store: WeightStore;
  readonly optimizer: OptimizerVariables | null;
}

/** A file of weights alone. */
export interface WeightsAlone extends Weights {
  readonly format: 'h5' | 'weights.h5';
}

function weightsIn(file: Hdf5Source, what: string): WeightsAlone {
  const group = ['', 'model_weights'].find((each) => hasLayers(file, each));
  if (group !== undefined) {
    return { format: 'h5', store: readLayers(file, group, what), optimizer: null };
  }
  if (!hasStore(file)) {
    throw new TabtrainError(
      'UNSUPPORTED',
      `${what}: expected weights of Keras, came an HDF5 file without 'layer_names' and 'layers'`,
    );
  }
  const store = readStore(file, what);
  return { format: 'weights.h5', store, optimizer: store.optimizer(null) };
}

/** Files of weights other than TensorFlow's checkpoints. */
export class WeightFiles {
  readonly #engine: Engine;
  readonly #storage: Storage;
  readonly #tools: Tools;

  constructor(engine: Engine, storage: Storage, tools: Tools) {
    this.#engine = engine;
    this.#storage = storage;
    this.#tools = tools;
  }

  async save(path: string, options: SaveWeightsOptions, atRest: AtRest): Promise<void> {
    const where = 'model.saveWeights';
    const target = this.#storage.path(path, `${where}: path`);
    if (!options.overwrite && (await this.#storage.exists(target))) {
      invalid(`${where}: '${target}' exists and overwrite is false`);
    }
    const { optimizerLayout: layout, format } = options;
    if (format === 'h5' && layout !== 'auto' && layout !== 'none') {
      invalid(
        `${where}: optimizerLayout: expected 'auto' or 'none', came '${layout}'; ` +
          "weights in Keras 2's HDF5 are without an optimizer, those in '.weights.h5' are with one",
      );
    }
    const snapshot = await atRest((model, compileJson) => {
      const compile = compileOf(model, compileJson);
      const optimizer = format === 'h5' ? null : orderOf(compile, layout);
      return takeSnapshot(model, compile, { optimizer });
    });
    const { createHdf5 } = await this.#tools.hdf5();
    const file = await createHdf5(where);
    if (format === 'h5') writeLayers(file, '', snapshot.layers);
    else writeStore(file, snapshot.layers, snapshot.optimizer, snapshot.compile);
    await this.#storage.commit([{ path: target, bytes: file.finish() }]);
  }

  /** Reads a file of weights or of a whole model. */
  async load(path: string, options: LoadWeightsOptions, atRest: AtRest): Promise<LoadReport> {
    const where = 'model.loadWeights';
    const checked = this.#storage.path(path, `${where}: path`).replace(/(.)\/+$/, '$1');
    if (await this.#storage.exists(`${checked}.index`)) {
      invalid(`${where}: byName and skipMismatch are for HDF5 files, '${checked}' is a checkpoint`);
    }
    // A SavedModel's.
    const inside = `${checked}/variables/variables`;
    if (await this.#storage.exists(`${inside}.index`)) {
      const { index, shards } = await new CheckpointFiles(this.#engine, this.#storage).read(inside);
      const load = (model: EngineModel) => model.loadCheckpoint(index, shards);
      return JSON.parse(await atRest(load)) as LoadReport;
    }
    const what = `${where}: '${checked}'`;
    const bytes = await this.#storage.find(checked).catch(() => null);
    if (!bytes) throw await this.#missing(checked, where);
    const { store, optimizer } = await this.#read(bytes, what);
    return atRest((model) => {
      const state: { restored: readonly string[]; unused: readonly string[] } = {
        restored: [],
        unused: [],
      };
      const report = setWeights(this.#engine, model, store, options, () => {
        if (optimizer && model.compiled()) this.#setState(model, optimizer, state);
      });
      return {
        ...report,
        restored: [...report.restored, ...state.restored],
        unusedInFile: [...report.unusedInFile, ...state.unused],
      };
    });
  }

  async #read(bytes: Uint8Array, what: string): Promise<Weights> {
    if (isZip(bytes)) {
      const { store } = await readArchive(bytes, what, this.#tools);
      return { store, optimizer: store.optimizer(null) };
    }
    if (!isHdf5(bytes)) {
      throw new TabtrainError(
        'UNSUPPORTED',
        `${what}: expected a checkpoint's prefix, HDF5 or a .keras archive, came another file`,
      );
    }
    return this.#inHdf5(bytes, what, (file) => weightsIn(file, what));
  }

  /** What is in a file of weights alone; null where the path names no such file. */
  async alone(path: string, where: string): Promise<WeightsAlone | null> {
    const bytes = await this.#storage.find(path).catch(() => null);
    if (!bytes || !isHdf5(bytes)) return null;
    const what = `${where}: '${path}'`;
    return this.#inHdf5(bytes, what, (file) => (isWholeModel(file) ? null : weightsIn(file, what)));
  }

  async #inHdf5<T>(bytes: Uint8Array, what: string, use: (file: Hdf5Source) => T): Promise<T> {
    const { openHdf5 } = await this.#tools.hdf5();
    const file = await openHdf5(bytes, what, this.#tools.room);
    const result = use(file);
    file.close();
    return result;
  }

  /** As Keras, a state that is not the optimizer's is left where it is; the report says so. */
  #setState(
    model: EngineModel,
    optimizer: OptimizerVariables,
    state: { restored: readonly string[]; unused: readonly string[] },
  ): void {
    const names = optimizer.variables.map(({ name }) => name);
    try {
      setOptimizer(this.#engine, model, optimizer);
      state.restored = names;
    } catch (error) {
      if (!isMismatch(error)) throw error;
      state.unused = names;
    }
  }

  async #missing(path: string, where: string): Promise<TabtrainError> {
    const isDirectory = (await this.#storage.list(path).catch(() => [])).length > 0;
    const name = /\.(h5|hdf5|keras)$/.test(path) ? path : `${path}.index`;
    const hint = isDirectory ? '; for a directory, ask latestCheckpoint first' : '';
    return new TabtrainError('NOT_FOUND', `${where}: there is no '${name}'${hint}`);
  }
}
