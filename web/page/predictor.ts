import type { Trainer } from './trainer';

export interface Answer {
  /** Logits or probabilities, ten for each image. */
  readonly rows: readonly Float32Array[];
  readonly milliseconds: number;
}

/** Asks the model, also while it trains; null where it cannot answer (disposed, engine lost). */
export class Predictor {
  constructor(private readonly trainer: Trainer) {}

  /** @param images `[count * 784]` floats in 0..1 */
  async predict(images: Float32Array, count: number): Promise<Answer | null> {
    const started = performance.now();
    try {
      const { model, feed } = this.trainer;
      const logits = await model.predict(feed.input(images, count), { verbose: 0 });
      const data = logits.data as Float32Array;
      const classes = data.length / count;
      const rows = Array.from({ length: count }, (_, row) =>
        data.slice(row * classes, (row + 1) * classes),
      );
      return { rows, milliseconds: performance.now() - started };
    } catch {
      // A failed answer is no failed training: the bars say that there is none.
      return null;
    }
  }
}
