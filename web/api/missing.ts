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

/** Not in this version: each throws `UNSUPPORTED`. */
export const regularizers = {
  l1: later('regularizers.l1', 'regularizers'),
  l2: later('regularizers.l2', 'regularizers'),
  l1l2: later('regularizers.l1l2', 'regularizers'),
} as const;

/** Not in this version: each throws `UNSUPPORTED`. */
export const constraints = {
  maxNorm: later('constraints.maxNorm', 'constraints'),
  minMaxNorm: later('constraints.minMaxNorm', 'constraints'),
  nonNeg: later('constraints.nonNeg', 'constraints'),
  unitNorm: later('constraints.unitNorm', 'constraints'),
} as const;
