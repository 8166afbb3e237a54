// By format: its seeds, an input of a seed number, and what reads it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '../../../dist/node.js';
import { mutateBytes, mutateHdf5, mutateJson, mutateMessage, mutateText } from './mutate.mjs';
import { customObjects, seedsOf, trainable } from './seeds.mjs';
import { zipOf } from './zip.mjs';

/** Changes some files of a seed; `change` makes of a file's bytes others. */
function mutated(seeds, random, pickName, change) {
  const files = new Map(random.pick(seeds));
  const changes = 1 + Math.floor(random.next() ** 3 * 6);
  for (let i = 0; i < changes; ++i) {
    const name = pickName([...files.keys()]);
    if (random.chance(0.003)) files.delete(name);
    else if (files.has(name)) {
      const donors = random.pick(seeds);
      files.set(name, change(name, files.get(name), donors.get(name) ?? files.get(name)));
    }
  }
  return files;
}

/** Copies by name; blobs would be read in another thread, which takes longer than all else. */
const asFiles = (files) =>
  Object.fromEntries([...files].map(([name, bytes]) => [`m/${name}`, Uint8Array.from(bytes)]));

/** The model of `files` by `loadModel`, gone again; whether there was one. */
async function load(files) {
  (await loadModel(asFiles(files), { customObjects })).dispose();
}

const bytesOrText = (bytes, random, donor) =>
  random.chance(0.6) ? mutateText(bytes, random) : mutateBytes(bytes, random, donor);

export const targets = {
  'saved-model': {
    read: load,
    input: (seeds, random) =>
      mutated(
        seeds,
        random,
        (names) =>
          random.chance(0.92)
            ? random.pick(['saved_model.pb', 'keras_metadata.pb'])
            : random.pick(names),
        (name, bytes, donor) =>
          name.endsWith('.pb') && random.chance(0.7)
            ? mutateMessage(bytes, random, donor)
            : bytesOrText(bytes, random, donor),
      ),
  },
  hdf5: {
    read: load,
    input: (seeds, random) =>
      mutated(
        seeds,
        random,
        () => 'model',
        (_, bytes, donor) =>
          random.chance(0.7) ? mutateHdf5(bytes, random, donor) : bytesOrText(bytes, random, donor),
      ),
  },
  keras: {
    read: (files) => load(new Map([['model', files.get('model') ?? new Uint8Array(0)]])),
    input(seeds, random) {
      // The archive as bytes, or its parts, put together anew.
      if (random.chance(0.15)) return mutated(seeds, random, () => 'model', (_, bytes, donor) => mutateBytes(bytes, random, donor)); // prettier-ignore
      const files = mutated(
        seeds,
        random,
        () => random.pick(['config.json', 'config.json', 'metadata.json', 'model.weights.h5']),
        (name, bytes, donor) =>
          name.endsWith('.h5')
            ? mutateHdf5(bytes, random, donor)
            : random.chance(0.8)
              ? mutateJson(bytes, random)
              : bytesOrText(bytes, random, donor),
      );
      const parts = [...files].filter(([name]) => name !== 'model');
      return files.set('model', zipOf(parts, random));
    },
  },
  tfjs: {
    read: load,
    input: (seeds, random) =>
      mutated(
        seeds,
        random,
        (names) => (random.chance(0.9) ? 'model.json' : random.pick(names)),
        (name, bytes, donor) =>
          name === 'model.json' && random.chance(0.7)
            ? mutateJson(bytes, random)
            : bytesOrText(bytes, random, donor),
      ),
  },
};

/** Weights go into a model that is there, from a file. */
function weightsTarget() {
  let model;
  let path;
  return {
    async open() {
      path = join(mkdtempSync(join(tmpdir(), 'tabtrain-fuzz-')), 'w.weights.h5');
      model = trainable();
      model.compile({ optimizer: 'adam', loss: 'mse' });
      await model.trainOnBatch([[1, 2, 3, 4]], [[1, 2]]);
    },
    close() {
      rmSync(join(path, '..'), { recursive: true });
    },
    async read(files) {
      writeFileSync(path, files.get('model') ?? '');
      await model.loadWeights(path, {});
    },
    input: targets.hdf5.input,
  };
}
targets.weights = weightsTarget();

for (const [name, target] of Object.entries(targets)) target.seeds = seedsOf[name];
