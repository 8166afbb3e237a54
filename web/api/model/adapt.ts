import { upload } from '../client/upload';
import { toSource } from '../data/convert';
import type { Data } from '../data/tensor';
import { RemoteModel } from './remote';

/** What `adapt` has found for a layer without a model. */
export interface Adapted {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
  readonly count: number;
}

const WHERE = 'layer.adapt';

/** Lets the layer at a place in a model learn from data; the model is made in the engine if need be. */
export async function adaptIn(
  remote: RemoteModel,
  configJson: (shape: readonly number[]) => string,
  path: readonly number[],
  data: Data,
): Promise<void> {
  remote.check(WHERE);
  const source = await toSource(`${WHERE}: data`, data);
  const connection = await remote.ready(() => configJson(source.shape));
  await remote.call('adaptLayer', path, await upload(connection, source, WHERE));
}

/** The same in a model of that layer alone, which goes at once. */
export async function adaptAlone(config: object, data: Data): Promise<Adapted> {
  const remote = new RemoteModel(0);
  try {
    const model = ([, ...sizes]: readonly number[]) => {
      const layer = { ...config, batch_input_shape: [null, ...sizes] };
      const layers = [{ class_name: 'Normalization', config: layer }];
      return JSON.stringify({ class_name: 'Sequential', config: { layers } });
    };
    await adaptIn(remote, model, [0], data);
    const [mean, variance, count] = (await remote.call('getWeights')).map((bytes) => bytes.buffer);
    return {
      mean: [...new Float32Array(mean!)],
      variance: [...new Float32Array(variance!)],
      count: Number(new BigInt64Array(count!)[0]),
    };
  } finally {
    remote.dispose();
  }
}
