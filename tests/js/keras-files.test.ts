// Files that real Keras wrote: 2.8, tf-keras 2.21 and Keras 3.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  layers,
  loadModel,
  losses,
  modelFromJson,
  optimizers,
  sequential,
  type Model,
  type Optimizer,
} from 'tabtrain';
import { unzipEntries, zipEntries } from '../../web/api/storage/zip';
import { expectFailure } from './support/errors';
import { kerasFile, kerasFiles, kerasX, kerasY, type KerasFile } from './support/kerasFiles';

const files = [...kerasFiles('tf2.8'), ...kerasFiles('tf2.21')];
const isCheckpoint = ({ name }: KerasFile) => name.endsWith('.ckpt');
const all = files.filter((each) => !isCheckpoint(each));
/** What Keras computed in part in float16, or all of it in bfloat16, to which it rounds the weights after each step. */
const toleranceOf = ({ name }: KerasFile) =>
  name.includes('half-') ? 0.005 : name.includes('bfloat-') ? 0.05 : null;
const isWeights = ({ name }: KerasFile) => name.includes('weights');
const label = ({ writer, name }: KerasFile) => `${writer} ${name}`;
const named = (list: readonly KerasFile[]) => list.map((each) => [label(each), each] as const);

async function expectPrediction(model: Model, expected: readonly number[], within = 1e-6) {
  const { data } = await model.predict(kerasX, { verbose: 0 });
  expect(data).toHaveLength(expected.length);
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - Number(data[i]))));
  expect(worst).toBeLessThanOrEqual(within);
}

async function expectLosses(model: Model, expected: readonly number[], within = 1e-5) {
  expect(expected.length).toBeGreaterThan(0);
  for (const value of expected) {
    const [loss] = await model.trainOnBatch(kerasX, kerasY);
    expect(Math.abs(loss! - value) / value).toBeLessThanOrEqual(within);
  }
}

/** The model of make_files.py whose weights a file has. */
function modelFor(name: string): Model {
  const frozen = layers.dense({ units: 4, trainable: false });
  const isMlp = name.includes('mlp');
  if (name === 'tiny') {
    return sequential([
      layers.dense({ units: 5, activation: 'relu', inputShape: [4] }),
      layers.dense({ units: 3 }),
    ]);
  }
  return sequential(
    isMlp
      ? [
          layers.dense({ units: 5, activation: 'relu', inputShape: [4] }),
          layers.batchNormalization(),
          layers.dropout({ rate: 0 }),
          sequential([layers.dense({ units: 4 }), layers.batchNormalization(), layers.prelu()]),
          layers.dense({ units: 4, useBias: false }),
          layers.layerNormalization(),
          layers.dense({ units: 3 }),
        ]
      : [
          layers.dense({ units: 5, inputShape: [4] }),
          sequential([layers.dense({ units: 3 }), layers.batchNormalization(), frozen]),
          layers.dense({ units: 3 }),
        ],
  );
}

describe('whole models', () => {
  const whole = all.filter((each) => !isWeights(each));

  test('are many', () => expect(whole.length).toBeGreaterThan(12));

  test.each(named(whole))('%s: layers, predictions, next losses', async (_, file) => {
    const model = await loadModel(file.path);
    expect(model.layers.map(({ className }) => className)).toEqual(file.layers);
    expect(model.optimizer?.className).toBe(file.optimizer);
    expect(model.metricsNames).toEqual(['loss', 'accuracy']);
    await expectPrediction(model, file.prediction, toleranceOf(file) ?? 1e-6);
    await expectLosses(model, file.losses, toleranceOf(file) ?? 1e-5);
    model.dispose();
  });

  test('are loaded without their optimizer', async () => {
    const model = await loadModel(kerasFile('tf2.21', 'keras3-mlp-adam.keras'), { compile: false });
    await expectFailure(() => model.optimizer, {
      code: 'INVALID_ARGUMENT',
      says: ['not been compiled'],
    });
    const [{ prediction }] = all.filter(({ name }) => name === 'keras3-mlp-adam.keras') as [
      KerasFile,
    ];
    await expectPrediction(model, prediction);
  });

  test('are recognised by their bytes', async () => {
    const bytes = readFileSync(kerasFile('tf2.8', 'tiny-adam.h5'));
    // Keras 2.8 wrote HDF5 under this name too.
    const model = await loadModel([new File([bytes], 'model.keras')]);
    expect(model.optimizer?.className).toBe('Adam');
  });
});

