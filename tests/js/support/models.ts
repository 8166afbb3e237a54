import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import {
  layers,
  losses,
  metrics,
  sequential,
  setSeed,
  type Model,
  type Sequential,
} from 'tabtrain';

/** A directory that goes away with the tests of the file. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'tabtrain-test-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Gives names in such a directory, each a new one. */
export function temporaryNames(): (ending?: string) => string {
  const directory = temporaryDirectory();
  let count = 0;
  return (ending = '') => join(directory, `${++count}${ending}`);
}

/** The tutorial's model, with a seed of its own. */
export function tutorialModel(seed: number, units = 512): Sequential {
  setSeed(seed);
  const model = sequential([
    layers.dense({ units, activation: 'relu', inputShape: [784] }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 10 }),
  ]);
  model.compile({
    optimizer: 'adam',
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: [metrics.sparseCategoricalAccuracy()],
  });
  return model;
}

const made: Sequential[] = [];

/**
 * Disposes of all small models. For files that count memory: models that wait for the garbage
 * collector would free theirs meanwhile.
 */
export function disposeModels(): void {
  for (const model of made.splice(0)) model.dispose();
}

/** A small model of three classes and data that it can learn. */
export function smallModel(seed = 1): Sequential {
  setSeed(seed);
  const model = sequential([
    layers.dense({ units: 8, activation: 'relu', inputShape: [4] }),
    layers.dropout({ rate: 0.25 }),
    layers.dense({ units: 3 }),
  ]);
  model.compile({
    optimizer: 'adam',
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
  made.push(model);
  return model;
}

export const samples = 200;
export const smallX = {
  data: Float32Array.from({ length: samples * 4 }, (_, i) => Math.sin(i * 1.7)),
  shape: [samples, 4],
};
export const smallY = Uint8Array.from({ length: samples }, (_, i) =>
  smallX.data[i * 4]! > 0 ? 2 : i % 2,
);

/** The bits of all weights. */
export async function weightBits(model: Model): Promise<number[][]> {
  const weights = await model.getWeights();
  return weights.map(({ data }) =>
    Array.from(new Uint32Array((data as Float32Array).slice().buffer)),
  );
}
