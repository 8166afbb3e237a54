import type { Description } from '../../engine/engine';
import type { KerasConfig } from '../../config/spec';
import type { OptimizerVariables, StoredTensor } from '../types';

/**
 * Whether it is SGD without momentum: as Keras 2.11 the engine gives it the slot all the same, OptimizerV2
 * and Keras 3 do not.
 */
const hasUnusedSlot = ({ class_name, config }: KerasConfig, order: string): boolean =>
  order !== 'new' &&
  class_name === 'SGD' &&
  !config['momentum'] &&
  config['use_ema'] !== true &&
  config['is_legacy_optimizer'] !== true;

/** The engine's list as Keras has it. */
export function withoutUnusedSlot(
  optimizer: KerasConfig,
  order: string,
  variables: readonly StoredTensor[],
): readonly StoredTensor[] {
  if (!hasUnusedSlot(optimizer, order)) return variables;
  return variables.filter(({ shape }) => shape.length === 0);
}

/** Keras's list as the engine has it. */
export function withUnusedSlot(
  optimizer: KerasConfig,
  { order, variables }: OptimizerVariables,
  { weights }: Description,
): readonly StoredTensor[] {
  if (!hasUnusedSlot(optimizer, order)) return variables;
  const slots = weights
    .filter(({ trainable }) => trainable)
    .map(({ name, shape }) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      return { name, dtype: 'float32', shape, bytes: new Uint8Array(4 * count) };
    });
  return [...variables, ...slots];
}
