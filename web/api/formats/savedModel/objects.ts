import { bytes, int, join } from '../proto';
import type { LayerSnapshot, ModelSnapshot, WeightSnapshot } from '../types';
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

/** A layer and where it is; `path` is Keras's, `root.layer_with_weights-0`. */
export interface SavedLayer {
  readonly layer: LayerSnapshot;
  readonly node: SavedNode;
  readonly path: string;
}

/** Keras's identifier of a layer's node. */
export const identifierOf = (className: string): string =>
  className === 'Sequential' ? '_tf_keras_sequential' : '_tf_keras_layer';

/** The objects of a model: layers by Keras's names for them, each with its variables. */
export class ObjectTree {
  readonly root = new SavedNode(savedObject.user('_tf_keras_sequential'));
  readonly variables: SavedVariable[] = [];
  readonly layers: SavedLayer[] = [];
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
      this.layers.push({ layer, node, path: `${path}.${name}` });
      const own = `${place}layers/${i}/`;
      this.#addLayers(node, layer.layers, `${path}.${name}`, `${key}${name}/`, own);
      for (const weight of layer.weights) {
        const attribute = weight.path.slice(own.length);
        const graphName = this.#unique(weight.name);
        const kind = savedObject.variable(
          graphName,
          DT[weight.dtype as keyof typeof DT],
          weight.shape,
          weight.trains,
        );
        this.variables.push({
          weight,
          node: addVariable(node, attribute, new SavedNode(kind)),
          name: graphName,
          key: `${key}${name}/${attribute}/.ATTRIBUTES/VARIABLE_VALUE`,
        });
      }
    }
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

/**
 * A variable of an object within the layer is the layer's own as well: without its class Keras trains what a
 * layer has itself.
 */
function addVariable(layer: SavedNode, attribute: string, variable: SavedNode): SavedNode {
  const names = attribute.split('/');
  let parent = layer;
  for (const name of names.slice(0, -1)) {
    const known = parent.children.find(([child]) => child === name);
    parent =
      known?.[1] ?? parent.add(name, new SavedNode(savedObject.user('_generic_user_object')));
  }
  parent.add(names.at(-1)!, variable);
  if (names.length > 1) layer.add(names.join('_'), variable);
  return variable;
}

function hasWeights({ weights, layers }: LayerSnapshot): boolean {
  return weights.length > 0 || layers.some(hasWeights);
}
