import { TabtrainError, unsupported } from './errors';

const later = (name: string, what: string) => (): never =>
  unsupported(`${name}: ${what} are not in this version`);

/** Not in this version: throws `UNSUPPORTED`. */
export const model: (options: object) => never = later('model', 'functional models');

/** Not in this version: throws `UNSUPPORTED`. */
export const input: (options: object) => never = later('input', 'functional models');

/** Not in this version: throws `UNSUPPORTED`. */
export const registerSerializable: (...args: unknown[]) => never = later(
  'registerSerializable',
  'custom objects',
);

/** Not in this version: rejects with `UNSUPPORTED`. */
export function loadModel(_path: unknown, _options?: object): Promise<never> {
  const sentence = 'loadModel: whole-model files are not in this version; see loadWeights';
  return Promise.reject(new TabtrainError('UNSUPPORTED', sentence));
}
