import type { Sequential, TypedArrayWithShape } from '../api/index';
import { classes, pixels, type Digits } from './data';

/** How digits are given to a model: in which shape, as which numbers, with which targets. */
export class Feed {
  constructor(
    /** Of one image; its product is 784. */
    private readonly shape: readonly number[],
    /** Whether the model scales pixels by itself: then they are bytes, else floats in 0..1. */
    private readonly scales: boolean,
    /** Whether targets are rows of ten; else they are the digits themselves. */
    private readonly oneHot: boolean,
  ) {}

  async images(digits: Digits, count: number): Promise<TypedArrayWithShape> {
    const { data } = this.scales ? digits.bytes(count) : await digits.images(count);
    return { data, shape: [count, ...this.shape] };
  }

  /** @param images `[count * 784]` floats in 0..1 */
  input(images: Float32Array, count: number): TypedArrayWithShape {
    const data = this.scales ? images.map((value) => value * 255) : images;
    return { data, shape: [count, ...this.shape] };
  }

  labels(digits: Digits, count: number): TypedArrayWithShape {
    const labels = digits.labels(count);
    if (!this.oneHot) return labels;
    const rows = new Float32Array(count * classes);
    labels.data.forEach((label, i) => (rows[i * classes + label] = 1));
    return { data: rows, shape: [count, classes] };
  }
}

type Config = Readonly<Record<string, unknown>>;

/** "28 × 28 numbers" */
const numbers = (shape: readonly (number | null)[] | undefined): string => {
  const extents = (shape ?? []).slice(1).map((extent) => extent ?? 'any');
  return extents.join() === '1' ? '1 number' : `${extents.join(' × ')} numbers`;
};

/** A model's feed, or a sentence that says why digits do not fit it. */
export function feedOf(model: Sequential): Feed | string {
  const [input, output] = [model.inputs[0]?.shape, model.outputs[0]?.shape];
  const shape = (input ?? []).slice(1).map((extent) => extent ?? 0);
  const isImage = shape.reduce((all, extent) => all * extent, 1) === pixels;
  const isDigit = output?.length === 2 && output[1] === classes;
  if (!isImage || !isDigit) {
    return `It takes ${numbers(input)} and gives ${numbers(output)}; the digits of this page are 28 × 28 pixels in ten classes.`;
  }
  const scales = model.layers.slice(0, 2).some((layer) => {
    const { scale } = layer.getConfig() as { scale?: unknown };
    return layer.className === 'Rescaling' && Number(scale) < 0.1;
  });
  const loss = model.loadedFrom?.compile?.loss;
  const lossName = typeof loss === 'string' ? loss : JSON.stringify(loss ?? 'sparse');
  return new Feed(shape, scales, !/sparse/i.test(lossName));
}

/** Whether the last layer makes probabilities by itself. */
export function endsInSoftmax(model: Sequential): boolean {
  const last = model.layers.at(-1);
  const { activation } = (last?.getConfig() ?? {}) as Config;
  return last?.className === 'Softmax' || activation === 'softmax';
}
