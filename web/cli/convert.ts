import { loadModel, type SaveOptions } from '../api/node';

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
  const model = await loadModel(from, { compile: includeOptimizer });
  const { format: read, notes } = model.loadedFrom!;
  await model.save(to, {
    ...(format !== undefined && { format: format as NonNullable<SaveOptions['format']> }),
    ...{ includeOptimizer, overwrite },
  });
  model.dispose();
  console.log(`${from} (${read}) is saved as ${to}`);
  for (const note of notes) console.log(`note: ${note}`);
}
