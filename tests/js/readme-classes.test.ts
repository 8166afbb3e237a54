// README's table of classes is what the engine's registries, the golden files and Keras say.
import { expect, test } from '@jest/globals';
import {
  constraints,
  initializers,
  layers,
  losses,
  metrics,
  optimizers,
  regularizers,
} from 'tabtrain';
import { newEngine } from './support/engine';

test('the table is up to date', async () => {
  const script = new URL('../classes.mjs', import.meta.url).href;
  const { readmeWithTable } = (await import(script)) as {
    readmeWithTable: () => Promise<{ text: string; due: string }>;
  };
  const { text, due } = await readmeWithTable();
  expect(text === due ? '' : 'run node tests/classes.mjs').toBe('');
});

test('every class has a factory', async () => {
  const names = JSON.parse((await newEngine()).classNames()) as Record<string, string[]>;
  const factories: Record<string, object> = {
    layers, losses, metrics, initializers, regularizers, constraints, optimizers,
    schedules: optimizers.schedules,
  }; // prettier-ignore
  const missing = Object.entries(factories).flatMap(([kind, made]) => {
    const known = new Set(Object.keys(made).map((name) => name.toLowerCase()));
    return names[kind]!.filter((name) => !known.has(name.toLowerCase()));
  });
  // A model is made by sequential().
  expect(missing).toEqual(['Sequential']);
});
