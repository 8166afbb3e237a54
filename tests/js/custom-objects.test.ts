// Layers, losses, metrics and activations of the user's own: in training, in files, without their source.
import { describe, expect, test } from '@jest/globals';
import {
  layers,
  loadModel,
  modelFromJson,
  registerSerializable,
  sequential,
  setSeed,
  type CustomObjects,
  type GraphBuilder,
  type Model,
  type Operand,
  type Value,
} from 'tabtrain';
import {
  absolute,
  Centered,
  Everything,
  Noise,
  Scale,
  shrink,
  worst,
} from './support/customLayers';
import { expectFailure } from './support/errors';
import { temporaryNames } from './support/models';
import { compiled, future, steps, trained, trainX, trainY } from './support/savedModels';

const fresh = temporaryNames();
const numbers = async (model: Model) =>
  new Map((await model.getWeights()).map(({ name, data }) => [name, [...(data as Float32Array)]]));
const predict = async (model: Model) => [
  ...((await model.predict(trainX, { verbose: 0 })).data as Float32Array),
];

function around(...own: InstanceType<typeof layers.Layer>[]): Model {
  setSeed(4);
  return sequential([
    layers.dense({ units: 5, activation: 'tanh', inputShape: [4] }),
    ...own,
    layers.dense({ units: 3 }),
  ]);
}

describe('a layer of your own', () => {
  test('with a weight and a penalty', async () => {
    const model = compiled(around(new Scale({ factor: 3 })));
    const [loss] = await model.evaluate(trainX, trainY, { verbose: 0 });
    const [mse] = await compiled(model).evaluate(trainX, trainY, { verbose: 0 });
    expect(loss).toBe(mse);
    const plain = compiled(around(new Scale({ factor: 3 })));
    await plain.build();
    expect((await numbers(plain)).get('scale/gain')).toEqual([1, 1, 1, 1, 1]);
    await trained(model);
    const gain = (await numbers(model)).get('scale/gain')!;
    expect(gain).not.toEqual([1, 1, 1, 1, 1]);
    // The penalty on five ones is 0.1 * 5.
    const free = compiled(around(layers.rescaling({ scale: 3 }) as never));
    const [without] = await free.evaluate(trainX, trainY, { verbose: 0 });
    expect(loss! - without!).toBeCloseTo(0.5, 5);
  });

  test('that differs in training and draws numbers', async () => {
    const model = compiled(around(new Noise()));
    expect(await predict(model)).toEqual(await predict(model));
    const still = compiled(around());
    await still.build();
    await still.setWeights(await model.getWeights());
    expect(await predict(model)).toEqual(await predict(still));
    const a = await model.fit(trainX, trainY, { ...steps, epochs: 1 });
    const b = await still.fit(trainX, trainY, { ...steps, epochs: 1 });
    expect(a.history['loss']).not.toEqual(b.history['loss']);
    // The seed decides.
    const again = compiled(around(new Noise()));
    await predict(again);
    const c = await again.fit(trainX, trainY, { ...steps, epochs: 1 });
    expect(c.history).toEqual(a.history);
  });

  test('that assigns a weight which does not train', async () => {
    const model = compiled(around(new Centered()));
    const before = await numbers(model);
    expect(before.get('centered/mean')).toEqual([0, 0, 0, 0, 0]);
    await model.fit(trainX, trainY, { ...steps, epochs: 1, batchSize: 24 });
    const [hidden, bias] = [before.get('dense/kernel')!, before.get('dense/bias')!];
    const mean = (await numbers(model)).get('centered/mean')!;
    mean.forEach((value, unit) => {
      let sum = 0;
      for (let row = 0; row < 24; ++row) {
        let z = bias[unit]!;
        for (let i = 0; i < 4; ++i) z += trainX.data[row * 4 + i]! * hidden[i * 5 + unit]!;
        sum += Math.tanh(z);
      }
      expect(value).toBeCloseTo((0.1 * sum) / 24, 6);
    });
    expect(await model.summary({ print: () => {} })).toContain('Non-trainable params: 5\n');
  });
});

const own: [string, CustomObjects, () => Model][] = [
  ['a layer', { Scale }, () => compiled(around(new Scale({ factor: 3, name: 'mine' })))],
  ['two layers', { Scale }, () => compiled(around(new Scale(), new Scale({ factor: 0.5 })))],
  ['an assigning layer', { Centered }, () => compiled(around(new Centered()))],
  ['all operations', { Everything }, () => compiled(around(new Everything()))],
  ['an activation', { shrink }, () => compiled(around(layers.dense({ units: 5, activation: shrink }) as never))],
  ['in a model in the model', { Scale }, () =>
    compiled(sequential([sequential([new Scale({ inputShape: [4] }), layers.flatten()]), layers.dense({ units: 3 })]))],
]; // prettier-ignore

