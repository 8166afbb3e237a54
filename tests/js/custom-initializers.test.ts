// Initializers of the user's own: values, seeds, files, bad input.
import { describe, expect, test } from '@jest/globals';
import {
  callbacks,
  initializers,
  layers,
  loadModel,
  modelFromJson,
  registerSerializable,
  sequential,
  setSeed,
  type CallbackLike,
  type CustomObjects,
  type GraphBuilder,
  type Initializer,
  type Model,
  type Operand,
  type Value,
  type Weight,
} from 'tabtrain';
import { expectFailure } from './support/errors';
import { temporaryNames } from './support/models';
import {
  compiled,
  future,
  metadataOf,
  steps,
  trained,
  trainX,
  trainY,
} from './support/savedModels';

const fresh = temporaryNames();

/** Normal numbers, wider the fewer inputs there are. */
class Spread extends initializers.Initializer {
  static override className = 'Spread';
  static calls = 0;
  readonly gain: number;
  readonly seed: number | null;

  constructor({ gain = 1, seed = null }: { gain?: number; seed?: number | null } = {}) {
    super();
    this.gain = gain;
    this.seed = seed;
  }

  override call(g: GraphBuilder, shape: readonly number[]): Operand {
    ++Spread.calls;
    return g.mul(g.randomNormal(shape, { seed: this.seed }), this.gain / Math.sqrt(shape[0]!));
  }

  override getConfig(): Record<string, unknown> {
    return { gain: this.gain, seed: this.seed };
  }
}
const third = (): number => 1 / 3;
const between = (g: GraphBuilder, shape: readonly number[]): Operand =>
  g.sub(g.randomUniform(shape), g.randomUniform(shape));

/** x gain, whose initializer is an option. */
class Gain extends layers.Layer {
  static override className = 'Gain';
  readonly initializer: Initializer;
  gain!: Weight;

  constructor(config: { initializer: Initializer; name?: string }) {
    super(config);
    this.initializer = config.initializer;
  }

  override build(shape: readonly (number | null)[]): void {
    this.gain = this.addWeight('gain', [shape.at(-1)], { initializer: this.initializer });
  }

  override call(g: GraphBuilder, x: Value): Operand {
    return g.mul(x, this.gain);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), initializer: this.initializer };
  }
}

const numbers = async (model: Model) => {
  await model.build();
  const weights = await model.getWeights();
  return new Map(weights.map(({ name, data }) => [name, [...(data as Float32Array)]]));
};
function dense(kernelInitializer: Initializer, seed = 4): Model {
  setSeed(seed);
  return sequential([
    layers.dense({ units: 5, kernelInitializer, biasInitializer: third, inputShape: [4] }),
    layers.dense({ units: 3 }),
  ]);
}
const everything = (): Model =>
  compiled(
    sequential([
      layers.dense({ units: 5, kernelInitializer: new Spread({ gain: 2 }), inputShape: [4] }),
      sequential([layers.prelu({ alphaInitializer: between }), new Gain({ initializer: third })]),
      layers.batchNormalization({ gammaInitializer: new Spread(), movingMeanInitializer: third }),
      layers.dense({ units: 3, useBias: false, biasInitializer: between }),
    ]),
  );
const customObjects: CustomObjects = { Spread, Gain, third, between };

describe('values', () => {
  test('a number is that of every element', async () => {
    const bias = (await numbers(dense('glorotUniform'))).get('dense/bias');
    expect(bias).toEqual(Array.from({ length: 5 }, () => Math.fround(1 / 3)));
  });

  test("random numbers are those of Keras's initializers, from the weight's own stream", async () => {
    const own = (await numbers(dense(new Spread({ gain: 2 })))).get('dense/kernel')!;
    const theirs = initializers.randomNormal({ stddev: 1 });
    expect(own).toEqual((await numbers(dense(theirs))).get('dense/kernel'));
    expect(own).not.toEqual((await numbers(dense(new Spread({ gain: 2 }), 5))).get('dense/kernel'));
  });

  test('and with a seed the same whatever the model', async () => {
    const own = (seed: number) => dense(new Spread({ gain: 2, seed: 7 }), seed);
    const theirs = initializers.randomNormal({ stddev: 1, seed: 7 });
    const kernel = (await numbers(own(1))).get('dense/kernel');
    expect(kernel).toEqual((await numbers(own(2))).get('dense/kernel'));
    expect(kernel).toEqual((await numbers(dense(theirs, 3))).get('dense/kernel'));
  });

  test('each draw is another', async () => {
    const kernel = (await numbers(dense(between))).get('dense/kernel')!;
    expect(new Set(kernel).size).toBe(20);
    expect(kernel.some((value) => value < 0)).toBe(true);
    expect(kernel.every((value) => Math.abs(value) < 1)).toBe(true);
  });

  test('recorded once for each shape, whatever uses it', async () => {
    const shared = new Spread();
    Spread.calls = 0;
    setSeed(1);
    const model = sequential([
      ...[1, 2, 3].map(() => layers.dense({ units: 4, kernelInitializer: shared })),
      layers.dense({ units: 2, kernelInitializer: shared }),
    ]);
    await expectFailure(() => model.build([null, 4]), {
      code: 'INVALID_ARGUMENT',
      says: ['Dense', 'initializer of your own', 'inputShape'],
    });
    const known = sequential([
      layers.dense({ units: 4, kernelInitializer: shared, inputShape: [4] }),
      layers.dense({ units: 4, kernelInitializer: shared }),
      layers.dense({ units: 2, kernelInitializer: shared }),
    ]);
    const [a, , b, , c] = [...(await numbers(known)).values()];
    expect(Spread.calls).toBe(2);
    expect([a!.length, b!.length, c!.length]).toEqual([16, 16, 8]);
    expect(a).not.toEqual(b);
  });
});

