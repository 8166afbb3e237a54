import { TabtrainError, came } from '../../errors';
import { compileConfig, modelConfig } from '../dialects/config';
import { all, fields, last, textOf } from '../proto';
import { importLayer } from './import';
import { ObjectGraph } from './objectGraph';
import type { FileSource, LoadedModel } from '../types';

const METADATA = 'keras_metadata.pb';
type Metadata = Readonly<Record<string, unknown>>;

const GRAPH = 'saved_model.pb';

/** A SavedModel of Keras 2: its configs, and the checkpoint that is in it. */
export async function readSavedModel(source: FileSource): Promise<LoadedModel> {
  const what = `loadModel: '${source.label}'`;
  const root = await rootMetadata(source, what);
  const index = await read(source, 'variables/variables.index', what);
  const shardNames = source.names.filter((name) =>
    /^variables\/variables\.data-\d{5}-of-\d{5}$/.test(name),
  );
  if (shardNames.length === 0) shardNames.push('variables/variables.data-00000-of-00001');
  const shards = await Promise.all(shardNames.sort().map((name) => read(source, name, what)));
  const config = modelConfig(
    { class_name: root['class_name'], config: root['config'] },
    `${what}: config`,
  );
  const training = root['training_config'];
  const compile = compileConfig(training, `${what}: training_config`, config, true);
  return {
    version: typeof root['keras_version'] === 'string' ? root['keras_version'] : 'Keras 2',
    config,
    compile,
    weights: { checkpoint: { index, shards } },
    optimizer: null,
    recorded: await layerFunctions(source, what),
    notes: [],
  };
}

/** What layers do, from their functions in the file. */
async function layerFunctions(
  source: FileSource,
  what: string,
): Promise<NonNullable<LoadedModel['recorded']>> {
  const bytes = await source.read(GRAPH);
  let graph: ObjectGraph | null = null;
  return (place, { config }) => {
    if (!bytes) return null;
    graph ??= new ObjectGraph(bytes, `${what}: ${GRAPH}`);
    const path = place.map((i) => `layer-${i}`);
    try {
      const isFrozen = config['trainable'] === false;
      return importLayer(graph, path, isFrozen, `${what}: layer ${place.join('.')}`);
    } catch (error) {
      if (!(error instanceof TabtrainError) || error.code !== 'UNSUPPORTED') throw error;
      const hint = 'its class can be passed as loadModel(file, { customObjects: { Name } })';
      throw new TabtrainError('UNSUPPORTED', `${error.message}; ${hint}`, { cause: error });
    }
  };
}

async function read(source: FileSource, name: string, what: string): Promise<Uint8Array> {
  const bytes = await source.read(name);
  if (!bytes) throw new TabtrainError('NOT_FOUND', `${what}: there is no '${name}'`);
  return bytes;
}

/** What Keras says of the model: in a file of its own since TensorFlow 2.5, before that in the graph. */
async function rootMetadata(source: FileSource, what: string): Promise<Metadata> {
  const metadata = await source.read(METADATA);
  const json = metadata
    ? ofMetadata(metadata, what)
    : ofGraph(await read(source, GRAPH, what), what);
  if (json === null) {
    throw new TabtrainError(
      'UNSUPPORTED',
      `${what}: a SavedModel without Keras's metadata, which has no layers to load`,
    );
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw new TabtrainError(
      'CORRUPT_FILE',
      `${what}: its metadata are not JSON (${String(error)})`,
    );
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Metadata;
  }
  throw new TabtrainError(
    'CORRUPT_FILE',
    `${what}: its metadata are ${came(parsed)}, not a record`,
  );
}

/** keras/protobuf/saved_metadata.proto. */
function ofMetadata(bytes: Uint8Array, what: string): string | null {
  const [at, in_] = [`${what}: ${METADATA}`, (message: Uint8Array) => fields(message, what)];
  for (const node of all(fields(bytes, at), 1)) {
    const object = in_(node);
    if (textOf(last(object, 3), at) === 'root') return textOf(last(object, 5), at);
  }
  return null;
}

/** SavedModel.meta_graphs[0].object_graph_def.nodes[0].user_object.metadata. */
function ofGraph(bytes: Uint8Array, what: string): string | null {
  const at = `${what}: ${GRAPH}`;
  let message = bytes;
  for (const number of [2, 7, 1, 4]) {
    const inner = all(fields(message, at), number)[0];
    if (!inner) return null;
    message = inner;
  }
  const json = textOf(last(fields(message, at), 3), at);
  return json === '' ? null : json;
}
