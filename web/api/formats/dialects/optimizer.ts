import type { KerasConfig } from '../../config/spec';
import type { CompileConfig, OptimizerLayout, OptimizerOrder } from '../types';

type Config = Record<string, unknown>;

/** Config keys that OptimizerV2 does not know. */
const NEWER_KEYS = [
  'weight_decay',
  'use_ema',
  'ema_momentum',
  'ema_overwrite_frequency',
  'jit_compile',
  'adaptive_epsilon',
];
/** Numbers that OptimizerV2 keeps in variables, so that its configs have them as float32. */
const HYPERS = ['learning_rate', 'beta_1', 'beta_2', 'rho', 'momentum', 'decay'];

/** The optimizer of a compile config as an object. */
export function optimizerOf({ optimizer }: CompileConfig): KerasConfig {
  return typeof optimizer === 'string' ? { class_name: optimizer, config: {} } : optimizer;
}

export const isLegacy = ({ config }: KerasConfig): boolean =>
  config['is_legacy_optimizer'] === true;

/** Whether every Keras 2 can go on from this state, whichever generation wrote it. */
export function isUniversal({ class_name, config }: KerasConfig): boolean {
  const meansTheSame = class_name === 'SGD' || class_name === 'Adam';
  return meansTheSame && (config['weight_decay'] ?? null) === null && config['use_ema'] !== true;
}

/** The generation that a SavedModel or an HDF5 file of Keras 2 keeps; null for none. */
export function generationOf(
  compile: CompileConfig | null,
  layout: OptimizerLayout,
): 'legacy' | 'new' | null {
  if (!compile || layout === 'none') return null;
  if (layout === 'legacy' || layout === 'new') return layout;
  const optimizer = optimizerOf(compile);
  return isUniversal(optimizer) || isLegacy(optimizer) ? 'legacy' : 'new';
}

/**
 * The config that Keras writes beside state in that order, and that makes a reader build the class which
 * the state fits: OptimizerV2's says nothing of its generation, that of Keras 2.11 says that it is new.
 */
export function optimizerConfig(compile: CompileConfig, order: OptimizerOrder): KerasConfig {
  const { class_name, config } = optimizerOf(compile);
  const { is_legacy_optimizer, ...own } = config as Config;
  if (order === 'legacy') {
    for (const key of NEWER_KEYS) delete own[key];
    for (const key of ['clipnorm', 'clipvalue', 'global_clipnorm']) {
      if (own[key] === null) delete own[key];
    }
    if (is_legacy_optimizer !== true && class_name !== 'Nadam') own['decay'] = 0;
    for (const key of HYPERS) {
      if (typeof own[key] === 'number') own[key] = Math.fround(own[key]);
    }
    return { class_name, config: own };
  }
  delete own['decay'];
  if (order === 'keras3') {
    delete own['jit_compile'];
    return { class_name, config: own };
  }
  return { class_name: `Custom>${class_name}`, config: { ...own, is_legacy_optimizer: false } };
}
