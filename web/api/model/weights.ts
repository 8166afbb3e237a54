import { came, invalid } from '../errors';
import type { Connection } from '../client/connection';
import { askToPersist } from '../client/persist';
import { platform } from '../client/platform';
import { freeTensors, upload } from '../client/upload';
import { toSource } from '../data/convert';
import { NamedTensor, elementsOf, type Data } from '../data/tensor';
import type { LoadReport } from '../host/protocol';
import type { CompileOptions } from './compile';
import { ModelInfo } from './info';
import { LoadStatus } from './loadStatus';
import {
  checkLoad,
  checkSave,
  checkSaveModel,
  type LoadWeightsOptions,
  type SaveOptions,
  type SaveWeightsOptions,
} from './weightsOptions';

/** What is known of the file that a model came from. */
export interface LoadedFrom {
  /** As {@link SaveOptions.format} has it. */
  readonly format: string;
  /** What wrote it, as far as the file says. */
  readonly version: string;
  /** What the file was compiled with, configs in place of objects; null where it was not. */
  readonly compile: CompileOptions | null;
  /** Sentences about what was converted or left out. */
  readonly notes: readonly string[];
}

/** The weights of a model, in memory and in files. */
export class WeightsModel extends ModelInfo {
  /** Of a model that `loadModel` made; null for others. */
  loadedFrom: LoadedFrom | null = null;

  /** Copies of all weights, in Keras's order. */
  async getWeights(): Promise<NamedTensor[]> {
    await this.ready('model.getWeights');
    const copies = await this.remote.call('getWeights');
    return this.described('getWeights').weights.map(
      ({ name, dtype, shape }, i) =>
        new NamedTensor(name, elementsOf(copies[i]!, dtype), shape, dtype),
    );
  }

  /** Sets all weights, in the order of `getWeights`, or none. In a hook, also while fit runs. */
  async setWeights(weights: readonly Data[]): Promise<void> {
    const where = 'model.setWeights';
    if (!Array.isArray(weights))
      invalid(`${where}: expected an array of tensors, came ${came(weights)}`);
    this.refuseWhileFitBegins(where);
    const connection = await this.ready(where);
    const tensors: number[] = [];
    try {
      for (const [i, weight] of weights.entries()) {
        const source = await toSource(`${where}: weights[${i}]`, weight as Data);
        // The engine's tensors have a first axis.
        const shape = source.shape.length === 0 ? [1] : source.shape;
        tensors.push(await upload(connection, { ...source, shape }, where));
      }
      await this.remote.call('setWeights', tensors);
    } catch (error) {
      await freeTensors(connection, tensors);
      throw error;
    }
  }

  /**
   * Writes the weights, by default as a TensorFlow checkpoint: `PATH.index`, `PATH.data-00000-of-00001` and
   * the directory's `checkpoint` file. Resolves when all is safely stored.
   * @throws TabtrainError `INVALID_ARGUMENT`, `QUOTA_EXCEEDED`, `STORAGE_UNAVAILABLE`, `UNSUPPORTED`, ...
   */
  async saveWeights(path: string, options: SaveWeightsOptions = {}): Promise<void> {
    const where = 'model.saveWeights';
    const checked = checkSave(path, options, where);
    await this.ready(where);
    await this.remote.call('saveWeights', path, checked);
    askToPersist();
  }

  /**
   * Reads weights, and the optimizer's state where file and optimizer have one: a TensorFlow checkpoint, a
   * SavedModel, HDF5 of Keras 2 or 3, also of a whole model, or a `.keras` archive. All or nothing.
   * @throws TabtrainError `NOT_FOUND`, `CORRUPT_FILE`, `SHAPE_MISMATCH`, ...
   */
  async loadWeights(path: string | null, options: LoadWeightsOptions = {}): Promise<LoadStatus> {
    const where = 'model.loadWeights';
    const checked = checkLoad(path, options, where);
    this.refuseWhileFitBegins(where);
    await this.ready(where);
    return new LoadStatus(await this.remote.call('loadWeights', path!, checked));
  }

  /**
   * Writes the whole model: architecture, weights and, where it is compiled, optimizer with its state,
   * loss and metrics. Keras's rule for the format: see {@link SaveOptions}. Resolves when all is safely
   * stored; an older model under that name stays whole until then. Also while fit runs.
   * @throws TabtrainError `INVALID_ARGUMENT`, `UNSUPPORTED`, `QUOTA_EXCEEDED`, `STORAGE_UNAVAILABLE`, ...
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    const where = 'model.save';
    const checked = checkSaveModel(path, options, where);
    await this.ready(where);
    await this.remote.call('saveModel', path, checked);
    askToPersist();
  }

  /**
   * The file that `save` would write, without storing it, for a download: a Blob in browsers, bytes in Node.
   * Of a format that is a directory it is a zip, which `loadModel` reads as well. Also while fit runs.
   * @param path names the file, the directory in the zip, and by Keras's rule the format.
   * @throws TabtrainError `INVALID_ARGUMENT`, `UNSUPPORTED`, `OUT_OF_MEMORY`.
   */
  async toFile(
    path: string,
    options: Omit<SaveOptions, 'overwrite'> = {},
  ): Promise<Blob | Uint8Array> {
    const where = 'model.toFile';
    const checked = checkSaveModel(path, options, where);
    await this.ready(where);
    const bytes = await this.remote.call('modelFile', path, checked);
    return platform().file(bytes, 'application/octet-stream');
  }

  /** @internal Fills a new model from a file that the host has open. */
  async restore(file: number): Promise<LoadReport> {
    await this.ready('loadModel');
    return this.remote.call('restoreModel', file);
  }

  /** Throws while the data of a fit are on their way. */
  protected refuseWhileFitBegins(_where: string): void {}

  protected async ready(what: string): Promise<Connection> {
    this.remote.check(what);
    return this.remote.ready((connection) => this.prepared(connection));
  }
}
