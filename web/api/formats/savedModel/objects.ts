import { bytes, int, join } from '../proto';
import type { HeldObject, LayerSnapshot, ModelSnapshot, WeightSnapshot } from '../types';
import { DT, savedObject, type Message } from './messages';

/** A node of the object graph: what it is, and its named children. */
export class SavedNode {
  readonly children: (readonly [name: string, node: SavedNode])[] = [];
  readonly kind: Message;

  constructor(kind: Message) {
    this.kind = kind;
  }

  add(name: string, node: SavedNode): SavedNode {
    this.children.push([name, node]);
    return node;
  }
}

/** A variable of the model and what it is called where. */
export interface SavedVariable {
  readonly weight: WeightSnapshot;
  readonly node: SavedNode;
  /** In the graph. */
  readonly name: string;
  /** In the checkpoint. */
  readonly key: string;
}

/** A layer and where it is. */
export interface SavedLayer {
  readonly layer: LayerSnapshot;
  readonly node: SavedNode;
  /** Keras's, `root.layer_with_weights-0`. */
  readonly path: string;
  /** The engine's, which those of weights begin with: `layers/0/`. */
  readonly place: string;
}

/** What one of the user's own layers holds. */
export interface SavedHeld extends HeldObject {
  readonly node: SavedNode;
  /** Keras's path of the one that holds it. */
  readonly within: string;
}

/** Keras's identifier of a layer's node. */
export const identifierOf = (className: string): string =>
  className === 'Sequential' ? '_tf_keras_sequential' : '_tf_keras_layer';

/** The objects of a model: layers by Keras's names for them, each with its variables. */
export class ObjectTree {
  readonly root = new SavedNode(savedObject.user('_tf_keras_sequential'));
  readonly variables: SavedVariable[] = [];
  readonly layers: SavedLayer[] = [];
  readonly held: SavedHeld[] = [];
  readonly #names = new Set<string>();

  constructor(model: ModelSnapshot) {
    this.#addLayers(this.root, model.layers, 'root', '', '');
  }

  /** @param place the structural path of the parent, which those of weights begin with */
  #addLayers(
    parent: SavedNode,
    layers: readonly LayerSnapshot[],
    path: string,
    key: string,
    place: string,
  ): void {
    let weighted = 0;
    for (const [i, layer] of layers.entries()) {
      const node = new SavedNode(savedObject.user(identifierOf(layer.className)));
      let name = `layer-${i}`;
      if (hasWeights(layer)) {
        name = `layer_with_weights-${weighted++}`;
        parent.add(name, node);
      }
      parent.add(`layer-${i}`, node);
      const own = `${place}layers/${i}/`;
      this.layers.push({ layer, node, path: `${path}.${name}`, place: own });
      this.#addLayers(node, layer.layers, `${path}.${name}`, `${key}${name}/`, own);
      const putVariable = this.#placing(layer, node, `${path}.${name}`);
      for (const weight of layer.weights) {
        const attribute = weight.path.slice(own.length);
        const graphName = this.#unique(weight.name);
        const type = DT[weight.dtype as keyof typeof DT];
        const variable = new SavedNode(
          savedObject.variable(graphName, type, weight.shape, weight.trains),
        );
        putVariable(attribute, variable);
        this.variables.push({
          weight,
          node: variable,
          name: graphName,
          key: `${key}${name}/${attribute}/.ATTRIBUTES/VARIABLE_VALUE`,
        });
      }
    }
  }

  /** Puts a layer's variables where its attributes are, and what it holds on the way. */
  #placing(layer: LayerSnapshot, node: SavedNode, within: string) {
    const known = new Map([['', node]]);
    const objectAt = (path: string): SavedNode => {
      const made = known.get(path);
      if (made) return made;
      const said = layer.held?.find((each) => each.path === path);
      const object = new SavedNode(savedObject.user(said?.identifier ?? '_generic_user_object'));
      known.set(path, object);
      if (said) this.held.push({ ...said, node: object, within });
      const [parent, name] = lastOf(path);
      return objectAt(parent).add(name, object);
    };
    return (attribute: string, variable: SavedNode) => {
      const [parent, name] = lastOf(attribute);
      objectAt(parent).add(name, variable);
      // Without its class Keras trains what a layer has itself, and what is in the layers that it holds.
      if (parent !== '' && !isOfHeldLayer(layer, attribute))
        node.add(attribute.replaceAll('/', '_'), variable);
    };
  }

  /** Names of nodes in a graph must differ; those of layers in models within a model need not. */
  #unique(name: string): string {
    let unique = name;
    for (let i = 1; this.#names.has(unique); ++i) unique = `${name}_${i}`;
    this.#names.add(unique);
    return unique;
  }

  /** All nodes, breadth first, by the numbers that they are saved under. */
  numbered(): Map<SavedNode, number> {
    const ids = new Map([[this.root, 0]]);
    for (const node of ids.keys()) {
      for (const [, child] of node.children) if (!ids.has(child)) ids.set(child, ids.size);
    }
    return ids;
  }
}

/** The nodes as SavedObjects. */
export function savedObjects(ids: ReadonlyMap<SavedNode, number>): Message {
  const nodes = [...ids.keys()].map((node) => {
    const children = node.children.map(([name, child]) =>
      bytes(1, [int(1, ids.get(child)!), bytes(2, name)]),
    );
    return bytes(1, [children, node.kind]);
  });
  return join(nodes);
}

/** Whether a weight is one of a layer that the layer holds, which Keras makes anew. */
export const isOfHeldLayer = ({ held = [] }: LayerSnapshot, attribute: string): boolean =>
  held.some(({ path, metadata }) => metadata !== null && attribute.startsWith(`${path}/`));

/** A path as what is before its last name, and that. */
function lastOf(path: string): [parent: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
}

function hasWeights({ weights, layers }: LayerSnapshot): boolean {
  return weights.length > 0 || layers.some(hasWeights);
}
