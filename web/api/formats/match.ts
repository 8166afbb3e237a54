import { TabtrainError } from '../errors';
import type { LayerSnapshot, MatchOptions, StoredTensor, WeightSlot } from './types';

type Layer = LayerSnapshot<WeightSlot>;

/** What `loadModel` asks for: everything, in the file's order. */
export const EVERYTHING: MatchOptions = { byName: false, skipMismatch: false };

/** The weights of layers and of those within, as the engine lists them. */
export const weightsOf = <Weight>(layers: readonly LayerSnapshot<Weight>[]): Weight[] =>
  layers.flatMap((layer) => [...layer.weights, ...weightsOf(layer.layers)]);

/**
 * The weights of one layer as Keras's `trainable_weights + non_trainable_weights`; of a model within, those
 * of all its layers.
 */
export function keptOrder<Weight extends { readonly trainable: boolean }>(
  layer: LayerSnapshot<Weight>,
): Weight[] {
  const all = weightsOf([layer]);
  return [...all.filter(({ trainable }) => trainable), ...all.filter((each) => !each.trainable)];
}

/** Which tensor each weight takes. */
export class Matches {
  readonly #found = new Map<WeightSlot, StoredTensor>();
  readonly #skips: boolean;

  constructor({ skipMismatch }: MatchOptions) {
    this.#skips = skipMismatch;
  }

  /** The weights of a layer take these tensors, or none of them. */
  take(layer: Layer, weights: readonly WeightSlot[], tensors: readonly StoredTensor[]): void {
    const problem = this.#problem(layer, weights, tensors);
    if (problem === null) weights.forEach((weight, i) => this.#found.set(weight, tensors[i]!));
    else this.mismatch(problem);
  }

  mismatch(sentence: string): void {
    if (!this.#skips) throw new TabtrainError('SHAPE_MISMATCH', sentence);
  }

  /** For each weight of `layers`. */
  all(layers: readonly Layer[]): (StoredTensor | null)[] {
    return weightsOf(layers).map((weight) => this.#found.get(weight) ?? null);
  }

  #problem(layer: Layer, weights: readonly WeightSlot[], tensors: readonly StoredTensor[]) {
    const named = `layer '${layer.name}' (${layer.className})`;
    if (weights.length !== tensors.length) {
      return `${named}: expected ${weights.length} weights, the file has ${tensors.length}`;
    }
    for (const [i, { name, shape }] of weights.entries()) {
      const tensor = tensors[i]!;
      if (shape.join() !== tensor.shape.join()) {
        const [expected, came] = [shape, tensor.shape].map((sizes) => `[${sizes.join(', ')}]`);
        return `${named}: ${name}: expected ${expected}, the file has ${came} ('${tensor.name}')`;
      }
    }
    return null;
  }
}
