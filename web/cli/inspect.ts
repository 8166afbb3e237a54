import type { WeightsAlone } from '../api/formats/weightFiles';
import { readCheckpoint } from './checkpoint';
import { table } from './print';
import { checkpointsAt, openWorkbench, readModel, type Workbench } from './workbench';

/** Which checksums the formats have; the others have none. */
const CHECKSUMS: Readonly<Record<string, string>> = {
  tf: 'CRC-32C of every tensor',
  keras: 'CRC-32 of every entry',
};

/** What was compared, for a file that was read to its end. */
export const checksumsOf = (format: string): string =>
  CHECKSUMS[format] === undefined
    ? 'none in this format; all of it was read'
    : `ok (${CHECKSUMS[format]})`;

/** Prints what is in a model or checkpoint. */
export async function inspect(path: string): Promise<void> {
  const workbench = await openWorkbench();
  const [prefix] = await checkpointsAt(workbench, path);
  const parts = await (prefix === undefined
    ? ofFile(workbench, path)
    : ofCheckpoint(workbench, prefix));
  console.log(parts.join('\n\n'));
}

async function ofFile(workbench: Workbench, path: string): Promise<string[]> {
  const alone = await workbench.files.weightsAlone(path, 'inspect');
  return alone ? ofWeights(alone) : ofModel(workbench, path);
}

const shapeOf = (shape: readonly (number | null)[]) => `[${shape.join(', ')}]`;

/** A name, or the class of a config. */
const nameOf = (given: unknown): string =>
  typeof given === 'string' ? given : String((given as { class_name?: unknown }).class_name);

async function ofModel(workbench: Workbench, path: string): Promise<string[]> {
  const { opened, description, summary, iterations } = await readModel(workbench, path);
  const compile = opened.compile as { loss: unknown; metrics: readonly unknown[] } | null;
  const { optimizer } = description;
  const facts = [
    ['format', opened.format],
    ['written by', opened.version],
    ['checksums', checksumsOf(opened.format)],
    ['optimizer', optimizer ? `${optimizer.class_name}, ${iterations} iterations` : 'none'],
  ];
  if (optimizer && compile) {
    facts.push(['learning rate', rateOf(optimizer.config['learning_rate'])]);
    facts.push(['loss', nameOf(compile.loss)]);
    facts.push(['metrics', compile.metrics.map(nameOf).join(', ') || 'none']);
  }
  for (const note of opened.notes) facts.push(['note', note]);
  const variables = description.weights.map(({ name, dtype, shape, trainable }) => [
    name,
    dtype,
    shapeOf(shape),
    trainable ? '' : 'not trained',
  ]);
  return [table(facts), summary.trimEnd(), table([['variable', 'dtype', 'shape'], ...variables])];
}

/** A float32 in the digits that it has; of a schedule its class. */
const rateOf = (rate: unknown): string =>
  typeof rate === 'number' ? String(Number(rate.toPrecision(7))) : nameOf(rate);

function ofWeights({ format, store, optimizer }: WeightsAlone): string[] {
  const facts = [
    ['format', `${format}, weights alone`],
    ['checksums', checksumsOf(format)],
    ['optimizer', optimizer ? `${optimizer.variables.length} variables` : 'none'],
  ];
  const all = [...store.tensors, ...(optimizer?.variables ?? [])];
  const rows = all.map(({ name, dtype, shape }) => [name, dtype, shapeOf(shape)]);
  return [table(facts), table([['variable', 'dtype', 'shape'], ...rows])];
}

async function ofCheckpoint(workbench: Workbench, prefix: string): Promise<string[]> {
  const { variables, optimizer } = await readCheckpoint(workbench, prefix);
  const { className, generation, iterations } = optimizer ?? {};
  const facts = [
    ['format', 'TensorFlow checkpoint'],
    ['prefix', prefix],
    ['checksums', checksumsOf('tf')],
    ['optimizer', optimizer ? `${className} (${generation}), ${iterations} iterations` : 'none'],
  ];
  const rows = variables.map(({ name, dtype, shape }) => [name, dtype, shapeOf(shape)]);
  return [table(facts), table([['variable', 'dtype', 'shape'], ...rows])];
}
