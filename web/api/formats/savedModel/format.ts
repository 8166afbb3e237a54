import { generationOf } from '../dialects/optimizer';
import type { Format } from '../types';
import { readSavedModel } from './read';
import { writeSavedModel } from './write';

/** A fingerprint is TensorFlow's, which a newer model does not match. */
const PARTS =
  /^(?:(?:saved_model|keras_metadata|fingerprint)\.pb|variables\/variables\.(?:index|data-\d{5}-of-\d{5}))$/;

/** TensorFlow's SavedModel directory, as Keras 2 writes and reads it. */
export const savedModelFormat: Format = {
  name: 'tf',
  directory: true,
  isPart: (name) => PARTS.test(name),
  sniff: (source) => Promise.resolve(!source.single && source.names.includes('saved_model.pb')),
  needs(compile, { includeOptimizer, optimizerLayout }) {
    const optimizer = includeOptimizer ? generationOf(compile, optimizerLayout) : null;
    return { optimizer, checkpoint: optimizer ?? 'none', graphs: true };
  },
  write: (model) => Promise.resolve(writeSavedModel(model)),
  read: readSavedModel,
};