describe('weights', () => {
  test.each(named(all.filter(isWeights)))('%s', async (_, file) => {
    const model = modelFor(file.name);
    await model.build();
    const status = await model.loadWeights(file.path);
    status.assertConsumed();
    await expectPrediction(model, file.prediction);
  });

  test.each(['mlp.weights.h5', 'keras3-mlp.weights.h5', 'mlp-adam.keras', 'keras3-mlp-adam.h5'])(
    '%s: a compiled model takes what there is of the optimizer',
    async (name) => {
      const file = all.find((each) => each.name === name && each.path.includes('tf2.21'))!;
      const model = modelFor(name);
      model.compile({ optimizer: 'adam', loss: 'mse' });
      const status = await model.loadWeights(file.path);
      status.assertConsumed();
      const state = status.restored.filter((each) => each.startsWith('optimizer/'));
      // Whole models in HDF5 are read for their weights alone.
      expect(state.length > 0).toBe(!name.endsWith('adam.h5'));
      await expectPrediction(model, file.prediction);
    },
  );

  test('of another optimizer are left where they are, and named', async () => {
    const model = modelFor('mlp');
    model.compile({ optimizer: 'rmsprop', loss: 'mse' });
    const status = await model.loadWeights(kerasFile('tf2.21', 'mlp.weights.h5'));
    expect(status.unusedInFile).toContain('optimizer/vars/0');
    expect(status.unusedInFile.every((name) => name.startsWith('optimizer/'))).toBe(true);
  });
});

describe('unusual HDF5', () => {
  const tiny = all.find(({ name }) => name === 'tiny-adam.h5')!;

  test.each([
    ['odd-packed.h5', 1e-6, []],
    ['odd-fixed-big-endian.h5', 1e-6, []],
    [
      'odd-float64.h5',
      1e-6,
      [/^\d+ weights are float64 in the file and were converted to float32$/],
    ],
    [
      'odd-float16.h5',
      1e-3,
      [/^\d+ weights are float16 in the file and were converted to float32$/],
    ],
  ])('%s is read', async (name, within, notes) => {
    const model = await loadModel(kerasFile('tf2.21', name));
    expect(model.loadedFrom!.notes).toEqual(notes.map((note) => expect.stringMatching(note)));
    await expectPrediction(model, tiny.prediction, within);
    if (within === 1e-6) await expectLosses(model, tiny.losses);
  });
});

describe('floats of other widths', () => {
  const notesOf = async (version: 'tf2.8' | 'tf2.21', name: string) =>
    (await loadModel(kerasFile(version, name))).loadedFrom!.notes;
  const scaling = 'the scaling of losses, which float32 does not need, is left out';

  test.each([
    ['tf2.8', 'half-adam.h5', scaling],
    ['tf2.21', 'half-adam.h5', scaling],
    ['tf2.21', 'keras3-half-adam.h5', scaling],
    // Archives have the optimizer within as what the model was compiled with.
    ['tf2.21', 'half-adam.keras', null],
    ['tf2.21', 'keras3-half-adam.keras', null],
  ] as const)('%s %s: what is left out is said', async (version, name, left) => {
    const layersNote = 'layers of mixed_float16 are computed in float32';
    expect(await notesOf(version, name)).toEqual([layersNote, ...(left ? [left] : [])]);
  });

  test.each([
    ['double-adam.h5', 'float64'],
    ['double-adam.keras', 'float64'],
    ['keras3-double-adam.keras', 'float64'],
    ['keras3-bfloat-adam.keras', 'bfloat16'],
  ])('%s: what is converted is said', async (name, dtype) => {
    expect(await notesOf('tf2.21', name)).toEqual([
      `layers of ${dtype} are computed in float32`,
      `4 weights are ${dtype} in the file and were converted to float32`,
    ]);
  });

  test('of an activation that is a layer', async () => {
    const dtype = { class_name: 'Policy', config: { name: 'mixed_float16' } };
    const activation = { class_name: 'LeakyReLU', config: { alpha: 0.5, dtype } };
    const dense = { units: 1, batch_input_shape: [null, 1], dtype, activation };
    const layer = { class_name: 'Dense', config: { ...dense, kernel_initializer: 'ones' } };
    const model = modelFromJson({ class_name: 'Sequential', config: { layers: [layer] } });
    expect((await model.predict([[-3]], { verbose: 0 })).data).toEqual(Float32Array.of(-1.5));
  });

  test('an optimizer of the older generation within one that scales losses', async () => {
    const inner = {
      module: 'keras.optimizers.legacy',
      class_name: 'SGD',
      config: { decay: 0.1, momentum: 0.5 },
    };
    const optimizer = { class_name: 'LossScaleOptimizer', config: { inner_optimizer: inner } };
    const loading = withConfig((text) => {
      const config = JSON.parse(text) as { compile_config: object };
      return JSON.stringify({ ...config, compile_config: { ...config.compile_config, optimizer } });
    });
    // It is understood: what is wrong is the state in that archive, which is Adam's.
    await expect(loading).rejects.toThrow('SGD has');
  });

  const checkpoints = files.filter(isCheckpoint);
  const optimizerOf = (optimizer: Optimizer) => {
    const model = modelFor('tiny');
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    model.compile({ optimizer, loss, metrics: ['accuracy'] });
    return model;
  };

  test.each(named(checkpoints))('%s: weights and slots of a checkpoint', async (_, file) => {
    const model = optimizerOf(
      optimizers.adam({ learningRate: 0.5, legacy: file.writer === 'tf2.8' }),
    );
    await model.build();
    const status = await model.loadWeights(file.path);
    const isDouble = file.name.startsWith('double');
    const scaling = (name: string) => name.includes('/loss_scale/');
    expect(status.unusedInFile.filter((name) => !scaling(name))).toEqual([]);
    const note = /^\d+ values are float64 in the file and were converted to float32$/;
    expect(status.notes).toEqual(isDouble ? [expect.stringMatching(note)] : []);
    await expectPrediction(model, file.prediction, toleranceOf(file) ?? 1e-6);
    await expectLosses(model, file.losses, toleranceOf(file) ?? 1e-5);
  });

  // Their names are within a condition, or do not say the optimizer's.
  test.each(named(checkpoints))('%s: the state is not of another class', async (_, file) => {
    for (const make of [optimizers.rmsprop, optimizers.adamax, optimizers.adagrad]) {
      const model = optimizerOf(make({ legacy: file.writer === 'tf2.8' }));
      await model.build();
      const { restored } = await model.loadWeights(file.path);
      expect(restored.filter((name) => !name.startsWith('dense'))).toEqual([]);
      model.dispose();
    }
  });
});

