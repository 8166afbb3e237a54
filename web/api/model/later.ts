import { TabtrainError } from '../errors';
import type { Data } from '../data/tensor';
import { ModelInfo } from './info';

/** What a model will do in a later version. */
export class LaterModel extends ModelInfo {
  /** Not in this version: rejects with `UNSUPPORTED`. */
  save(_path: string, _options?: object): Promise<never> {
    return notYet('model.save', 'saving whole models');
  }

  /** Not in this version: rejects with `UNSUPPORTED`. */
  trainOnBatch(_x: Data, _y: Data): Promise<never> {
    return notYet('model.trainOnBatch', 'single batches');
  }

  /** Not in this version: rejects with `UNSUPPORTED`. */
  testOnBatch(_x: Data, _y: Data): Promise<never> {
    return notYet('model.testOnBatch', 'single batches');
  }

  /** Not in this version: rejects with `UNSUPPORTED`. */
  predictOnBatch(_x: Data): Promise<never> {
    return notYet('model.predictOnBatch', 'single batches');
  }
}

function notYet(where: string, what: string): Promise<never> {
  return Promise.reject(new TabtrainError('UNSUPPORTED', `${where}: ${what}: not in this version`));
}
