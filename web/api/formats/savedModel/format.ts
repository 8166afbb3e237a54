import { generationOf } from '../dialects/optimizer';
import type { Format } from '../types';
import { readSavedModel } from './read';
import { writeSavedModel } from './write';

/** TensorFlow's SavedModel directory, as Keras 2 writes and reads it. */
export const savedModelFormat: Format = {
  name: 'tf',
  directory: true,
  sniff: (source) => Promise.resolve(!source.single && source.names.includes('saved_model.pb')),
  needs(compile, { includeOptimizer, optimizerLayout }) {
    const optimizer = includeOptimizer ? generationOf(compile, optimizerLayout) : null;
    return { optimizer, checkpoint: optimizer ?? 'none', graphs: true };
  },
  write: (model) => Promise.resolve(writeSavedModel(model)),
  read: readSavedModel,
};
