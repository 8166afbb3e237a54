import { TabtrainError, came } from '../../errors';
import { unzipEntries, zipEntries } from '../../storage/zip';
import { compileConfig, noteKeras3, scaledOptimizer } from '../dialects/config';
import { builtConfig } from '../dialects/input';
import { isLegacy, isUniversal, optimizerOf } from '../dialects/optimizer';
import { json, parsed } from '../dialects/portable';
import { MOST_JSON_BYTES } from '../limits';
import type {
  CompileConfig,
  FileSource,
  Format,
  LoadedModel,
  ModelSnapshot,
  NewFile,
  OptimizerOrder,
  SaveRequest,
  Tools,
} from '../types';
import { archiveConfig } from './config';
import { readStore, writeStore } from './store';

const METADATA = 'metadata.json';
const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';

/** The archive of Keras 3 and of Keras 2.12 and later (keras/src/saving/saving_lib.py): a zip. */
export const kerasFormat: Format = {
  name: 'keras',
  directory: false,
  sniff: async (source) => source.single && isZip(await source.read(source.names[0]!)),
  needs: (compile, { includeOptimizer, optimizerLayout }) => ({
    optimizer: includeOptimizer ? orderOf(compile, optimizerLayout) : null,
  }),
  write,
  read,
};

export const isZip = (bytes: Uint8Array | null): boolean =>
  bytes !== null && [0x50, 0x4b, 3, 4].every((byte, i) => bytes[i] === byte);

/** The order of the optimizer's list in files of this kind; null for none. */
export function orderOf(
  compile: CompileConfig | null,
  layout: SaveRequest['optimizerLayout'],
): OptimizerOrder | null {
  if (!compile || layout === 'none') return null;
  if (layout !== 'auto') return layout;
  const optimizer = optimizerOf(compile);
  // What has another meaning in Keras 3 stays what it is.
  const staysOld =
    isLegacy(optimizer) && !(isUniversal(optimizer) && (optimizer.config['decay'] ?? 0) === 0);
  return staysOld ? 'legacy' : 'keras3';
}

async function write(model: ModelSnapshot, request: SaveRequest, tools: Tools): Promise<NewFile[]> {
  const { createHdf5 } = await tools.hdf5();
  const file = await createHdf5(request.where);
  writeStore(file, model.layers, model.optimizer, model.compile);
  const text = (value: unknown) => new TextEncoder().encode(json(value));
  const isOld = model.optimizer !== null && model.optimizer.order !== 'keras3';
  const metadata = { keras_version: isOld ? '2.15.0' : '3.3.3', date_saved: now() };
  const bytes = zipEntries(
    [
      { name: METADATA, bytes: text(metadata) },
      { name: CONFIG, bytes: text(archiveConfig(model)) },
      { name: WEIGHTS, bytes: file.finish() },
    ],
    request.where,
  );
  return [{ name: '', bytes }];
}

/** As Keras writes it, in UTC: `2024-07-25@13:19:27`. */
const now = () => new Date().toISOString().slice(0, 19).replace('T', '@');

/** An archive's own parts. */
export async function readArchive(bytes: Uint8Array, what: string, tools: Tools) {
  const entries = await unzipEntries(bytes, {
    what,
    room: tools.room,
    isWanted: (name) => [METADATA, CONFIG, WEIGHTS].includes(name),
    most: { [METADATA]: MOST_JSON_BYTES, [CONFIG]: MOST_JSON_BYTES },
  });
  const find = (name: string) => entries.find((entry) => entry.name === name)?.bytes;
  const [config, weights] = [find(CONFIG), find(WEIGHTS)];
  if (!config || !weights) {
    throw new TabtrainError(
      'UNSUPPORTED',
      `${what}: expected a .keras archive, came a zip without '${config ? WEIGHTS : CONFIG}'`,
    );
  }
  const parse = (name: string, part: Uint8Array) =>
    parsed(new TextDecoder().decode(part), `${what}: ${name}`);
  const { openHdf5 } = await tools.hdf5();
  const file = await openHdf5(weights, `${what}: ${WEIGHTS}`, tools.room);
  const store = readStore(file, what);
  file.close();
  const metadata = find(METADATA);
  const about = metadata ? parse(METADATA, metadata) : {};
  if (typeof about !== 'object' || about === null) {
    throw new TabtrainError(
      'CORRUPT_FILE',
      `${what}: ${METADATA}: expected a record, came ${came(about)}`,
    );
  }
  const { keras_version: version } = about as { keras_version?: unknown };
  return {
    version: typeof version === 'string' ? version : '',
    config: parse(CONFIG, config),
    store,
  };
}

const hasLoss = (config: unknown): boolean =>
  typeof config === 'object' && config !== null && 'loss' in config && config.loss !== null;

async function read(source: FileSource, tools: Tools): Promise<LoadedModel> {
  const what = `loadModel: '${source.label}'`;
  const bytes = (await source.read(source.names[0]!))!;
  const { version, config, store } = await readArchive(bytes, what, tools);
  const { compile_config, tabtrain } = (config ?? {}) as {
    compile_config?: { optimizer?: unknown } | null;
    tabtrain?: unknown;
  };
  const notes: string[] = [];
  const model = builtConfig(config, `${what}: ${CONFIG}`, notes);
  // Keras forgets it where a model was saved as HDF5 before, and takes its own default when it reads that again.
  const isForgotten = compile_config?.optimizer === undefined && hasLoss(compile_config);
  if (isForgotten) {
    notes.push(
      'the file does not say with which optimizer: RMSprop is taken, as by Keras, without the state',
    );
  }
  const optimizer = scaledOptimizer(compile_config?.optimizer) ?? compile_config?.optimizer;
  const module = (optimizer as { module?: unknown } | undefined)?.module;
  const isOld = typeof module === 'string' && module.includes('optimizers.legacy');
  const compile = compileConfig(
    typeof compile_config === 'object' && compile_config
      ? {
          ...(isForgotten && { optimizer: { class_name: 'RMSprop', config: {} } }),
          ...compile_config,
          tabtrain,
        }
      : compile_config,
    `${what}: compile_config`,
    model,
    isOld,
    notes,
  );
  const byVersion = version.startsWith('3') ? 'keras3' : version.startsWith('2') ? 'new' : null;
  if (byVersion === 'keras3') noteKeras3(model, notes);
  return {
    version: `Keras ${version}`,
    config: model,
    compile,
    weights: store,
    optimizer: isForgotten ? null : compile && store.optimizer(isOld ? 'legacy' : byVersion),
    notes,
  };
}
