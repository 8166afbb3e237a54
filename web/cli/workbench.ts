import { TabtrainError } from '../api/errors';
import type { Description, Engine, EngineModel } from '../api/engine/engine';
import { loadEngine } from '../api/engine/load';
import type { ModelFiles } from '../api/formats/modelFiles';
import type { OpenedModel } from '../api/host/protocol';
import { engineFiles, loadExtras, loadFormats, loadHdf5 } from '../api/nodePlatform';
import type { CheckpointFiles } from '../api/storage/checkpointFiles';
import { NodeBackend } from '../api/storage/nodeBackend';
import { Storage } from '../api/storage/storage';

/** What looks into files needs: the engine itself, since the API shows models and not files. */
export interface Workbench {
  readonly engine: Engine;
  readonly storage: Storage;
  readonly files: ModelFiles;
  readonly checkpoints: CheckpointFiles;
}

export async function openWorkbench(): Promise<Workbench> {
  const { engine } = await loadEngine(engineFiles, {});
  const storage = new Storage(new NodeBackend(), loadExtras);
  const [{ ModelFiles }, { CheckpointFiles }] = await Promise.all([loadFormats(), loadExtras()]);
  return {
    engine,
    storage,
    files: new ModelFiles(engine, storage, loadHdf5),
    checkpoints: new CheckpointFiles(engine, storage),
  };
}

/** A whole model out of a file, everything in it read and checked. */
export interface ReadModel {
  readonly opened: OpenedModel;
  readonly description: Description;
  readonly summary: string;
  /** Null where the file has no optimizer. */
  readonly iterations: bigint | null;
}

/** @throws TabtrainError as `loadModel`. */
export async function readModel({ engine, files }: Workbench, path: string): Promise<ReadModel> {
  const opened = await files.open({ path }, []);
  try {
    return withModel(engine, opened.config, (model) => {
      if (opened.compile) model.compile(JSON.stringify(inKeras(opened.compile)));
      files.restore(model, opened.id);
      const description = JSON.parse(model.describe()) as Description;
      const summary = model.summary(0);
      return { opened, description, summary, iterations: iterationsOf(model, description) };
    });
  } finally {
    files.close(opened.id);
  }
}

/** The words of the engine's `compile` for the options of the API's. */
function inKeras(options: object): object {
  const { lossWeights, weightedMetrics, ...rest } = options as Record<string, unknown>;
  return {
    ...rest,
    ...(lossWeights !== null && { loss_weights: lossWeights }),
    ...(weightedMetrics !== undefined && { weighted_metrics: weightedMetrics }),
  };
}

/** Of the optimizer's steps; 0 before the first. */
function iterationsOf(model: EngineModel, { optimizer }: Description): bigint | null {
  if (!optimizer) return null;
  const isLegacy = optimizer.config['is_legacy_optimizer'] === true;
  const count = model.optimizerVariables(isLegacy ? 'legacy' : 'new')[0]?.bytes;
  return count ? new BigInt64Array(count.slice().buffer)[0]! : 0n;
}

export function withModel<T>(engine: Engine, config: object, use: (model: EngineModel) => T): T {
  const model = new engine.Model(JSON.stringify(config), 0);
  try {
    return use(model);
  } finally {
    model.delete();
  }
}

/** The prefixes of the checkpoints that a path names, the newest first; empty where it names none. */
export async function checkpointsAt(
  { storage, checkpoints }: Workbench,
  path: string,
): Promise<string[]> {
  if (/^\w+:\/\//.test(path)) return [];
  const prefix = path.replace(/\.index$/, '').replace(/(.)\/+$/, '$1');
  if (await storage.exists(`${prefix}.index`)) return [prefix];
  if (!(await storage.exists(`${prefix}/checkpoint`))) return [];
  const latest = await checkpoints.latest(prefix);
  if (latest === null) {
    throw new TabtrainError(
      'NOT_FOUND',
      `'${prefix}/checkpoint' names no checkpoint that is in the directory`,
    );
  }
  const found = (await storage.list(prefix))
    .filter((file) => file.path.endsWith('.index'))
    .map((file) => file.path.slice(0, -'.index'.length));
  return [latest, ...found.filter((each) => each !== latest).sort()];
}
