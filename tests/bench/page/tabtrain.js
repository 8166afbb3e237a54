import { engineInfo, layers, losses, sequential, setSeed } from '/tabtrain/index.js';
import { batchSize, count, digits, initialWeights, pixels, time } from './workload.js';

function build(rate) {
  setSeed(1);
  const model = sequential([
    layers.dense({ units: 512, activation: 'relu', inputShape: [pixels] }),
    ...(rate > 0 ? [layers.dropout({ rate })] : []),
    layers.dense({ units: 10 }),
  ]);
  const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
  model.compile({ optimizer: 'adam', loss });
  return model;
}

const { images, labels } = await digits();
const x = { data: images, shape: [count, pixels] };
const quiet = { batchSize, verbose: 0 };
let timed;

globalThis.bench = {
  async info() {
    const { version, variant, threads } = await engineInfo();
    return `tabtrain ${version} (${variant}, ${threads} thread)`;
  },

  /** Losses of three epochs from the common weights, without dropout and shuffling. */
  async check() {
    const model = build(0);
    await model.setWeights(initialWeights());
    const { history } = await model.fit(x, labels, { ...quiet, epochs: 3, shuffle: false });
    model.dispose();
    return history.loss;
  },

  async prepare() {
    timed = build(0.2);
    await timed.fit(x, labels, { ...quiet, epochs: 3 });
  },

  measure: (epochs) => time(epochs, () => timed.fit(x, labels, { ...quiet, epochs })),
};
globalThis.ready = true;
