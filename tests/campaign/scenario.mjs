// In the browser: a run that keeps its state and tells the server what is saved.
import { callbacks, engineInfo, init, layers, losses, sequential, setSeed } from '/index.js';

const rows = 320;
const x = {
  data: Float32Array.from({ length: rows * 8 }, (_, i) => Math.sin(i)),
  shape: [rows, 8],
};
const y = Uint8Array.from({ length: rows }, (_, i) => (i * 7) % 3);

let worker = null;
const startWorker = (url) => (worker = new Worker(url, { type: 'module' }));
globalThis.endWorker = () => worker.terminate();

/**
 * Trains to the end, slowed down by `pauseMs` a batch; the hash of the weights is reported last. With
 * `saveBatches` each save is waited for, so that all runs have the same.
 */
export async function run(options) {
  const { seed, saveSeconds, pauseMs, epochs, units = 64, waits, backupDir = 'run' } = options;
  const { deleteCheckpoint = false, keep = 3, saveBatches, workerUrl } = options;
  const report = (what) => {
    const body = JSON.stringify({ run: options.run, ...what });
    void fetch('/report', { method: 'POST', keepalive: true, body });
  };
  try {
    if (workerUrl && !worker) await init({ worker: () => startWorker(workerUrl) });
    report({ type: 'begin' });
    const { storage, why } = await engineInfo();
    setSeed(seed);
    const model = sequential([
      layers.dense({ units, activation: 'relu', inputShape: [8] }),
      layers.dropout({ rate: 0.3 }),
      layers.batchNormalization(),
      layers.dense({ units: 3 }),
    ]);
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    model.compile({ optimizer: 'adam', loss, metrics: ['accuracy'] });
    let isResumed = false;
    let batches = 0;
    let saved = 0;
    let settled = () => {};
    const watch = {
      onProgress: (progress) => {
        const { type, epoch, batch, warnings } = progress;
        if (type === 'resumed') isResumed = true;
        if (type === 'saved') settled(++saved);
        if (type === 'epochBegin' && !isResumed && epoch === 0) {
          report({ type: 'fresh', text: `${storage}; ${why.join('; ')}` });
        }
        if (type === 'saved' || type === 'resumed') report({ type, epoch, batch, warnings });
      },
      ...(pauseMs > 0 && {
        onTrainBatchEnd: () => new Promise((done) => setTimeout(done, pauseMs)),
      }),
      ...(saveBatches && {
        onTrainBatchEnd: async () => {
          const due = Math.floor(batches++ / saveBatches);
          if (saved < due) await new Promise((done) => (settled = done));
        },
      }),
    };
    const backup = callbacks.backupAndRestore({
      ...{ backupDir, saveFreq: saveBatches ?? { seconds: saveSeconds }, deleteCheckpoint, keep },
    });
    const fitting = { epochs, batchSize: 16, verbose: 0, callbacks: [backup, watch] };
    const { history } = await model.fit(x, y, fitting);
    const bytes = [new TextEncoder().encode(JSON.stringify(history))];
    for (const { data } of await model.getWeights()) bytes.push(new Uint8Array(data.buffer));
    const digest = await crypto.subtle.digest('SHA-256', await new Blob(bytes).arrayBuffer());
    report({ type: 'end', hash: [...new Uint8Array(digest)].join() });
  } catch (error) {
    if (waits && error.code === 'LOCKED') {
      // Another tab has the run; this one takes it over when that tab is gone.
      await new Promise((done) => setTimeout(done, 200));
      return run(options);
    }
    // This tab's worker was ended: nobody is left to say more.
    if (waits && error.code === 'INTERNAL') return;
    report({ type: 'error', code: error.code, text: `${error.code}: ${error.message}` });
  }
}
