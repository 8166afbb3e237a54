// Random runs of fit: every optimizer, noise, BatchNormalization, schedules, metrics with state, datasets
// of each kind, callbacks. `drawRun(seed)` is the same each time it is called with the same seed.

/** Uniform numbers from a seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => list[Math.floor(next() * list.length)],
    chance: (share) => next() < share,
  };
}

const OPTIMIZERS = {
  adadelta: {},
  adagrad: {},
  adam: { amsgrad: [true, false] },
  adamax: {},
  adamw: { newer: true },
  ftrl: {},
  lion: { newer: true },
  nadam: {},
  rmsprop: { momentum: [0, 0.5], centered: [true, false] },
  sgd: { momentum: [0, 0.9], nesterov: [true, false] },
};

function drawOptimizer(tabtrain, r) {
  const name = r.pick(Object.keys(OPTIMIZERS));
  const { newer, ...choices } = OPTIMIZERS[name];
  const { schedules } = tabtrain.optimizers;
  const options = {};
  for (const [key, values] of Object.entries(choices)) options[key] = r.pick(values);
  if (!newer && r.chance(0.4)) options.legacy = true;
  else if (r.chance(0.3)) Object.assign(options, { useEma: true, emaMomentum: 0.9 });
  if (options.useEma && r.chance(0.5)) options.emaOverwriteFrequency = 5;
  if (r.chance(0.3)) options.clipnorm = 0.7;
  const hasSchedule = r.chance(0.35) && !(name === 'nadam' && options.legacy);
  options.learningRate = hasSchedule
    ? r.pick([
        () =>
          schedules.exponentialDecay({
            ...{ initialLearningRate: 0.01, decaySteps: 5, decayRate: 0.8 },
          }),
        () => schedules.cosineDecay({ initialLearningRate: 0.01, decaySteps: 20 }),
      ])()
    : 0.01;
  return { name, options, hasSchedule, make: () => tabtrain.optimizers[name](options) };
}

function drawLayers({ layers }, r, inputShape) {
  const list = [layers.dense({ units: r.integer(3, 9), activation: 'relu', inputShape })];
  if (r.chance(0.5)) list.push(layers.batchNormalization({ momentum: 0.8 }));
  const noise = [
    () => layers.dropout({ rate: 0.3 }),
    () => layers.gaussianNoise({ stddev: 0.2 }),
    () => layers.gaussianDropout({ rate: 0.2 }),
    () => layers.alphaDropout({ rate: 0.2 }),
  ];
  for (let i = r.integer(0, 2); i > 0; --i) list.push(r.pick(noise)());
  if (r.chance(0.3)) list.push(layers.layerNormalization());
  list.push(layers.dense({ units: 3, kernelRegularizer: r.chance(0.3) ? 'l2' : undefined }));
  return list;
}

/** A callback of a user's own: its state decides what it does. */
export function ownCallback(tabtrain) {
  return new (class extends tabtrain.Callback {
    seen = new Float64Array(2);
    losses = [];
    onTrainBatchEnd(batch, logs) {
      this.seen[0] += batch;
      this.seen[1] += logs.loss;
    }
    async onEpochEnd(epoch, logs) {
      this.losses.push(logs.loss, Infinity);
      await Promise.resolve();
    }
    getState() {
      return { seen: this.seen, losses: this.losses, nothing: undefined, $key: 1n };
    }
    setState({ seen, losses }) {
      Object.assign(this, { seen, losses });
    }
  })();
}

function drawCallbacks(tabtrain, r, file, hasSchedule) {
  const { callbacks } = tabtrain;
  const list = [];
  if (r.chance(0.4)) {
    const options = {
      monitor: 'loss',
      patience: r.integer(0, 2),
      restoreBestWeights: r.chance(0.5),
    };
    list.push(callbacks.earlyStopping(options));
  }
  if (!hasSchedule && r.chance(0.4)) {
    list.push(
      callbacks.reduceLROnPlateau({
        ...{ monitor: 'loss', factor: 0.5, patience: 1, minDelta: 0.05 },
      }),
    );
  }
  if (!hasSchedule && r.chance(0.3)) {
    list.push(callbacks.learningRateScheduler((epoch, lr) => lr * 0.9));
  }
  if (r.chance(0.4)) list.push(callbacks.csvLogger({ filename: `${file}.csv` }));
  if (r.chance(0.3)) {
    list.push(
      callbacks.modelCheckpoint({
        ...{ filepath: `${file}-{epoch}`, saveWeightsOnly: true, saveBestOnly: r.chance(0.5) },
        ...{ monitor: 'loss', saveFreq: r.pick(['epoch', 4]) },
      }),
    );
  }
  if (r.chance(0.5)) list.push(ownCallback(tabtrain));
  return list;
}

