import { bytes, int, join, map } from '../proto';
import type { GraphJson, LayerSnapshot, ModelSnapshot, NewFile } from '../types';
import { configTensors } from './constants';
import {
  attr,
  DT,
  functionDef,
  functionSpec,
  nodeDef,
  savedObject,
  shapeProto,
  structured,
  type Message,
} from './messages';
import { kerasMetadata } from './metadata';
import {
  ObjectTree,
  SavedNode,
  savedObjects,
  type SavedLayer,
  type SavedVariable,
} from './objects';
import { FunctionBody } from './ops';

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
  const serving = functions.add(
    'signature_wrapper',
    model.graphs!.inference,
    argumentName(model),
    model.layers,
  );
  const { input, output } = shapesOf(model);
  const keyword = model.input.name;

  const calls = [model.graphs!.inference, model.graphs!.training].map((graph) =>
    functions.add('sequential_layer_call_fn', graph, 'inputs', model.layers),
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

/** What can be written of a function once all objects have numbers. */
interface Concrete {
  readonly name: string;
  readonly write: (ids: ReadonlyMap<SavedNode, number>) => Message;
}

/**
 * What a layer of the user's own does, where Keras looks for it when it does not have the class
 * (keras/saving/saved_model/load.py, `_revive_layer_or_model_from_config` and after).
 */
function addOwnLayer(functions: Functions, { layer, node }: SavedLayer, all: Concrete[]): void {
  const { spec, tuple, list, dict, bool } = structured;
  const input = toSizes(layer.inputShape);
  const graphs = [layer.graphs!.inference, layer.graphs!.training];
  const names = graphs.map((graph, i) => {
    const name = functions.add(
      `${layer.name}_layer_call_and_return_conditional_losses`,
      graph,
      'inputs',
      [layer],
    );
    all.push({
      name,
      write: (ids) =>
        functions.concrete(
          ids,
          tuple([tuple([spec('inputs', input), bool(i === 1)]), dict({})]),
          tuple([spec('', toSizes(layer.outputShape)), list([])]),
        ),
    });
    return name;
  });
  const keras = node.add('keras_api', new SavedNode(savedObject.user('_generic_user_object')));
  const call = functionSpec(['self', 'inputs', 'training'], [bool(false)], true);
  keras.add('call_and_return_conditional_losses', new SavedNode(savedObject.function(names, call)));
}

const toSizes = (shape: readonly (number | null)[]) => shape.map((size) => size ?? -1);
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

/** The functions of the file. Each takes the input and the handles of all variables. */
class Functions {
  readonly definitions: Message[] = [];
  readonly #variables: readonly SavedVariable[];
  readonly #handles = new Map<string, string>();

  constructor(tree: ObjectTree) {
    this.#variables = tree.variables;
    for (const [i, { weight }] of tree.variables.entries()) {
      this.#handles.set(weight.path, `resource_${i}`);
    }
  }

  /** Adds the function of a graph, which is a pass through `layers`, and returns its name. */
  add(base: string, graph: GraphJson, input: string, layers: readonly LayerSnapshot[]): string {
    const name = `__inference_${base}_${100 + this.definitions.length}`;
    const body = new FunctionBody(
      graph,
      input,
      (path) => this.#handles.get(path)!,
      configTensors(graph, layers),
    );
    const result = body.write();
    const inputs = [result, ...body.assignments.map((assignment) => `^${assignment}`)];
    const identity = nodeDef('Identity', 'Identity', inputs, { T: attr.type(DT.float32) });
    const handles = [...this.#handles.values()].map((handle) => ({
      name: handle,
      type: DT.resource,
    }));
    this.definitions.push(
      functionDef(
        name,
        [{ name: input, type: DT.float32 }, ...handles],
        [{ name: 'identity', type: DT.float32, value: 'Identity:output:0' }],
        [...body.nodes, identity],
      ),
    );
    return name;
  }

  /** What the loader has to know of a function: the objects that it captures, arguments, result. */
  concrete(ids: ReadonlyMap<SavedNode, number>, input: Message, output: Message): Message {
    const captured = this.#variables.map(({ node }) => int(2, ids.get(node)!));
    return join(captured, bytes(3, input), bytes(4, output));
  }
}

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
