import { TabtrainError, came, invalid } from '../errors';
import type { Engine } from '../engine/engine';
import { baseName, dirName, isDirectoryName, joinPath } from './paths';
import type { Storage } from './storage';

/** The files of TensorFlow checkpoints: `PREFIX.index`, `PREFIX.data-*`, and the `checkpoint` state file. */
export class CheckpointFiles {
  readonly #engine: Pick<
    Engine,
    'bundleShards' | 'checkpointStateText' | 'latestCheckpointPath' | 'listVariables'
  >;
  readonly #storage: Storage;

  constructor(engine: Engine, storage: Storage) {
    this.#engine = engine;
    this.#storage = storage;
  }

  /** Checks a prefix before anything is copied for it. */
  async prepareWrite(prefix: string, overwrite: boolean): Promise<void> {
    const path = this.#storage.path(prefix, 'model.saveWeights: path');
    if (isDirectoryName(prefix)) {
      invalid(`model.saveWeights: path: expected a file name prefix, came ${came(prefix)}`);
    }
    if (!overwrite && (await this.#storage.exists(`${path}.index`))) {
      invalid(`model.saveWeights: '${path}.index' exists and overwrite is false`);
    }
  }

  /** Data first, then the index that names it, then the state file that names both. */
  async write(prefix: string, copy: { index: Uint8Array; data: Uint8Array }): Promise<void> {
    const path = this.#storage.path(prefix, 'model.saveWeights: path');
    const state = this.#engine.checkpointStateText(baseName(path));
    await this.#storage.commit([
      { path: shardPath(path, 0, 1), bytes: copy.data },
      { path: `${path}.index`, bytes: copy.index },
      { path: joinPath(dirName(path), 'checkpoint'), bytes: new TextEncoder().encode(state) },
    ]);
  }

  has(prefix: string): Promise<boolean> {
    return this.#storage.exists(`${this.#storage.path(prefix, 'model.loadWeights: path')}.index`);
  }

  async read(prefix: string): Promise<{ index: Uint8Array; shards: Uint8Array[] }> {
    const path = this.#storage.path(prefix, 'model.loadWeights: path');
    // Index and shards are read together, or a save in between would mix two. The index says how many
    // shards there are: first one is taken for granted, as it is in what is written here.
    for (let count = 1; ;) {
      const names = Array.from({ length: count }, (_, i) => shardPath(path, i, count));
      const [index, ...shards] = await this.#storage.findAll([`${path}.index`, ...names]);
      if (!index) return this.#refuse(path, 'model.loadWeights');
      const named = this.#engine.bundleShards(index);
      if (named === count) {
        const missing = names.find((_, i) => !shards[i]);
        if (missing === undefined) return { index, shards: shards as Uint8Array[] };
        throw new TabtrainError(
          'NOT_FOUND',
          `model.loadWeights: '${path}.index' names '${missing}', which is missing`,
        );
      }
      count = named;
    }
  }

  /** As `tf.train.latest_checkpoint`; a path that leads out of the directory is not followed. */
  async latest(dir: string): Promise<string | null> {
    const checked = this.#storage.path(dir, 'latestCheckpoint: dir').replace(/(.)\/+$/, '$1');
    const state = await this.#storage.find(joinPath(checked, 'checkpoint'));
    if (!state) return null;
    const named = this.#engine.latestCheckpointPath(new TextDecoder().decode(state));
    if (named === '') return null;
    const inside = !named.startsWith('/') && !/(^|[/\\])\.\.([/\\]|$)|^[A-Za-z]:/.test(named);
    const path = joinPath(checked, inside ? named : baseName(named));
    return (await this.#storage.exists(`${path}.index`)) ? path : null;
  }

  async variables(path: string): Promise<{ name: string; dtype: string; shape: number[] }[]> {
    const checked = this.#storage.path(path, 'listVariables: path');
    const isPrefix = await this.#storage.exists(`${checked}.index`);
    const prefix = isPrefix ? checked : ((await this.latest(checked)) ?? checked);
    const index = await this.#storage.find(`${prefix}.index`);
    if (!index) return this.#refuse(prefix, 'listVariables');
    return JSON.parse(this.#engine.listVariables(index)) as {
      name: string;
      dtype: string;
      shape: number[];
    }[];
  }

  async #refuse(path: string, what: string): Promise<never> {
    const hint = (await this.#storage.exists(path))
      ? '; for a directory, ask latestCheckpoint first'
      : '';
    throw new TabtrainError('NOT_FOUND', `${what}: there is no '${path}.index'${hint}`);
  }
}

function shardPath(prefix: string, shard: number, count: number): string {
  const five = (n: number) => String(n).padStart(5, '0');
  return `${prefix}.data-${five(shard)}-of-${five(count)}`;
}
