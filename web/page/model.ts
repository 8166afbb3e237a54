import { layers, losses, optimizers, sequential, type Sequential } from '../api/index';
import { Feed } from './feed';

/** Where a model came from that is not the page's own. */
export interface Origin {
  /** Names the copy that the page keeps of it. */
  readonly id: string;
  /** Of the file or the folder. */
  readonly name: string;
  /** "HDF5, Keras 2.8.0" */
  readonly kind: string;
  /** Its learning rate; null where a schedule sets that. */
  readonly rate: number | null;
}

/** A model that the page trains, and how digits are given to it. */
export interface Subject {
  readonly model: Sequential;
  readonly feed: Feed;
  /** Null for the page's own model. */
  readonly origin: Origin | null;
}

/** The model of TensorFlow's save-and-load tutorial; the trainer sets the learning rate. */
export function tutorial(): Subject {
  const model = sequential([
    layers.dense({ units: 512, activation: 'relu', inputShape: [784] }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 10 }),
  ]);
  compileAsTutorial(model, true);
  return { model, feed: new Feed([784], false, false), origin: null };
}

/** @param fromLogits whether the model gives logits: else it ends in a softmax. */
export function compileAsTutorial(model: Sequential, fromLogits: boolean): void {
  model.compile({
    optimizer: optimizers.adam(),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits }),
    metrics: ['accuracy'],
  });
}