const FEATURES = 4;

function drawData(r) {
  const rows = r.integer(20, 60);
  const x = Float32Array.from({ length: rows * FEATURES }, () => r.next() * 2 - 1);
  const y = Uint8Array.from({ length: rows }, () => r.integer(0, 2));
  return { rows, x, y };
}

/** Batches of a dataset, from `begin` on. */
function* batchesOf({ rows, x, y }, size, begin = 0) {
  for (let at = begin * size; at < rows; at += size) {
    const end = Math.min(rows, at + size);
    const shape = [end - at, FEATURES];
    yield [{ data: x.slice(at * FEATURES, end * FEATURES), shape }, y.slice(at, end)];
  }
}

/** A dataset that shuffles by itself and says where it is. */
function statefulDataset(data, size) {
  let pass = 0;
  let at = 0;
  return {
    getState: () => ({ pass, at }),
    setState: (state) => ({ pass, at } = state),
    *[Symbol.iterator]() {
      const count = Math.ceil(data.rows / size);
      if (at >= count) [pass, at] = [pass + 1, 0];
      while (at < count) {
        const [batch] = batchesOf(data, size, (at * 7 + pass) % count);
        ++at;
        yield batch;
      }
    },
  };
}

function* forEver(data, size) {
  for (;;) yield* batchesOf(data, size);
}

/**
 * A run: `build(seed)` makes its model, `fit(model, callbacks)` trains it, `own` are fresh callbacks of the
 * configuration, whose files begin with `file`.
 */
export function drawRun(tabtrain, seed) {
  const r = random(seed);
  const data = drawData(r);
  const size = r.integer(3, 12);
  const kind = r.pick(['rows', 'rows', 'rows', 'function', 'endless', 'stateful']);
  const optimizer = drawOptimizer(tabtrain, r);
  const layerSeed = r.integer(0, 2 ** 30);
  const callbackSeed = r.integer(0, 2 ** 30);
  const metrics = r.chance(0.5) ? ['accuracy'] : ['accuracy', 'sparse_categorical_crossentropy'];
  const options = { epochs: r.integer(2, 4), verbose: 0 };
  const isEndless = kind === 'endless';
  const batches = Math.ceil(data.rows / size);
  if (isEndless || (kind !== 'stateful' && r.chance(0.2)))
    options.stepsPerEpoch = Math.max(2, r.integer(2, batches));
  if (kind === 'rows') {
    Object.assign(options, { batchSize: size, shuffle: r.chance(0.8) });
    if (r.chance(0.3)) options.validationSplit = 0.25;
    if (r.chance(0.2)) options.classWeight = { 0: 1, 1: 2, 2: 0.5 };
    if (r.chance(0.2)) options.sampleWeight = Float32Array.from(data.y, (label) => 1 + label);
  } else if (r.chance(0.3)) {
    options.validationData = [{ data: data.x, shape: [data.rows, FEATURES] }, data.y];
  }
  const steps = (options.stepsPerEpoch ?? batches) * options.epochs;
  const what = `${optimizer.name} ${JSON.stringify(optimizer.options)} ${kind}`;
  return {
    ...{ what, steps },
    build(modelSeed) {
      tabtrain.setSeed(modelSeed);
      const model = tabtrain.sequential(drawLayers(tabtrain, random(layerSeed), [FEATURES]));
      const loss = tabtrain.losses.sparseCategoricalCrossentropy({ fromLogits: true });
      model.compile({ optimizer: optimizer.make(), loss, metrics });
      return model;
    },
    own: (file) => drawCallbacks(tabtrain, random(callbackSeed), file, optimizer.hasSchedule),
    fit(model, callbacks, more = {}) {
      const all = { ...options, ...more, callbacks };
      if (kind === 'function') return model.fit(() => batchesOf(data, size), all);
      if (isEndless) return model.fit(forEver(data, size), all);
      if (kind === 'stateful') return model.fit(statefulDataset(data, size), all);
      return model.fit({ data: data.x, shape: [data.rows, FEATURES] }, data.y, all);
    },
  };
}
