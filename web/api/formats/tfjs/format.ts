import { invalid } from '../../errors';
import { orderOf } from './optimizer';
import { manifestName, readTfjs } from './read';
import { writeTfjs } from './write';
import type { Format } from '../types';

/** `model.json` and files of weights, as TensorFlow.js's layers and its converter write and read them. */
export const tfjsFormat: Format = {
  name: 'tfjs',
  directory: true,
  mainFile: 'model.json',
  isPart: (name) => name === 'model.json' || /^group1-shard\d+of\d+\.bin$/.test(name),
  async sniff(source) {
    const name = manifestName(source.names);
    if (name === null) return false;
    if (name === 'model.json') return true;
    const bytes = await source.read(name);
    return bytes !== null && new TextDecoder().decode(bytes).includes('"modelTopology"');
  },
  needs(compile, { includeOptimizer, optimizerLayout, where }) {
    if (optimizerLayout !== 'auto' && optimizerLayout !== 'none') {
      invalid(
        `${where}: optimizerLayout: TensorFlow.js has one order of its own; expected 'auto' or 'none', ` +
          `came '${optimizerLayout}'`,
      );
    }
    const keeps = compile && includeOptimizer && optimizerLayout === 'auto';
    return { optimizer: keeps ? orderOf(compile.optimizer) : null };
  },
  write: (model) => Promise.resolve(writeTfjs(model)),
  read: readTfjs,
};
