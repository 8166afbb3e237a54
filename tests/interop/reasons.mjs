// Why a cell of the matrix is empty: what the other side, or the format, cannot do. README tells the letters.
import { writesOnly } from './libraries.mjs';

/** Formats that a library neither reads nor writes; README says so below the table. */
const missing = {
  'tf2.8': ['keras', 'weights_h5', 'tfjs'],
  'tf2.10': ['keras', 'weights_h5', 'tfjs'],
  'tf2.12': ['tfjs'],
  'tf2.15': ['tfjs'],
  'tf2.21': ['tfjs'],
  keras3: ['checkpoint', 'h5_weights', 'tfjs'],
  tfjs: ['checkpoint', 'saved_model', 'h5', 'h5_weights', 'keras', 'weights_h5'],
};
export const noFormat = (library, format) => missing[library].includes(format);

const weightFiles = ['checkpoint', 'h5_weights', 'weights_h5'];

/**
 * a: not in a file of weights. b: Keras keeps no optimizer in this file. c: Keras 3 loads a SavedModel by TFSMLayer, for
 * inference, and its own export has no Keras model in it. d: Keras 3 does not restore an optimizer from HDF5. e: Keras 2.12 to
 * 2.14 look for layers in another group than those before and after.
 */
export function reasonFor(library, format, direction, aspect) {
  if (weightFiles.includes(format) && ['architecture', 'compile'].includes(aspect)) return 'a';
  if (format === 'h5_weights' && ['optimizer', 'steps'].includes(aspect)) return 'b';
  if (direction === 'ours' && writesOnly(library).includes(format)) return 'e';
  if (library !== 'keras3') return null;
  if (format === 'saved_model') return direction === 'ours' && aspect === 'weights' ? null : 'c';
  if (format === 'h5' && direction === 'ours' && ['optimizer', 'steps'].includes(aspect))
    return 'd';
  return null;
}
