import { bytes, int, join, map } from '../proto';
import type { ModelSnapshot, NewFile } from '../types';
import {
  attr,
  DT,
  functionSpec,
  nodeDef,
  savedObject,
  shapeProto,
  structured,
  type Message,
} from './messages';
import { kerasMetadata } from './metadata';
import { Functions, toSizes, type Concrete } from './functions';
import { ObjectTree, SavedNode, savedObjects, type SavedVariable } from './objects';
import { addOwnLayer } from './ownLayer';

const RESTORE = 'restore_all';
const SAVE = 'save_all';

/**
 * A SavedModel directory that TensorFlow 2.8 and later load as a Keras model, as a trackable object, into
 * a session, and in TensorFlow Lite's converter. The optimizer is in the checkpoint but not in the object
 * graph: that way Keras restores its state when it compiles the model.
 */
export function writeSavedModel(model: ModelSnapshot): NewFile[] {
  const tree = new ObjectTree(model);
  const functions = new Functions(tree);
  const serving = functions.add('signature_wrapper', model.graphs!.inference, argumentName(model));
  const { input, output } = shapesOf(model);
  const keyword = model.input.name;

  const calls = [model.graphs!.inference, model.graphs!.training].map((graph) =>
    functions.add('sequential_layer_call_fn', graph, 'inputs'),
  );
  const calledWith: Concrete[] = [];
  const call = functionSpec(
    ['self', 'inputs', 'training', 'mask'],
    [structured.bool(false), structured.none()],
    true,
  );
  tree.root.add('__call__', new SavedNode(savedObject.function(calls, call)));
  for (const saved of tree.layers)
    if (saved.layer.graphs) addOwnLayer(functions, saved, calledWith);
  const signatures = tree.root.add('signatures', new SavedNode(savedObject.user('signature_map')));
  const spec = functionSpec([], null, false);
  signatures.add(
    'serving_default',
    new SavedNode(savedObject.bareFunction(serving, keyword, spec)),
  );

  const ids = tree.numbered();
  const { spec: tensor, tuple, dict, bool, none } = structured;
  const concrete: Record<string, Message> = {
    ...Object.fromEntries(calledWith.map((each) => [each.name, each.write(ids)])),
    [serving]: functions.concrete(
      ids,
      tuple([tuple([]), dict({ [keyword]: tensor(keyword, input) })]),
      dict({ [model.output.name]: tensor(model.output.name, output) }),
    ),
  };
  for (const [i, name] of calls.entries()) {
    concrete[name] = functions.concrete(
      ids,
      tuple([tuple([tensor('inputs', input), bool(i === 1), none()]), dict({})]),
      tensor('', output),
    );
  }
  const objectGraph = join(savedObjects(ids), map(2, concrete));
  const { index, data } = model.checkpoint!;
  return [
    { name: 'variables/variables.data-00000-of-00001', bytes: data },
    { name: 'variables/variables.index', bytes: index },
    { name: 'keras_metadata.pb', bytes: kerasMetadata(model, tree, ids) },
    {
      name: 'saved_model.pb',
      bytes: join(
        int(1, 1),
        bytes(2, metaGraph(model, tree.variables, functions.definitions, serving, objectGraph)),
      ),
    },
  ];
}

const shapesOf = (model: ModelSnapshot) => ({
  input: toSizes(model.input.shape),
  output: toSizes(model.output.shape),
});

/** TensorFlow wants arguments of functions in lower case. */
const argumentName = (model: ModelSnapshot) =>
  model.input.name
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .replace(/^(?![a-z])/, 'x');

