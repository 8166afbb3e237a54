import { datasets } from 'tabtrain';

/** The first `count` digits as the tutorial feeds them: floats from 0 to 1, `[count, 784]`. */
export async function firstDigits(count: number) {
  const { train, test } = await datasets.mnist.loadData();
  const part = ({ images, labels }: typeof train) => ({
    images: {
      data: Float32Array.from(images.slice(0, count).data, (v) => v / 255),
      shape: [count, 784],
    },
    labels: labels.slice(0, count),
  });
  return { train: part(train), test: part(test) };
}
