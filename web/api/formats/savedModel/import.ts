import { TabtrainError } from '../../errors';
import type { Recording } from '../../custom/graph';
import { Importer } from './importer';
import { DT } from './messages';
import type { ObjectGraph } from './objectGraph';

/** What the engine takes for a layer whose class is elsewhere (src/layers/recorded.h). */
export interface RecordedLayer {
  readonly weights: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly trainable: boolean;
    readonly initializer: string;
  }[];
  readonly inference: Recording;
  readonly training: Recording | null;
}

/** Where Keras keeps what a layer does, the most telling first. */
const CALLS = [
  ['keras_api', 'call_and_return_conditional_losses'],
  ['call_and_return_conditional_losses'],
  ['call_and_return_all_conditional_losses'],
  ['__call__'],
];

/** A layer of a class that we do not have, from its functions; null where the file has none. */
export function importLayer(
  graph: ObjectGraph,
  path: readonly string[],
  what: string,
): RecordedLayer | null {
  const layer = graph.at(...path);
  const call = CALLS.map((names) => graph.at(...path, ...names)).find(
    (object) => (object?.traces.length ?? 0) > 0,
  );
  if (!layer || !call) return null;
  const weights = new Map<number, RecordedLayer['weights'][number]>();
  for (const [name, id] of layer.children) {
    const variable = graph.objects[id]?.variable;
    if (!variable || weights.has(id)) continue;
    if (variable.dtype !== DT.float32) {
      throw new TabtrainError('UNSUPPORTED', `${what}: the weight '${name}' is not float32`);
    }
    const { shape, trainable } = variable;
    weights.set(id, { name, shape, trainable, initializer: 'zeros' });
  }
  const record = (training: boolean): Recording | null => {
    const name = call.traces.find((trace) => {
      const said = graph.concrete.get(trace)?.training ?? null;
      return said === training || (said === null && !training);
    });
    if (name === undefined) return null;
    return new Importer(graph, what).run(name, (id) => weights.get(id)?.name, training);
  };
  const inference = record(false) ?? record(true);
  if (!inference) return null;
  return { weights: [...weights.values()], inference, training: record(true) };
}
