import { datasets } from '../api/index';
import { nextTask } from './dom';
import { imageSide } from './preprocess';

export const pixels = imageSide * imageSide;
export const classes = 10;
/** Pixels converted in one go: about 2 ms of work. */
const slice = 1 << 20;

/** Floats in 0..1 with their shape, `[count, 784]`, as the tutorial feeds its model. */
export interface FloatImages {
  readonly data: Float32Array;
  readonly shape: [number, number];
}

export interface Labels {
  readonly data: Uint8Array;
  readonly shape: [number];
}

/** One half of MNIST: bytes as they came, floats made on demand and kept. */
export class Digits {
  private floats = new Float32Array(0);

  constructor(
    private readonly pixelBytes: Uint8Array,
    private readonly labelBytes: Uint8Array,
  ) {}

  get count(): number {
    return this.labelBytes.length;
  }

  /** The `[28 * 28]` bytes of one image. */
  image(index: number): Uint8Array {
    return this.pixelBytes.subarray(index * pixels, (index + 1) * pixels);
  }

  label(index: number): number {
    return this.labelBytes[index] ?? 0;
  }

  labels(count: number): Labels {
    return { data: this.labelBytes.subarray(0, count), shape: [count] };
  }

  /** The first `count` images as they came. */
  bytes(count: number): { readonly data: Uint8Array } {
    return { data: this.pixelBytes.subarray(0, count * pixels) };
  }

  /** The first `count` images divided by 255, converted in slices that leave the page responsive. */
  async images(count: number): Promise<FloatImages> {
    const length = count * pixels;
    if (this.floats.length < length) {
      const floats = new Float32Array(length);
      for (let start = 0; start < length; start += slice) {
        const end = Math.min(start + slice, length);
        for (let i = start; i < end; i++) floats[i] = (this.pixelBytes[i] ?? 0) / 255;
        await nextTask();
      }
      this.floats = floats;
    }
    return { data: this.floats.subarray(0, length), shape: [count, pixels] };
  }
}

export interface Mnist {
  readonly train: Digits;
  readonly test: Digits;
}

/** Fetches MNIST's four IDX files. `progress` gets bytes received and, once known, expected. */
export async function loadMnist(progress: (loaded: number, total: number) => void): Promise<Mnist> {
  const mnist = await datasets.mnist.loadData({
    url: '/data/',
    onProgress: ({ loaded, total }) => {
      progress(loaded, total);
    },
  });
  const half = ({ images, labels }: typeof mnist.train): Digits =>
    new Digits(images.data, labels.data);
  return { train: half(mnist.train), test: half(mnist.test) };
}
