import { TabtrainError, invalid } from '../../errors';
import type { Hdf5Source } from '../hdf5/read';
import type { Hdf5Target } from '../hdf5/write';
import { Matches, weightsOf } from '../match';
import type { KerasConfig } from '../../config/spec';
import type {
  CompileConfig,
  LayerSnapshot,
  MatchOptions,
  OptimizerOrder,
  OptimizerVariables,
  StoredTensor,
  WeightSlot,
  WeightSnapshot,
  WeightStore,
} from '../types';

/*
 * Weights as Keras 3 and Keras 2.12 and later keep them, in an archive as model.weights.h5 or in a file
 * NAME.weights.h5 (keras/src/saving/saving_lib.py): by classes and order, whatever layers are called.
 *
 *   layers/CLASS, layers/CLASS_1, ...   in snake case, a count for each class
 *   layers/CLASS/vars/0, 1, ...         trainable ones first
 *   layers/sequential/layers/CLASS      of a model within
 *   optimizer/vars/0, 1, ...            the optimizer's list
 *   metrics/CLASS/vars/0, 1             what means have counted, of Keras 2
 *   vars                                of the model itself, which Keras 2 asks for
 *
 * Keras 2.12 to 2.14 say _layer_checkpoint_dependencies for layers; 2.12 and 2.13 count a layer with weights
 * twice. Files of Keras 2 from Windows have \ in names.
 */
const LAYERS = 'layers';
const OLD_LAYERS = '_layer_checkpoint_dependencies';
const OPTIMIZER = 'optimizer';
/** In one that scales losses. */
const INNER_OPTIMIZER = 'optimizer/inner_optimizer';
/** Our word in which order its list is. */
const ORDER = 'tabtrain_order';

type Layer = LayerSnapshot<WeightSlot>;

/** Keras's snake case. */
const snakeCase = (className: string): string =>
  className
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** The groups of layers in a container, by their classes. */
function groupNames(layers: readonly LayerSnapshot<unknown>[], countsTwice = false): string[] {
  const step = (i: number) => (countsTwice && weightsOf([layers[i]!]).length > 0 ? 2 : 1);
  return numbered(
    layers.map(({ className }) => className),
    step,
  );
}

/** Classes in snake case, each but the first of its kind with a number. @param step how far an item counts */
function numbered(classNames: readonly string[], step: (i: number) => number): string[] {
  const used = new Map<string, number>();
  return classNames.map((className, i) => {
    const name = snakeCase(className);
    const count = used.get(name) ?? 0;
    used.set(name, count + step(i));
    return count === 0 ? name : `${name}_${count}`;
  });
}

/** All variables, read: those of each group by its path. */
type Groups = ReadonlyMap<string, readonly StoredTensor[]>;

/** Whether a file has weights as these, if only those of an optimizer. */
export const hasStore = (file: Hdf5Source): boolean =>
  [LAYERS, OLD_LAYERS, OPTIMIZER, 'vars'].some((group) => file.has(group)) ||
  file.datasets().some((path) => path.includes('\\'));

/** Reads everything. */
export function readStore(file: Hdf5Source, what: string): KerasStore {
  const own = file.text(`${OPTIMIZER}/vars`, ORDER);
  const paths = new Map<string, string[]>();
  for (const path of file.datasets()) {
    const [, group, number] = /^(?:(.*)\/)?vars\/(\d+)$/.exec(path.replaceAll('\\', '/')) ?? [];
    if (number === undefined || Number(number) > 1e6) continue;
    const key = group ?? '';
    if (!paths.has(key)) paths.set(key, []);
    paths.get(key)![Number(number)] = path;
  }
  const groups = new Map<string, StoredTensor[]>();
  for (const [group, list] of paths) {
    // Keras's metrics are state of an evaluation.
    if (group.split('/')[0] === 'metrics') continue;
    const tensors = Array.from(list, (path, i): StoredTensor => {
      if (path !== undefined) return readVariable(file, path);
      throw new TabtrainError('CORRUPT_FILE', `${what}: there is no '${group}/vars/${i}'`);
    });
    groups.set(group, tensors);
  }
  return new KerasStore(groups, isOrder(own) ? own : null);
}

const isOrder = (text: string | null): text is OptimizerOrder =>
  ['legacy', 'new', 'keras3'].includes(text ?? '');

/** Keras keeps bfloat16, which HDF5 does not have, as bytes or whole numbers. */
const AS_BFLOAT16 = ['void16', 'uint16', 'int16'];

function readVariable(file: Hdf5Source, path: string): StoredTensor {
  const tensor = file.tensor(path);
  const isBfloat16 = AS_BFLOAT16.includes(tensor.dtype) && file.text(path, 'dtype') === 'bfloat16';
  const dtype = isBfloat16 ? 'bfloat16' : tensor.dtype;
  return { ...tensor, name: path, dtype };
}