/** An archive of Keras 3 with another config. */
async function withConfig(change: (text: string) => string): Promise<Model> {
  const entries = await unzipEntries(readFileSync(kerasFile('tf2.21', 'keras3-mlp-adam.keras')));
  const changed = entries.map(({ name, bytes }) => ({
    name,
    bytes: name === 'config.json' ? Buffer.from(change(Buffer.from(bytes).toString())) : bytes,
  }));
  return loadModel([new File([zipEntries(changed)], 'model.keras')]);
}

test('RMSprop is the optimizer where Keras has forgotten it, without the state', async () => {
  const model = await withConfig((text) => {
    const config = JSON.parse(text) as { compile_config: Record<string, unknown> };
    delete config.compile_config['optimizer'];
    return JSON.stringify(config);
  });
  expect(model.optimizer.className).toBe('RMSprop');
  expect(model.optimizer.learningRate).toBeCloseTo(0.001);
  expect(model.loadedFrom!.notes).toEqual([
    expect.stringContaining('RMSprop is taken, as by Keras'),
  ]);
});

test("that Keras 3's hard_sigmoid is another one is said", async () => {
  const model = await withConfig((text) => text.replace('"relu"', '"hard_sigmoid"'));
  expect(model.loadedFrom!.notes).toEqual([
    expect.stringContaining("hard_sigmoid is computed by Keras 2's"),
  ]);
});

describe('modelFromJson', () => {
  test('reads the words of Keras 3', async () => {
    const json = `{"module": "keras", "class_name": "Sequential", "registered_name": null, "config": {"name": "mine",
      "trainable": true, "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"},
      "registered_name": null}, "layers": [{"module": "keras.layers", "class_name": "InputLayer",
      "config": {"batch_shape": [null, 4], "dtype": "float32", "sparse": false, "ragged": false, "name": "in",
      "optional": false}, "registered_name": null}, {"module": "keras.layers", "class_name": "Dense", "config":
      {"name": "d", "trainable": true, "units": 2, "activation": "relu", "use_bias": true, "kernel_initializer":
      {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": null, "input_axes": null},
      "registered_name": null}, "quantization_config": null}, "registered_name": null, "build_config":
      {"input_shape": [null, 4]}}], "build_input_shape": [null, 4]}}`;
    const model = modelFromJson(json);
    await model.build();
    expect(model.countParams()).toBe(10);
    expect(model.name).toBe('mine');
    expect(modelFromJson(model.toJson()).layers).toHaveLength(1);
  });

  test("reads numbers that Keras 2.12 takes for numpy's", async () => {
    const numpy = { class_name: '__numpy__', config: { value: 4, dtype: 'float32' } };
    const relu = { name: 'r', batch_input_shape: [null, 4], max_value: numpy };
    const layer = { class_name: 'ReLU', config: relu, registered_name: null };
    const model = modelFromJson({ class_name: 'Sequential', config: { layers: [layer] } });
    const { data } = await model.predict([[-1, 3, 4, 9]], { verbose: 0 });
    expect([...data]).toEqual([0, 3, 4, 4]);
  });

  test.each(['mixed_float16', 'bfloat16', 'float64'])('takes float32 for %s', async (name) => {
    const dtype = name.startsWith('mixed') ? { class_name: 'Policy', config: { name } } : name;
    const layer = {
      class_name: 'Dense',
      config: { units: 2, batch_input_shape: [null, 4], dtype },
    };
    const model = modelFromJson({ class_name: 'Sequential', config: { layers: [layer] } });
    await model.build();
    expect(JSON.stringify(model.getConfig())).not.toContain(name);
  });

  test('reads the list of Keras 2.1', async () => {
    const model = modelFromJson({
      class_name: 'Sequential',
      config: [
        { class_name: 'Dense', config: { name: 'd', units: 2, batch_input_shape: [null, 4] } },
      ],
    });
    await model.build();
    expect(model.countParams()).toBe(10);
  });
});
