// What every kind of user does with the package: builds a small model, trains it, predicts.

/** Learns y = x0 + 2 x1 from 64 rows and returns what the tests look at. */
export async function useTabtrain(tabtrain, options) {
  const { callbacks, engineInfo, init, layers, loadModel, sequential, setSeed, storage } = tabtrain;
  if (options) await init(options);
  setSeed(1);
  const model = sequential([
    layers.dense({ units: 8, activation: 'relu', inputShape: [2] }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  const x = Array.from({ length: 64 }, (_, i) => [(i % 8) / 8, Math.floor(i / 8) / 8]);
  const y = x.map(([a, b]) => [a + 2 * b]);
  // Its code is loaded on demand: a bundler must have found it.
  let saves = 0;
  const watch = { onProgress: ({ type }) => (saves += Number(type === 'saved')) };
  const { history } = await model.fit(x, y, {
    ...{ batchSize: 16, epochs: 30, verbose: 0 },
    callbacks: [callbacks.backupAndRestore({ backupDir: 'tabtrain-consumer' }), watch],
  });
  if (saves === 0) throw new Error('nothing was saved');
  const { data, shape } = await model.predict(x);
  // So are the formats, and HDF5, which is a library of its own.
  for (const path of ['tabtrain-consumer.h5', 'tabtrain-consumer.keras']) {
    await model.save(path);
    const loaded = await loadModel(path);
    const again = await loaded.predict(x);
    if (again.data.some((value, i) => value !== data[i]))
      throw new Error(`${path} is another model`);
    loaded.dispose();
    await storage.remove(path);
  }
  const { variant } = await engineInfo();
  model.dispose();
  return { losses: history.loss, shape, prediction: data[63], variant };
}
