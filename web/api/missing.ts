import { unsupported } from './errors';

const later = (name: string, what: string) => (): never =>
  unsupported(`${name}: ${what} are not in this version`);

/** Not in this version: throws `UNSUPPORTED`. */
export const model: (options: object) => never = later('model', 'functional models');

/** Not in this version: throws `UNSUPPORTED`. */
export const input: (options: object) => never = later('input', 'functional models');