describe('in a file', () => {
  test.each(own)('%s, with its source', async (_, customObjects, make) => {
    const path = fresh();
    const model = await trained(make());
    await model.save(path);
    const again = await loadModel(path, { customObjects });
    expect(await future(again)).toEqual(await future(model));
  });

  test.each(own)('%s, without its source', async (_, _customObjects, make) => {
    const path = fresh();
    const model = await trained(make());
    await model.save(path);
    const again = await loadModel(path);
    // Sums may be taken in another order, and a penalty is not in the functions.
    const [expected, came] = [await predict(model), await predict(again)];
    came.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    const before = await numbers(again);
    await trained(again);
    const [after, theirs] = [await numbers(again), await numbers(await trained(model))];
    expect(after.size).toBe(theirs.size);
    for (const [name, values] of after) {
      expect([name, values]).not.toEqual([name, before.get(name)]);
      values.forEach((value, i) => expect(value).toBeCloseTo(theirs.get(name)![i]!, 1));
    }
    // And it can be saved again.
    const third = fresh();
    await again.save(third);
    expect(await predict(await loadModel(third))).toEqual(await predict(again));
  });

  test('a layer that draws numbers, without its source', async () => {
    const path = fresh();
    const model = compiled(around(new Noise()));
    await model.save(path);
    const again = await loadModel(path);
    expect(await predict(again)).toEqual(await predict(model));
    const once = async () => (await again.fit(trainX, trainY, { ...steps, epochs: 1, batchSize: 24 })).history['loss']![0]!; // prettier-ignore
    const [exact] = await again.evaluate(trainX, trainY, { verbose: 0 });
    expect(await once()).not.toBe(exact);
  });

  test.each([[{ absolute, worst }], [{}]])(
    'a loss and a metric, given %p',
    async (customObjects) => {
      const path = fresh();
      const model = around();
      model.compile({ optimizer: 'adam', loss: absolute, metrics: ['mse', worst] });
      await trained(model);
      expect(model.metricsNames).toEqual(['loss', 'mse', 'worst']);
      await model.save(path);
      const again = await loadModel(path, { customObjects });
      expect(again.metricsNames).toEqual(['loss', 'mse', 'worst']);
      expect(await future(again)).toEqual(await future(model));
    },
  );

  test('under a registered name', async () => {
    class Halved extends layers.Layer {
      static override className = 'Halved';
      override call(g: GraphBuilder, x: Value): Operand {
        return g.mul(x, 0.5);
      }
    }
    registerSerializable(Halved, 'my_package');
    const path = fresh();
    const model = await trained(compiled(around(new Halved())));
    await model.save(path);
    const again = await loadModel(path);
    expect(again.layers[1]).toBeInstanceOf(Halved);
    expect(await future(again)).toEqual(await future(model));
    expect(again.toJson()).toContain('"my_package>Halved"');
    await expectFailure(() => registerSerializable(Scale, 'my_package', 'Halved'), {
      code: 'INVALID_ARGUMENT',
      says: ["'my_package>Halved'", 'another object'],
    });
  });

  test("what `call` throws is the caller's own error", async () => {
    const mine = new RangeError('mine');
    const throwing = inLayer(() => {
      throw mine;
    });
    await expect(throwing()).rejects.toBe(mine);
  });

  test('an architecture names its classes', async () => {
    const model = around(new Scale({ factor: 4 }));
    await model.build();
    const text = model.toJson();
    const copy = modelFromJson(text, { customObjects: { Scale } });
    await copy.build();
    await copy.setWeights(await model.getWeights());
    expect(await predict(copy)).toEqual(await predict(model));
  });
});

const inLayer =
  (call: (g: GraphBuilder, x: Value, layer: Wrong) => unknown, build?: (layer: Wrong) => void) =>
  async () => {
    const model = around(new Wrong(call, build));
    await model.build();
  };
