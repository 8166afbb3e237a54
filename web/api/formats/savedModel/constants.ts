import type { GraphJson, LayerSnapshot } from '../types';

/** Numbers of a config that a graph reads as a variable which is no weight. */
export interface ConfigTensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Arguments that may be lists of numbers. */
const KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Rescaling', ['scale', 'offset']],
  ['Normalization', ['mean', 'variance']],
]);

/**
 * What a graph reads of the configs of `layers`, by the value that it is read as. The engine names such
 * variables by class and argument alone (`Rescaling/scale`); a forward pass reads them in the layers' order.
 */
export function configTensors(
  graph: GraphJson,
  layers: readonly Pick<LayerSnapshot, 'className' | 'config' | 'layers'>[],
): Map<number, ConfigTensor> {
  const waiting = new Map<string, ConfigTensor[]>();
  const collect = ({ className, config, layers: within }: (typeof layers)[number]): void => {
    for (const key of KEYS.get(className) ?? []) {
      const value = config[key];
      if (!Array.isArray(value)) continue;
      const name = `${className}/${key}`;
      const tensor = { shape: shapeOf(value), values: value.flat(Infinity) as number[] };
      waiting.set(name, [...(waiting.get(name) ?? []), tensor]);
    }
    within.forEach(collect);
  };
  layers.forEach(collect);
  const found = new Map<number, ConfigTensor>();
  for (const { variable, out } of graph.nodes) {
    const tensor = variable === undefined ? undefined : waiting.get(variable)?.shift();
    if (tensor) found.set(out[0]!, tensor);
  }
  return found;
}

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}
