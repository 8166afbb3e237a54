import '@tensorflow/tfjs-backend-cpu';
import { setThreadsCount, setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { batchSize, count, digits, initialWeights, pixels, time } from './workload.js';

setWasmPaths('/tfjs-wasm/');
setThreadsCount(1);
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
await tf.setBackend('wasm');
await tf.ready();

function build(rate) {
  const model = sequential();
  model.add(layers.dense({ units: 512, activation: 'relu', inputShape: [pixels] }));
  if (rate > 0) model.add(layers.dropout({ rate }));
  model.add(layers.dense({ units: 10 }));
  const loss = (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits);
  model.compile({ optimizer: tf.train.adam(0.001, 0.9, 0.999, 1e-7), loss });
  return model;
}

const { images, labels } = await digits();
const x = tf.tensor2d(images, [count, pixels]);
const y = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32');
const quiet = { batchSize, verbose: 0, yieldEvery: 'never' };
let timed;

globalThis.bench = {
  info: async () => `TensorFlow.js ${version_wasm} (${tf.getBackend()}, 1 thread)`,

  async check() {
    const model = build(0);
    model.setWeights(initialWeights().map(({ data, shape }) => tf.tensor(data, shape)));
    const { history } = await model.fit(x, y, { ...quiet, epochs: 3, shuffle: false });
    model.dispose();
    return history.loss;
  },

  async prepare() {
    timed = build(0.2);
    await timed.fit(x, y, { ...quiet, epochs: 3 });
  },

  measure: (epochs) => time(epochs, () => timed.fit(x, y, { ...quiet, epochs })),
};
globalThis.ready = true;
