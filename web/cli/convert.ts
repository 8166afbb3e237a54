import { load } from '../api/model/loadModel';
import type { SaveOptions } from '../api/node';

interface ConvertOptions {
  readonly format: string | undefined;
  readonly includeOptimizer: boolean;
  readonly overwrite: boolean;
}

/** Saves a model in the format that the target's name, or `format`, says. */
export async function convert(
  from: string,
  to: string,
  { format, includeOptimizer, overwrite }: ConvertOptions,
): Promise<void> {
  // With what was read, and what had to be changed on the way, which is not said of a model.
  const { model, opened } = await load(from, { compile: includeOptimizer });
  await model.save(to, {
    ...(format !== undefined && { format: format as NonNullable<SaveOptions['format']> }),
    ...{ includeOptimizer, overwrite },
  });
  model.dispose();
  console.log(`${from} (${opened.format}) is saved as ${to}`);
  for (const note of opened.notes) console.log(`note: ${note}`);
}