class Wrong extends layers.Layer {
  static override className = 'Wrong';
  readonly #call: (g: GraphBuilder, x: Value, layer: Wrong) => unknown;
  readonly #build: ((layer: Wrong) => void) | undefined;
  constructor(call: (g: GraphBuilder, x: Value, layer: Wrong) => unknown, build?: (layer: Wrong) => void) {
    super({});
    this.#call = call;
    this.#build = build;
  } // prettier-ignore
  override build(): void {
    this.#build?.(this);
  }
  override call(g: GraphBuilder, x: Value): Operand {
    return this.#call(g, x, this) as Operand;
  }
  add(...args: unknown[]): unknown {
    return (this.addWeight as (...a: unknown[]) => unknown).apply(this, args);
  }
}

describe('bad input', () => {
  test.each([
    ['no class', () => registerSerializable(3 as never), 'INVALID_ARGUMENT', ['registerSerializable', 'a class or a function', '3']],
    ['a name', () => registerSerializable(Scale, 'a>b'), 'INVALID_ARGUMENT', ['packageName', "without '>'", 'a>b']],
    ['an empty name', () => registerSerializable(Scale, 'a', ''), 'INVALID_ARGUMENT', ['name', '""']],
    ['a result', inLayer(() => 'x'), 'INVALID_ARGUMENT', ['Wrong.call', 'a value made by the graph builder', '"x"']],
    ['no result', inLayer(() => undefined), 'INVALID_ARGUMENT', ['Wrong.call', 'undefined']],
    ['an operand', inLayer((g) => g.add([1] as never, 2)), 'INVALID_ARGUMENT', ['AddV2', 'a value, a weight or a number', 'an array of 1']],
    ['a shape', inLayer((g, x) => g.reshape(x, [null, 7])), 'SHAPE_MISMATCH', ['Reshape', '7']],
    ['shapes', inLayer((g, x) => g.matMul(x, x)), 'SHAPE_MISMATCH', ['MatMul']],
    ['axes', inLayer((g, x) => g.sum(x, { axis: 4 })), 'INVALID_ARGUMENT', ['Sum', '4']],
    ['a permutation', inLayer((g, x) => g.transpose(x, [1, 1])), 'INVALID_ARGUMENT', ['Transpose', '1']],
    ['a weight name', inLayer((_, x) => x, (l) => l.add('a/b')), 'INVALID_ARGUMENT', ['Wrong.addWeight: name', 'a/b']],
    ['a weight twice', inLayer((_, x) => x, (l) => [l.add('a'), l.add('a')]), 'INVALID_ARGUMENT', ["'a' is there already"]],
    ['a weight shape', inLayer((_, x) => x, (l) => l.add('a', [0])), 'INVALID_ARGUMENT', ['extents of at least 1', 'an array of 1']],
    ['an initializer', inLayer((_, x) => x, (l) => l.add('a', [1], { initializer: 3 })), 'INVALID_ARGUMENT', ['initializer', '3']],
    ['trainable', inLayer((_, x) => x, (l) => l.add('a', [1], { trainable: 'no' })), 'INVALID_ARGUMENT', ['trainable', 'no']],
    ['a weight option', inLayer((_, x) => x, (l) => l.add('a', [1], { init: 'ones' })), 'INVALID_ARGUMENT', ["'init'"]],
    ['no input shape', () => sequential([new Scale()]).build(), 'INVALID_ARGUMENT', ['Scale', 'inputShape']],
    ['a loss of one', () => around().compile({ optimizer: 'sgd', loss: ((g: unknown) => g) as never }), 'INVALID_ARGUMENT', ['loss', '(g, yTrue, yPred)', '1 parameters']],
    ['an unknown class', () => modelFromJson({ class_name: 'Sequential', config: { layers: [{ class_name: 'Scales', config: { batch_input_shape: [null, 2] } }] } }).build(), 'UNKNOWN_CLASS', ['Scales']],
  ] as const)('%s', async (_, call, code, says) => {
    await expectFailure(call, { code, says });
  }); // prettier-ignore
});

test('a function where the file has a layer is refused by its name', async () => {
  const path = fresh();
  await around(new Scale({ factor: 2 })).save(`${path}.keras`);
  const arrow = (_g: GraphBuilder, x: Value) => x;
  const plain = function () {
    return 5;
  };
  for (const given of [arrow, plain]) {
    const customObjects = { Scale: given } as unknown as CustomObjects;
    await expectFailure(() => loadModel(`${path}.keras`, { customObjects }), {
      code: 'INVALID_ARGUMENT',
      says: [/layers\[\d\]: 'Scale': expected a layer's class, came the function \w+$/],
    });
  }
});
