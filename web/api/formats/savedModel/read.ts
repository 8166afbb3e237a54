import { TabtrainError, came } from '../../errors';
import { compileConfig } from '../dialects/config';
import { builtConfig, firstLayer } from '../dialects/input';
import { all, fields, last, textOf } from '../proto';
import { attributesOf, importLayer } from './import';
import { ObjectGraph } from './objectGraph';
import type { FileSource, HeldObject, LoadedModel } from '../types';

const METADATA = 'keras_metadata.pb';
type Metadata = Readonly<Record<string, unknown>>;

const GRAPH = 'saved_model.pb';
/** Kinds of objects: layers, and models as layers; what Keras looks for layers in. */
const LAYERS = ['_tf_keras_layer', '_tf_keras_sequential'];
const CONTAINERS = ['trackable_list_wrapper', 'trackable_dict_wrapper'];

/** What Keras says of an object (keras/protobuf/saved_metadata.proto). */
interface KerasObject {
  readonly id: number;
  /** 'root' is the model. */
  readonly path: string;
  readonly metadata: string;
}

/** A SavedModel of Keras 2: its configs, and the checkpoint that is in it. */
export async function readSavedModel(source: FileSource): Promise<LoadedModel> {
  const what = `loadModel: '${source.label}'`;
  const metadata = await source.read(METADATA);
  const objects = metadata && kerasObjects(metadata, what);
  const root = await rootMetadata(source, objects, what);
  if (objects) addBuiltShape(root, objects, what);
  const index = await read(source, 'variables/variables.index', what);
  const shardNames = source.names.filter((name) =>
    /^variables\/variables\.data-\d{5}-of-\d{5}$/.test(name),
  );
  if (shardNames.length === 0) shardNames.push('variables/variables.data-00000-of-00001');
  const shards = await Promise.all(shardNames.sort().map((name) => read(source, name, what)));
  const notes: string[] = [];
  const config = builtConfig(
    { class_name: root['class_name'], config: root['config'] },
    `${what}: config`,
    notes,
  );
  const training = root['training_config'];
  const compile = compileConfig(training, `${what}: training_config`, config, true, notes);
  return {
    version: typeof root['keras_version'] === 'string' ? root['keras_version'] : 'Keras 2',
    config,
    compile,
    weights: { checkpoint: { index, shards } },
    optimizer: null,
    recorded: await layerFunctions(source, objects ?? [], what),
    notes,
  };
}

/** What layers do, from their functions in the file. */
async function layerFunctions(
  source: FileSource,
  objects: readonly KerasObject[],
  what: string,
): Promise<NonNullable<LoadedModel['recorded']>> {
  const bytes = await source.read(GRAPH);
  const metadataOf = new Map(objects.map(({ id, metadata }) => [id, metadata]));
  let graph: ObjectGraph | null = null;
  return (place, { config }) => {
    if (!bytes) return null;
    graph ??= new ObjectGraph(bytes, `${what}: ${GRAPH}`);
    const path = place.map((i) => `layer-${i}`);
    try {
      const isFrozen = config['trainable'] === false;
      const recorded = importLayer(graph, path, isFrozen, `${what}: layer ${place.join('.')}`);
      return recorded && { recorded, held: heldBy(graph, path, metadataOf) };
    } catch (error) {
      if (!(error instanceof TabtrainError) || error.code !== 'UNSUPPORTED') throw error;
      const hint = 'its class can be passed as loadModel(file, { customObjects: { Name } })';
      throw new TabtrainError('UNSUPPORTED', `${error.message}; ${hint}`, { cause: error });
    }
  };
}

/** What a layer has in attributes, and what that has. */
function heldBy(
  graph: ObjectGraph,
  path: readonly string[],
  metadata: ReadonlyMap<number, string>,
): HeldObject[] {
  return [...attributesOf(graph, path).objects].flatMap(([id, at]) => {
    const { identifier } = graph.objects[id]!;
    const said = metadata.get(id) ?? null;
    const isHeld =
      CONTAINERS.includes(identifier) || (LAYERS.includes(identifier) && said !== null);
    return isHeld ? [{ path: at, identifier, metadata: said }] : [];
  });
}

async function read(source: FileSource, name: string, what: string): Promise<Uint8Array> {
  const bytes = await source.read(name);
  if (!bytes) throw new TabtrainError('NOT_FOUND', `${what}: there is no '${name}'`);
  return bytes;
}

/** What Keras says of the model: in a file of its own since TensorFlow 2.5, before that in the graph. */
async function rootMetadata(
  source: FileSource,
  objects: readonly KerasObject[] | null,
  what: string,
): Promise<Metadata> {
  const json = objects
    ? objects.find(({ path }) => path === 'root')?.metadata
    : ofGraph(await read(source, GRAPH, what), what);
  if (json === undefined) {
    throw new TabtrainError(
      'UNSUPPORTED',
      `${what}: a SavedModel without Keras's metadata, which has no layers to load`,
    );
  }
  return record(json, what);
}

/** Tells a Normalization that comes first the shape that it was built for; only its own metadata have it. */
function addBuiltShape(root: Metadata, objects: readonly KerasObject[], what: string): void {
  const first = firstLayer((root['config'] as { layers?: unknown } | null | undefined)?.layers);
  const said = objects.find(({ path }) => path === 'root.layer_with_weights-0');
  if (first?.class_name !== 'Normalization' || !said) return;
  const { build_input_shape: shape } = record(said.metadata, what);
  Object.assign(first, { build_config: { input_shape: shape } });
}

function record(json: string, what: string): Metadata {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new TabtrainError(
      'CORRUPT_FILE',
      `${what}: its metadata are not JSON (${String(error)})`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Metadata;
  }
  throw new TabtrainError('CORRUPT_FILE', `${what}: its metadata are ${came(value)}, not a record`);
}

function kerasObjects(bytes: Uint8Array, what: string): KerasObject[] {
  const at = `${what}: ${METADATA}`;
  return all(fields(bytes, at), 1).map((node) => {
    const object = fields(node, what);
    const text = (number: number) => textOf(last(object, number), at);
    return {
      id: Number(last(object, 2)?.value ?? 0n),
      ...{ path: text(3), metadata: text(5) },
    };
  });
}

/** SavedModel.meta_graphs[0].object_graph_def.nodes[0].user_object.metadata. */
function ofGraph(bytes: Uint8Array, what: string): string | undefined {
  const at = `${what}: ${GRAPH}`;
  let message = bytes;
  for (const number of [2, 7, 1, 4]) {
    const inner = all(fields(message, at), number)[0];
    if (!inner) return undefined;
    message = inner;
  }
  const json = textOf(last(fields(message, at), 3), at);
  return json === '' ? undefined : json;
}