/** The graph of sessions: variables, the signature, and how variables are saved and restored. */
function metaGraph(
  model: ModelSnapshot,
  variables: readonly SavedVariable[],
  functions: readonly Message[],
  serving: string,
  objectGraph: Message,
): Message {
  const { input, output } = shapesOf(model);
  const types = variables.map(({ weight }) => DT[weight.dtype as keyof typeof DT]);
  const names = variables.map(({ name }) => name);
  const placeholder = `serving_default_${model.input.name}`;
  const tensorNames = [
    nodeDef('names', 'Const', [], {
      dtype: attr.type(DT.string),
      value: attr.strings(variables.map(({ key }) => key)),
    }),
    nodeDef('slices', 'Const', [], {
      dtype: attr.type(DT.string),
      value: attr.strings(variables.map(() => '')),
    }),
  ];
  const float = attr.type(DT.float32);
  const nodes = [
    ...variables.map(({ name, weight }, i) =>
      nodeDef(name, 'VarHandleOp', [], {
        dtype: attr.type(types[i]!),
        shape: attr.shape(weight.shape),
        shared_name: attr.string(name),
      }),
    ),
    nodeDef(placeholder, 'Placeholder', [], { dtype: float, shape: attr.shape(input) }),
    nodeDef('StatefulPartitionedCall', 'StatefulPartitionedCall', [placeholder, ...names], {
      Tin: attr.types([DT.float32, ...names.map(() => DT.resource)]),
      Tout: attr.types([DT.float32]),
      f: attr.function(serving),
    }),
    nodeDef('saver_filename', 'Placeholder', [], {
      dtype: attr.type(DT.string),
      shape: attr.shape([]),
    }),
    ...saverNodes(tensorNames, names, types),
  ];
  const graph = [
    nodes.map((node) => bytes(1, node)),
    bytes(
      2,
      functions.map((each) => bytes(1, each)),
    ),
    bytes(4, [int(1, 987), int(2, 12)]), // a GraphDef that every TensorFlow 2 takes
  ];
  const saver = [bytes(1, 'saver_filename:0'), bytes(2, `${SAVE}:0`), bytes(3, RESTORE), int(7, 2)];
  const info = (name: string, sizes: readonly number[]) => [
    bytes(1, name),
    int(2, DT.float32),
    bytes(3, shapeProto(sizes)),
  ];
  const signature = [
    map(1, { [model.input.name]: info(`${placeholder}:0`, input) }),
    map(2, { [model.output.name]: info('StatefulPartitionedCall:0', output) }),
    bytes(3, 'tensorflow/serving/predict'),
  ];
  return join(
    bytes(1, [bytes(4, 'serve'), int(7, true)]),
    bytes(2, graph),
    bytes(3, saver),
    map(5, { serving_default: signature }),
    bytes(7, objectGraph),
  );
}

/** A model without variables has nothing to restore, and an op may not have an empty list. */
function saverNodes(
  tensorNames: readonly Message[],
  names: readonly string[],
  types: readonly number[],
): Message[] {
  const string = { T: attr.type(DT.string) };
  if (names.length === 0) {
    return [nodeDef(RESTORE, 'NoOp', []), nodeDef(SAVE, 'Identity', ['saver_filename'], string)];
  }
  const dtypes = { dtypes: attr.types(types) };
  const fixed = ['saver_filename', 'names', 'slices'];
  return [
    ...tensorNames,
    nodeDef('restore', 'RestoreV2', fixed, dtypes),
    ...names.map((name, i) =>
      nodeDef(`assign_${i}`, 'AssignVariableOp', [name, i === 0 ? 'restore' : `restore:${i}`], {
        dtype: attr.type(types[i]!),
      }),
    ),
    nodeDef(
      RESTORE,
      'NoOp',
      names.map((_, i) => `^assign_${i}`),
    ),
    ...names.map((name, i) =>
      nodeDef(`read_${i}`, 'ReadVariableOp', [name], { dtype: attr.type(types[i]!) }),
    ),
    nodeDef('save', 'SaveV2', [...fixed, ...names.map((_, i) => `read_${i}`)], dtypes),
    nodeDef(SAVE, 'Identity', ['saver_filename', '^save'], string),
  ];
}
