import { readFileSync } from 'node:fs';

/** One case of a golden file, made by the script of the same name in tests/golden. */
export interface GoldenCase {
  readonly name: string;
  readonly kind: string;
  readonly keras: readonly string[];
}

/** The cases of tests/golden/NAME.json of one kind, as `version` of Keras gave them. */
export function goldenCases<T extends GoldenCase>(
  name: string,
  kind: T['kind'],
  version: 'tf2.8' | 'tf2.21' = 'tf2.8',
): T[] {
  const path = new URL(`../../golden/${name}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: T[] };
  const chosen = cases.filter((each) => each.kind === kind && each.keras.includes(version));
  if (chosen.length === 0) throw new Error(`tests/golden/${name}.json has no case of kind ${kind}`);
  return chosen;
}
