import { toSizes, type Concrete, type Functions } from './functions';
import { functionSpec, savedObject, structured } from './messages';
import { isOfHeldLayer, SavedNode, type SavedLayer } from './objects';

/**
 * What a layer of the user's own does, where Keras looks for it when it does not have the class
 * (keras/saving/saved_model/load.py, `_revive_layer_or_model_from_config` and after).
 */
export function addOwnLayer(
  functions: Functions,
  { layer, node, place }: SavedLayer,
  all: Concrete[],
): void {
  const { spec, tuple, list, dict, bool } = structured;
  const input = toSizes(layer.inputShape);
  const graphs = [layer.graphs!.inference, layer.graphs!.training];
  const names = graphs.map((graph, i) => {
    const name = functions.add(
      `${layer.name}_layer_call_and_return_conditional_losses`,
      graph,
      'inputs',
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
  const penalties = graphs[0]!.outputs.slice(1).map((_, i) => {
    const { name, of } = functions.addPenalty(`${layer.name}_loss_fn`, graphs[0]!, i);
    const nothing = tuple([tuple([]), dict({})]);
    all.push({ name, write: (ids) => functions.concrete(ids, nothing, spec('', [])) });
    const penalty = new SavedNode(savedObject.function([name], functionSpec([], null, false)));
    return { penalty, isOwn: !of.every((path) => isOfHeldLayer(layer, path.slice(place.length))) };
  });
  if (penalties.length === 0) return;
  // Keras takes the one, also where it is empty, as layers within have their own; we take the other, with those of all.
  for (const [parent, list, chosen] of [
    [keras, 'layer_regularization_losses', penalties.filter(({ isOwn }) => isOwn)],
    [node, 'regularization_losses', penalties],
  ] as const) {
    const lists = parent.add(list, new SavedNode(savedObject.user('trackable_list_wrapper')));
    chosen.forEach(({ penalty }, i) => lists.add(`${i}`, penalty));
  }
}
