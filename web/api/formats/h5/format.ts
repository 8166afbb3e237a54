import { TabtrainError, invalid } from '../../errors';
import type { KerasConfig } from '../../config/spec';
import type { Hdf5Source } from '../hdf5/read';
import { isHdf5 } from '../hdf5/screen';
import { trainingConfig } from '../dialects/compile';
import { compileConfig, noteKeras3, scaledOptimizer } from '../dialects/config';
import { builtConfig } from '../dialects/input';
import { generationOf } from '../dialects/optimizer';
import { json, parsed, portableLayers } from '../dialects/portable';
import { isObject, serialised } from '../dialects/serialised';
import type {
  CompileConfig,
  FileSource,
  Format,
  LoadedModel,
  ModelSnapshot,
  NewFile,
  OptimizerVariables,
  SaveRequest,
  Tools,
} from '../types';
import { hasLayers, named, readLayers, readTensor, writeLayers, writeTensors } from './layers';

const CONFIG = 'model_config';
const WEIGHTS = 'model_weights';
const OPTIMIZER = 'optimizer_weights';

/** Keras 2's whole models in HDF5 (keras/saving/hdf5_format.py), which Keras 3 reads and writes too. */
export const h5Format: Format = {
  name: 'h5',
  directory: false,
  sniff: async (source) => source.single && isHdf5(await source.read(source.names[0]!)),
  needs(compile, { includeOptimizer, optimizerLayout, where }: SaveRequest) {
    if (optimizerLayout === 'keras3') {
      invalid(
        `${where}: optimizerLayout: expected 'auto', 'legacy', 'new' or 'none', came 'keras3'; ` +
          "Keras 3 restores no optimizer from HDF5, use '.keras'",
      );
    }
    return { optimizer: includeOptimizer ? generationOf(compile, optimizerLayout) : null };
  },
  write,
  read,
};

/** Whether it has more than weights. */
export const isWholeModel = (file: Hdf5Source): boolean => file.text('', CONFIG) !== null;

async function write(model: ModelSnapshot, request: SaveRequest, tools: Tools) {
  const { createHdf5 } = await tools.hdf5();
  const file = await createHdf5(request.where);
  file.text('', 'keras_version', '2.8.0');
  file.text('', 'backend', 'tensorflow');
  file.text('', CONFIG, json(portableLayers(model.config)));
  writeLayers(file, WEIGHTS, model.layers);
  if (model.compile) {
    const training = trainingConfig(model.compile, model.output.shape);
    const optimizer = portableOptimizer(training['optimizer_config'] as KerasConfig);
    const loss = inFull(training['loss']);
    file.text('', 'training_config', json({ ...training, loss, optimizer_config: optimizer }));
  }
  if (model.optimizer) writeTensors(file, OPTIMIZER, named(model.optimizer.variables));
  const files: NewFile[] = [{ name: '', bytes: file.finish() }];
  return files;
}

/** Short names of losses, which Keras 3 does not read here, as all read them. */
const IN_FULL: Readonly<Record<string, string>> = {
  mse: 'mean_squared_error',
  mae: 'mean_absolute_error',
  mape: 'mean_absolute_percentage_error',
  msle: 'mean_squared_logarithmic_error',
  kld: 'kullback_leibler_divergence',
  bce: 'binary_crossentropy',
};
const inFull = (loss: unknown): unknown =>
  (typeof loss === 'string' ? IN_FULL[loss.toLowerCase()] : undefined) ?? loss;

/** Keras 3 finds a schedule by its module, which Keras 2 passes over, and an optimizer that it does not know by its name. */
function portableOptimizer({ class_name, config }: KerasConfig): KerasConfig {
  const name = /^Custom>(.*)$/.exec(class_name)?.[1];
  const { learning_rate: rate } = config;
  return {
    class_name,
    config: {
      ...config,
      ...(name !== undefined && { name }),
      ...(isObject(rate) && { learning_rate: serialised('keras.optimizers.schedules', rate) }),
    },
  };
}

async function read(source: FileSource, tools: Tools): Promise<LoadedModel> {
  const what = `loadModel: '${source.label}'`;
  const { openHdf5 } = await tools.hdf5();
  const file = await openHdf5((await source.read(source.names[0]!))!, what, tools.room);
  const text = file.text('', CONFIG);
  if (text === null) {
    throw new TabtrainError(
      'UNSUPPORTED',
      `${what}: expected a whole model, came an HDF5 file without 'model_config'; weights alone are read by model.loadWeights`,
    );
  }
  const version = file.text('', 'keras_version') ?? file.text(WEIGHTS, 'keras_version') ?? '2';
  const training = file.text('', 'training_config');
  const said = training === null ? null : parsed(training, `${what}: training_config`);
  const isKeras3 = version.startsWith('3');
  const notes: string[] = [];
  const config = builtConfig(parsed(text, `${what}: model_config`), `${what}: model_config`, notes);
  const compile = compileConfig(said, `${what}: training_config`, config, !isKeras3, notes);
  if (isKeras3) noteKeras3(config, notes);
  if (!hasLayers(file, WEIGHTS)) {
    throw new TabtrainError('CORRUPT_FILE', `${what}: there is no 'model_weights'`);
  }
  const loaded: LoadedModel = {
    version: `Keras ${version}`,
    config,
    compile,
    weights: readLayers(file, WEIGHTS, what),
    optimizer: compile && readOptimizer(file, said, compile, isKeras3),
    notes,
  };
  file.close();
  return loaded;
}

/** Keras 3's optimizer that scales losses begins with variables of its own: iteration, rate, steps without overflow, scale. */
const OWN_OF_SCALING = 4;

function readOptimizer(
  file: Hdf5Source,
  said: unknown,
  compile: CompileConfig,
  isKeras3: boolean,
): OptimizerVariables | null {
  const { optimizer_config: given } = said as { optimizer_config?: { config?: object } };
  const inner = scaledOptimizer(given);
  const all = file.texts(OPTIMIZER, 'weight_names') ?? [];
  const names = inner && isKeras3 ? all.slice(OWN_OF_SCALING) : all;
  if (names.length === 0) return null;
  const variables = names.map((name) => readTensor(file, `${OPTIMIZER}/${name}`));
  const config = ((inner ?? given)?.config ?? {}) as {
    is_legacy_optimizer?: unknown;
    amsgrad?: unknown;
  };
  const order = isKeras3 ? 'keras3' : config.is_legacy_optimizer === false ? 'new' : 'legacy';
  return { order, variables: withoutUnused(variables, order, compile, config.amsgrad) };
}

/** The Adam of Keras 2.0 to 2.2 keeps a third slot for each variable, of one 0, that means nothing. */
function withoutUnused(
  variables: OptimizerVariables['variables'],
  order: string,
  { optimizer }: CompileConfig,
  amsgrad: unknown,
) {
  const isAdam = typeof optimizer !== 'string' && optimizer.class_name === 'Adam';
  const count = (variables.length - 1) / 3;
  if (order !== 'legacy' || !isAdam || amsgrad === true || !Number.isInteger(count)) {
    return variables;
  }
  const shapes = variables.slice(1).map(({ shape }) => shape.join());
  const [first, second, third] = [0, 1, 2].map((i) => shapes.slice(i * count, (i + 1) * count));
  const isUnused =
    third!.every((shape) => shape === '1') &&
    first!.some((shape) => shape !== '1') &&
    first!.join(';') === second!.join(';');
  return isUnused ? variables.slice(0, -count) : variables;
}
