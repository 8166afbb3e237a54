import { came, invalid } from '../errors';
import { number } from '../config/options';
import type { Optimizer } from '../config/optimizers';
import { toWire, type Identifier } from '../config/spec';

export interface CompileOptions {
  readonly optimizer: Identifier;
  readonly loss: Identifier;
  readonly metrics?: readonly Identifier[];
  /** A factor on the loss. */
  readonly lossWeights?: number | readonly number[] | null;
  /** Metrics in which sample and class weights count. */
  readonly weightedMetrics?: readonly Identifier[];
}

/** What the engine's `compile` takes, made when it is sent. */
export function toCompileJson(
  optimizer: Optimizer,
  options: CompileOptions,
  where: string,
): () => string {
  const { loss, metrics = [], weightedMetrics, lossWeights } = options;
  if (loss === undefined || loss === null) invalid(`${where}: missing option 'loss'`);
  const list = (value: unknown, name: string) => {
    if (!Array.isArray(value)) invalid(`${where}: ${name}: expected an array, came ${came(value)}`);
    return value.map((each, i) => toWire(each, `${where}: ${name}[${i}]`));
  };
  const factors = lossWeights ?? [];
  for (const factor of Array.isArray(factors) ? factors : [factors])
    number()(factor, `${where}: lossWeights`);
  return toJson(where, {
    optimizer: optimizer.identifier(),
    loss: toWire(loss, `${where}: loss`),
    metrics: list(metrics ?? [], 'metrics'),
    ...(lossWeights === undefined || lossWeights === null ? {} : { loss_weights: lossWeights }),
    ...(weightedMetrics ? { weighted_metrics: list(weightedMetrics, 'weightedMetrics') } : {}),
  });
}

/** JSON of configs that may hold anything; tried at once. */
function toJson(where: string, value: object): () => string {
  const make = () => JSON.stringify(value);
  try {
    make();
    return make;
  } catch (error) {
    return invalid(`${where}: expected configs of plain values: ${(error as Error).message}`);
  }
}
