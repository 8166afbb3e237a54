import { TabtrainError } from '../errors';
import { ModelInfo } from './info';

/** What a model will do in a later version. */
export class LaterModel extends ModelInfo {
  /** Not in this version: rejects with `UNSUPPORTED`. */
  save(_path: string, _options?: object): Promise<never> {
    return notYet('model.save', 'saving whole models');
  }
}

function notYet(where: string, what: string): Promise<never> {
  return Promise.reject(new TabtrainError('UNSUPPORTED', `${where}: ${what}: not in this version`));
}
