import { loadModel, storage, type Sequential } from '../api/index';
import { feedOf } from './feed';
import { tutorial, type Origin, type Subject } from './model';

/** The models that runs began with, where that was not the page's own: one while all is well. */
export const directory = 'training_model';

const pathOf = ({ id }: Origin): string => `${directory}/${id}`;

/**
 * Keeps a model as what a run begins with, and gives it as later visits find it: they go on to the same bits.
 * As a SavedModel, since that also holds layers of classes which are not known here.
 */
export async function keep(model: Sequential, origin: Origin): Promise<Subject> {
  const { is_legacy_optimizer: isLegacy } = model.optimizer.getConfig();
  const optimizerLayout = isLegacy === false ? 'new' : 'legacy';
  await model.save(pathOf(origin), { format: 'tf', optimizerLayout });
  return subjectOf(origin);
}

/** The model that a run begins with. */
export async function subjectOf(origin: Origin | null): Promise<Subject> {
  if (!origin) return tutorial();
  const model = await loadModel(pathOf(origin));
  const feed = feedOf(model);
  if (typeof feed !== 'string') return { model, feed, origin };
  model.dispose();
  throw new Error(feed);
}

/** Removes all models but one. */
export async function removeAllBut(origin: Origin | null): Promise<void> {
  const kept = origin && `${pathOf(origin)}/`;
  const files = await storage.list(directory);
  const others = files.filter(({ path }) => kept === null || !path.startsWith(kept));
  const models = new Set(others.map(({ path }) => path.split('/').slice(0, 2).join('/')));
  for (const path of models) await storage.remove(path);
}

export async function bytes(): Promise<number> {
  return (await storage.list(directory)).reduce((sum, { size }) => sum + size, 0);
}
