// What both engines do: TensorFlow's save-and-load tutorial on 1000 digits, batches of 32, Adam.

export const count = 1000;
export const batchSize = 32;
export const stepsPerEpoch = Math.ceil(count / batchSize);
export const pixels = 784;

/** Bytes of an IDX file after its header. */
async function idx(name, header, length) {
  const response = await fetch(`/data/${name}`);
  if (!response.ok) throw new Error(`${name}: HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer(), header, length);
}

/** The first 1000 digits: floats from 0 to 1 `[1000, 784]`, labels `[1000]`. */
export async function digits() {
  const bytes = await idx('train-images-idx3-ubyte', 16, count * pixels);
  const labels = await idx('train-labels-idx1-ubyte', 8, count);
  return { images: Float32Array.from(bytes, (value) => value / 255), labels };
}

/** Weights that both engines start the check from: 784-512-10, Glorot's range, biases 0. */
export function initialWeights() {
  let state = 1;
  const uniform = () =>
    ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * 2 - 1;
  const matrix = (rows, columns) => {
    const limit = Math.sqrt(6 / (rows + columns));
    return {
      data: Float32Array.from({ length: rows * columns }, () => uniform() * limit),
      shape: [rows, columns],
    };
  };
  const zeros = (length) => ({ data: new Float32Array(length), shape: [length] });
  return [matrix(pixels, 512), zeros(512), matrix(512, 10), zeros(10)];
}

/** Milliseconds per step of `epochs` epochs. */
export async function time(epochs, run) {
  const start = performance.now();
  await run(epochs);
  return (performance.now() - start) / (epochs * stepsPerEpoch);
}
