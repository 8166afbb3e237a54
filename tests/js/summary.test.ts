// summary(): Keras 2.8's table, to the character.
import { expect, test } from '@jest/globals';
import { modelFromJson } from 'tabtrain';
import { goldenCases, type GoldenCase } from './support/golden';

interface SummaryCase extends GoldenCase {
  readonly model_config: object;
  readonly line_length?: number | null;
  readonly frozen?: readonly string[];
  readonly show_trainable?: boolean;
  readonly text: string;
}

// show_trainable is not an option of summary here.
const cases = goldenCases<SummaryCase>('text', 'summary').filter(
  ({ show_trainable }) => !show_trainable,
);

interface Config {
  readonly config: {
    readonly layers: readonly { readonly config: { name?: string; trainable?: boolean } }[];
  };
}

test.each(cases)('$name', async ({ model_config, line_length, frozen = [], text }) => {
  const config = structuredClone(model_config) as Config;
  for (const { config: layer } of config.config.layers) {
    if (frozen.includes(layer.name ?? '')) layer.trainable = false;
  }
  const model = modelFromJson(config);
  let printed = '';
  const returned = await model.summary({
    print: (table) => {
      printed += table;
    },
    ...(line_length ? { lineLength: line_length } : {}),
  });
  expect(returned).toBe(text.replace(/\n$/, ''));
  expect(printed).toBe(returned);
});