describe('in a file', () => {
  test.each(['', '.h5', '.keras', '/model.json'])('%p: with its source', async (ending) => {
    const path = fresh(ending);
    const model = await trained(everything());
    await model.save(path);
    const again = await loadModel(path, { customObjects });
    const { config, ...next } = (await future(model)) as Record<string, unknown>;
    const { config: loaded, ...itsNext } = (await future(again)) as Record<string, unknown>;
    expect(itsNext).toEqual(next);
    // An archive has the input's shape in the InputLayer alone.
    const shown = (text: unknown) => String(text).replaceAll('"batch_input_shape": [null, 4], "dtype": "float32", "units"', '"dtype": "float32", "units"'); // prettier-ignore
    expect(shown(loaded)).toBe(shown(config));
    // New weights are made by the initializers.
    setSeed(9);
    const anew = modelFromJson(again.toJson(), { customObjects });
    const values = await numbers(anew);
    expect(values.get('gain/gain')).toEqual(Array.from({ length: 5 }, () => Math.fround(1 / 3)));
    expect(values.get('dense/kernel')).not.toEqual((await numbers(again)).get('dense/kernel'));
  });

  test.each(['.h5', '.keras', '/model.json'])('%p: without, it is named', async (ending) => {
    const path = fresh(ending);
    await everything().save(path);
    await expectFailure(() => loadModel(path, { customObjects: { Gain, third, between } }), {
      code: 'UNKNOWN_CLASS',
      says: ['kernel_initializer', 'Spread', 'customObjects: { Name }', 'registerSerializable'],
    });
    await expectFailure(() => loadModel(path, { customObjects: { Spread, Gain, third } }), {
      code: 'UNKNOWN_CLASS',
      says: ['alpha_initializer', 'between', 'customObjects'],
    });
  });

  test('a SavedModel needs no source, and keeps the names', async () => {
    const [path, next] = [fresh(), fresh()];
    const model = await trained(everything());
    await model.save(path);
    const again = await loadModel(path);
    const shown = (from: Model) => from.toJson();
    expect(shown(again)).toBe(shown(model));
    expect(again.layers[0]!.className).toBe('Dense');
    const mine = await future(model);
    expect(await future(again)).toEqual(mine);
    await again.save(next);
    const third_ = await loadModel(next, { customObjects });
    expect(await future(third_)).toEqual(await future(again));
    await expectFailure(() => modelFromJson(again.toJson()).build(), {
      code: 'UNKNOWN_CLASS',
      says: ['Spread'],
    });
  });

  test('in the words of Keras: a class with its config, a function by name', async () => {
    const path = fresh();
    await everything().save(path);
    const text = metadataOf(path);
    expect(text).toContain('"kernel_initializer":{"class_name":"Spread","config":{"gain":2,"seed":null}}'); // prettier-ignore
    expect(text).toContain('"alpha_initializer":"between"');
    expect(text).toContain('"initializer":"third"');
    expect(text).not.toContain('recorded');
  });

  test('under a registered name', async () => {
    class Known extends Spread {
      static override className = 'Known';
    }
    registerSerializable(Known, 'mine');
    const path = fresh('.keras');
    const model = compiled(dense(new Known({ gain: 3 })));
    await model.save(path);
    expect(model.toJson()).toContain('"mine>Known"');
    const again = await loadModel(path, { customObjects: { third } });
    expect(again.toJson()).toContain('"mine>Known"');
    expect(await numbers(again)).toEqual(await numbers(model));
  });
});

test('a run is taken up to the bit', async () => {
  const backupDir = fresh();
  const fit = (model: Model, signal?: AbortSignal, more: CallbackLike[] = []) =>
    model.fit(trainX, trainY, {
      ...steps,
      ...{ shuffle: true, epochs: 4, ...(signal && { signal }) },
      callbacks: [callbacks.backupAndRestore({ backupDir, saveFreq: 1 }), ...more],
    });
  setSeed(3);
  const whole = everything();
  await whole.fit(trainX, trainY, { ...steps, shuffle: true, epochs: 4 });
  setSeed(3);
  const stop = new AbortController();
  const end = { onEpochEnd: (epoch: number) => void (epoch === 1 && stop.abort()) };
  await expectFailure(() => fit(everything(), stop.signal, [end]), { code: 'ABORTED', says: [] });
  setSeed(8);
  const again = everything();
  await fit(again);
  expect(await numbers(again)).toEqual(await numbers(whole));
});

const square = (g: GraphBuilder): Operand => g.randomNormal([4, 4]);
const text = (): unknown => 'x';
const wrong = (kernelInitializer: unknown) => () => dense(kernelInitializer as Initializer).build();
test.each([
  ['a shape', wrong(square), 'SHAPE_MISMATCH', ['layers/0/kernel', '(4, 5)', '(4, 4)']],
  ['a result', wrong(text), 'INVALID_ARGUMENT', ['a value made by the graph builder', '"x"']],
  ['no name', wrong(() => 1), 'INVALID_ARGUMENT', ['needs a name']],
  ["a layer's class", wrong(Gain), 'INVALID_ARGUMENT', ['kernelInitializer', 'expected an initializer']],
  ['a seed in a layer', () => sequential([new (class Seeded extends layers.Layer {
    override call(g: GraphBuilder, x: Value) { return g.randomNormal(x, { seed: 1 }); }
  })({ inputShape: [2] })]).build(), 'INVALID_ARGUMENT', ['RandomStandardNormal: seed', 'initializers only']],
] as const)('bad input: %s', async (_, call, code, says) => {
  await expectFailure(call, { code, says });
}); // prettier-ignore
