import type { EngineModel, EngineTensor } from '../api/engine/engine';
import type { LoadReport } from '../api/host/protocol';
import { withModel, type Workbench } from './workbench';

export interface CheckpointVariable {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface ReadCheckpoint {
  readonly variables: readonly CheckpointVariable[];
  /** Null where there is none that Keras has. */
  readonly optimizer: {
    readonly className: string;
    readonly generation: 'legacy' | 'new';
    readonly iterations: bigint;
  } | null;
}

/** Takes numbers and has no weights, so that every checkpoint can be restored to it. */
const WEIGHTLESS = {
  class_name: 'Sequential',
  config: {
    name: 'weightless',
    layers: [{ class_name: 'Flatten', config: { name: 'flatten', batch_input_shape: [null, 1] } }],
  },
};

/** Everything in a checkpoint, checksums compared. @throws TabtrainError `CORRUPT_FILE`, `NOT_FOUND`. */
export async function readCheckpoint(
  { engine, checkpoints }: Workbench,
  prefix: string,
): Promise<ReadCheckpoint> {
  const { index, shards } = await checkpoints.read(prefix);
  const variables = JSON.parse(engine.listVariables(index)) as CheckpointVariable[];
  // Restoring compares all checksums, also those of what is not used.
  const restore = (model: EngineModel) =>
    JSON.parse(model.loadCheckpoint(index, shards)) as LoadReport;
  withModel(engine, WEIGHTLESS, (model) => {
    model.build('');
    restore(model);
  });
  if (!variables.some(({ name }) => /(^|\/)optimizer\//.test(name))) {
    return { variables, optimizer: null };
  }
  const { optimizers } = JSON.parse(engine.classNames()) as { optimizers: string[] };
  // State of SGD and Adam is read as that of either.
  const isLegacy = variables.some(({ name }) => /(^|\/)optimizer\/iter(\/|$)/.test(name));
  const generations = isLegacy ? (['legacy', 'new'] as const) : (['new', 'legacy'] as const);
  for (const className of optimizers) {
    for (const generation of generations) {
      const iterations = withModel(engine, WEIGHTLESS, (model) => {
        if (!succeeds(() => compile(model, className, generation))) return null;
        // A step makes the optimizer's variables, of which there is one.
        step(model, new engine.Tensor('float32', [1, 1]), new engine.Tensor('float32', [1, 1]));
        let restored: readonly string[] = [];
        // The file is whole: what is refused now is the state of the other generation.
        if (!succeeds(() => (restored = restore(model).restored))) return null;
        if (!restored.some((name) => /(^|\/)iter(ation)?$/.test(name))) return null;
        const count = model.optimizerVariables(generation)[0]!.bytes!;
        return new BigInt64Array(count.slice().buffer)[0]!;
      });
      if (iterations !== null) {
        return { variables, optimizer: { className, generation, iterations } };
      }
    }
  }
  return { variables, optimizer: null };
}

/** Classes that have no such generation are refused. */
function compile(model: EngineModel, className: string, generation: string): void {
  const config = { is_legacy_optimizer: generation === 'legacy' };
  model.compile(JSON.stringify({ optimizer: { class_name: className, config }, loss: 'mse' }));
}

function succeeds(task: () => unknown): boolean {
  try {
    task();
    return true;
  } catch {
    return false;
  }
}

function step(model: EngineModel, x: EngineTensor, y: EngineTensor): void {
  try {
    model.runOnBatch(JSON.stringify({ kind: 'train' }), [x], [y], null);
  } finally {
    x.delete();
    y.delete();
  }
}
