import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';

export { tf, tfl };

/** A model of TensorFlow.js as the files that its browser downloads are. */
export async function filesOf(
  model: tfl.LayersModel,
  includeOptimizer = true,
): Promise<Record<string, Uint8Array>> {
  let files: Record<string, Uint8Array> = {};
  const save = async (artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> => {
    const { weightData, weightSpecs, ...rest } = artifacts;
    const manifest = [{ paths: ['./model.weights.bin'], weights: weightSpecs }];
    files = {
      'model.json': encoded({ ...rest, weightsManifest: manifest }),
      'model.weights.bin': new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)),
    };
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  };
  await model.save({ save }, { includeOptimizer });
  return files;
}

export const encoded = (json: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(json));

/** TensorFlow.js's model of files, its manifest resolved as its HTTP loader does. */
export function loadedByTfjs(
  files: Readonly<Record<string, Uint8Array>>,
): Promise<tfl.LayersModel> {
  const json = JSON.parse(new TextDecoder().decode(files['model.json'])) as tf.io.ModelJSON;
  const load = () =>
    tf.io.getModelArtifactsForJSON(json, async (manifest) => [
      manifest.flatMap(({ weights }) => weights),
      tf.io.CompositeArrayBuffer.join(
        manifest.flatMap(({ paths }) => paths.map((path) => files[path]!.slice().buffer)),
      ),
    ]);
  return tfl.loadLayersModel({ load });
}