export class KerasStore implements WeightStore {
  readonly #groups: Groups;
  readonly #order: OptimizerOrder | null;
  readonly tensors: readonly StoredTensor[];

  constructor(groups: Groups, order: OptimizerOrder | null) {
    this.#groups = groups;
    this.#order = order;
    this.tensors = [...groups]
      .filter(([group]) => group !== OPTIMIZER && group !== INNER_OPTIMIZER)
      .flatMap(([, tensors]) => tensors);
  }

  match(layers: readonly Layer[], options: MatchOptions): (StoredTensor | null)[] {
    if (options.byName) invalid('byName: this file has no names of layers; it keeps them in order');
    const matches = new Matches(options);
    this.#visit(matches, layers, '');
    return matches.all(layers);
  }

  /**
   * The optimizer's variables.
   * @param order null where only the file can say it: a rate, Keras 3's, is a scalar, which no slot is
   */
  optimizer(order: OptimizerOrder | null): OptimizerVariables | null {
    const variables = this.#groups.get(INNER_OPTIMIZER) ?? this.#groups.get(OPTIMIZER);
    if (!variables) return null;
    const [, second] = variables;
    const isKeras3 =
      second === undefined || second.shape.length === 0 || variables.at(-1)!.shape.length === 0;
    return { order: this.#order ?? order ?? (isKeras3 ? 'keras3' : 'new'), variables };
  }

  #visit(matches: Matches, layers: readonly Layer[], prefix: string): void {
    const paths = this.#paths(layers, prefix);
    for (const [i, layer] of layers.entries()) {
      if (layer.weights.length > 0) {
        matches.take(layer, layer.weights, this.#groups.get(paths[i]!) ?? []);
      }
      if (layer.layers.length > 0) this.#visit(matches, layer.layers, `${paths[i]!}/`);
    }
  }

  #paths(layers: readonly Layer[], prefix: string): string[] {
    const all = [...this.#groups.keys()];
    const below = (path: string) =>
      all.some((group) => group === path || group.startsWith(`${path}/`));
    const isOld = !below(prefix + LAYERS) && below(prefix + OLD_LAYERS);
    const root = `${prefix}${isOld ? OLD_LAYERS : LAYERS}/`;
    const once = groupNames(layers).map((name) => root + name);
    if (!isOld) return once;
    const isThere = (path: string, i: number) =>
      weightsOf([layers[i]!]).length === 0 || below(path);
    return once.every(isThere) ? once : groupNames(layers, true).map((name) => root + name);
  }
}

export function writeStore(
  file: Hdf5Target,
  layers: readonly LayerSnapshot[],
  optimizer: OptimizerVariables | null,
  compile: CompileConfig | null,
): void {
  file.group('vars');
  writeContainer(file, LAYERS, layers);
  if (compile) writeMetrics(file, compile);
  if (!optimizer) return;
  writeVariables(file, OPTIMIZER, optimizer.variables);
  file.text(`${OPTIMIZER}/vars`, ORDER, optimizer.order);
}

function writeContainer(
  file: Hdf5Target,
  path: string,
  layers: readonly LayerSnapshot<WeightSnapshot>[],
): void {
  file.group(path);
  const names = groupNames(layers);
  for (const [i, layer] of layers.entries()) {
    const own = `${path}/${names[i]!}`;
    writeVariables(file, own, layer.weights);
    if (layer.layers.length > 0) writeContainer(file, `${own}/${LAYERS}`, layer.layers);
  }
}

/** Metrics of Keras whose state is not a sum and a count. */
const NO_MEAN = /^(AUC|Precision|Recall|True|False|F1|FBeta|R2)|IoU$|At[A-Z]/;

/** Keras 2 asks for them once a model was fitted or evaluated. They are at their beginning. */
function writeMetrics(file: Hdf5Target, { metrics, weighted_metrics }: CompileConfig): void {
  const chosen = [...(metrics ?? []), ...(weighted_metrics ?? [])];
  const classOf = (metric: KerasConfig | string) =>
    typeof metric === 'string' ? 'MeanMetricWrapper' : metric.class_name;
  // The first is that of the loss.
  const means = ['Mean', ...chosen.map(classOf).filter((name) => !NO_MEAN.test(name))];
  const none = { dtype: 'float32', shape: [], bytes: new Uint8Array(4) };
  const variables = ['total', 'count'].map((name) => ({ ...none, name }));
  for (const name of numbered(means, () => 1)) writeVariables(file, `metrics/${name}`, variables);
}

function writeVariables(file: Hdf5Target, group: string, tensors: readonly StoredTensor[]): void {
  file.group(`${group}/vars`);
  for (const [i, tensor] of tensors.entries()) file.tensor(`${group}/vars/${i}`, tensor);
}
