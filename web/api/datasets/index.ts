import type { Mnist, MnistOptions } from './mnist';

/** Data to try things with; what loads them comes with the first call. */
export const datasets = {
  /** Handwritten digits (LeCun, Cortes, Burges). */
  mnist: {
    /**
     * MNIST, from IDX files; their SHA-256 is verified.
     * @throws TabtrainError `NOT_FOUND` (no such file), `CORRUPT_FILE` (another checksum), `ABORTED`.
     */
    async loadData(options: MnistOptions = {}): Promise<Mnist> {
      return (await import('./mnist')).loadMnist(options);
    },
  },
} as const;
