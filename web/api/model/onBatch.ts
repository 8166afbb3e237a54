import { toWireBatch } from '../client/batches';
import { checkRecord, flag } from '../config/options';
import { Tensor, elementsOf, type Data } from '../data/tensor';
import type { OnBatchRequest, RawTensor } from '../host/protocol';
import { WeightsModel } from './weights';
import { checkClassWeight } from './options';

export interface TestOnBatchOptions {
  /** One weight per sample. */
  readonly sampleWeight?: Data | null;
  /** Default true: loss and metrics are those of this batch; false: means since the last reset. */
  readonly resetMetrics?: boolean;
  /** True for a record by name instead of a list. */
  readonly returnDict?: boolean;
}

export interface TrainOnBatchOptions extends TestOnBatchOptions {
  /** A weight for each class number. */
  readonly classWeight?: Readonly<Record<number, number>> | null;
}

/** Values in the order of `metricsNames`. */
export type MetricRecord = Record<string, number>;

/** Single steps: for training loops of one's own. The step is compiled at the first call of its kind. */
export class OnBatchModel extends WeightsModel {
  /**
   * One training step over all samples of `x`: the same as `fit` does with them as one batch. Resolves
   * to loss and metrics as `evaluate` does. Metrics are shared with `testOnBatch`.
   * @throws TabtrainError as `fit`; `INVALID_ARGUMENT` also while fit runs, except in a hook.
   */
  trainOnBatch(
    x: Data,
    y: Data,
    options: TrainOnBatchOptions & { readonly returnDict: true },
  ): Promise<MetricRecord>;
  trainOnBatch(x: Data, y: Data, options?: TrainOnBatchOptions): Promise<number[]>;
  trainOnBatch(x: Data, y: Data, options: TrainOnBatchOptions = {}): Promise<unknown> {
    return this.#measure('train', x, y, options);
  }

  /** Loss and metrics of one batch, as `evaluate` resolves to them. */
  testOnBatch(
    x: Data,
    y: Data,
    options: TestOnBatchOptions & { readonly returnDict: true },
  ): Promise<MetricRecord>;
  testOnBatch(x: Data, y: Data, options?: TestOnBatchOptions): Promise<number[]>;
  testOnBatch(x: Data, y: Data, options: TestOnBatchOptions = {}): Promise<unknown> {
    return this.#measure('test', x, y, options);
  }

  /** The outputs for all samples of `x`, as one batch. */
  async predictOnBatch(x: Data): Promise<Tensor> {
    const [output] = (await this.#run([x], { kind: 'predict' })) as RawTensor[];
    return new Tensor(elementsOf(output!.bytes, 'float32'), output!.shape, 'float32');
  }

  async #measure(kind: 'train' | 'test', x: Data, y: Data, options: TrainOnBatchOptions) {
    const where = `model.${kind}OnBatch`;
    const names = ['sampleWeight', 'resetMetrics', 'returnDict'];
    checkRecord(where, options, kind === 'train' ? [...names, 'classWeight'] : names);
    const { sampleWeight, resetMetrics = true, returnDict = false, classWeight = null } = options;
    flag(returnDict, `${where}: returnDict`);
    const values = (await this.#run([x, y, sampleWeight], {
      kind,
      reset_metrics: flag(resetMetrics, `${where}: resetMetrics`) as boolean,
      class_weight: classWeight && checkClassWeight(classWeight, `${where}: classWeight`),
    })) as number[];
    return this.toMetrics(values, returnDict);
  }

  async #run(parts: readonly unknown[], request: OnBatchRequest) {
    const where = `model.${request.kind}OnBatch`;
    this.remote.check(where);
    if (request.kind === 'train') this.refuseWhileFitBegins(where);
    // Nothing reads them later: they are copied at once, or as the message is sent.
    const batch = await toWireBatch(where, parts, false);
    await this.ready(where);
    return this.remote.call('runOnBatch', request, batch);
  }

  /** As Keras gives loss and metrics: one number where there is only a loss. */
  protected toMetrics(values: number[], asRecord = false): number | number[] | MetricRecord {
    if (asRecord) return Object.fromEntries(values.map((v, i) => [this.metricsNames[i]!, v]));
    return values.length === 1 ? values[0]! : values;
  }
}
