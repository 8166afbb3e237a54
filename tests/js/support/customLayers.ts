import {
  layers,
  regularizers,
  type GraphBuilder,
  type Operand,
  type Value,
  type Weight,
} from 'tabtrain';

type Config = ConstructorParameters<typeof layers.Layer>[0] & Record<string, unknown>;

/** x gain factor, with a penalty on the gain. */
export class Scale extends layers.Layer {
  static override className = 'Scale';
  readonly factor: number;
  gain!: Weight;

  constructor(config: Config = {}) {
    super(config);
    this.factor = (config['factor'] as number | undefined) ?? 2;
  }

  override build(shape: readonly (number | null)[]): void {
    this.gain = this.addWeight('gain', [shape.at(-1)], {
      initializer: 'ones',
      regularizer: regularizers.l2({ l2: 0.1 }),
    });
  }

  override call(g: GraphBuilder, x: Value): Operand {
    return g.mul(g.mul(x, this.gain), this.factor);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor };
  }
}

/** In training x + noise, in inference x. */
export class Noise extends layers.Layer {
  static override className = 'Noise';

  override call(g: GraphBuilder, x: Value, { training }: { training: boolean }): Operand {
    if (!training) return x;
    return g.add(x, g.mul(0.1, g.sub(g.randomUniform(x), g.randomNormal(x))));
  }
}

/** x less a mean that training moves. */
export class Centered extends layers.Layer {
  static override className = 'Centered';
  mean!: Weight;

  override build(shape: readonly (number | null)[]): void {
    this.mean = this.addWeight('mean', [shape.at(-1)], { initializer: 'zeros', trainable: false });
  }

  override call(g: GraphBuilder, x: Value, { training }: { training: boolean }): Operand {
    if (!training) return g.sub(x, this.mean);
    const batchMean = g.mean(x, { axis: 0 });
    g.assign(this.mean, g.add(g.mul(this.mean, 0.9), g.mul(batchMean, 0.1)));
    return g.sub(x, batchMean);
  }
}

/** One of all operations that the builder has. */
export class Everything extends layers.Layer {
  static override className = 'Everything';

  override call(g: GraphBuilder, x: Value): Operand {
    const [, n] = x.shape as [null, number];
    const a = g.add(g.square(x), 0.5);
    const parts: Operand[] = [
      ...[g.sqrt(a), g.rsqrt(a), g.exp(g.neg(a)), g.log(a), g.log1p(a), g.floor(a), g.erf(x)],
      ...[g.relu(x), g.elu(x), g.softplus(x), g.sigmoid(x), g.tanh(x), g.softmax(x)],
      ...[g.logSoftmax(x), g.stopGradient(x), g.abs(x), g.sign(x), g.divNoNan(x, a), g.div(x, a)],
      ...[g.maximum(x, 0.1), g.minimum(x, 0.1), g.pow(a, 1.5), g.sub(x, a), g.mul(x, a)],
      ...[g.equal(x, x), g.greater(x, 0), g.greaterEqual(x, 0), g.less(x, 0), g.lessEqual(x, 0)],
      g.where(g.greater(x, 0), x, g.mul(x, 0.5)),
      ...[g.sum(x, { axis: 1, keepDims: true }), g.mean(x, { axis: -1, keepDims: true })],
      g.max(x, { axis: 1, keepDims: true }),
      g.oneHot(g.argMax(x), n),
      g.reshape(g.transpose(g.reshape(x, [null, n, 1]), [0, 2, 1]), [null, n]),
      g.matMul(x, g.oneHot(g.argMax(g.matMul(x, x, { transposeA: true })), n)),
    ];
    return parts.reduce((sum, part) => g.add(sum, part), g.constant(0));
  }
}

export const absolute = (g: GraphBuilder, yTrue: Value, yPred: Value): Operand =>
  g.mean(g.abs(g.sub(yTrue, yPred)), { axis: -1 });
export const worst = (g: GraphBuilder, yTrue: Value, yPred: Value): Operand =>
  g.max(g.abs(g.sub(yTrue, yPred)), { axis: -1 });
export const shrink = (g: GraphBuilder, x: Value): Operand => g.mul(g.tanh(x), 0.5);
