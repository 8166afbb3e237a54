#include <algorithm>
#include <cstring>

#include "model/model.h"

/// A model as the checkpoint code sees it, and back.
namespace tabtrain {
namespace {

TensorView view(const Variable& variable, bool withBytes) {
  TensorView result{variable.dtype(), variable.sizes(), {}};
  if (withBytes) result.bytes = variable.bytes();
  return result;
}

/// `withBytes` false describes what can be restored: then the slots count as built.
OptimizerState optimizerState(const Optimizer& optimizer, const std::vector<Variable*>& trainable,
                              bool withBytes) {
  OptimizerState state;
  state.className = optimizer.className();
  state.name = optimizer.name();
  state.generation = optimizer.isLegacy() ? OptimizerGeneration::Legacy : OptimizerGeneration::New;
  state.iterations = optimizer.iterations().int64();
  for (const auto& [name, value] : optimizer.hypers()) {
    state.hypers.emplace_back(name, static_cast<float>(value));
  }
  state.built = optimizer.isBuilt();
  for (const std::string& name : optimizer.slotNames()) {
    OptimizerState::Slot slot{name, {}};
    for (size_t i = 0; i < trainable.size(); ++i) {
      if (withBytes && state.built) {
        slot.values.push_back(view(*optimizer.slots(name)[i], true));
      } else {
        slot.values.push_back(view(*trainable[i], false));
      }
    }
    if (!withBytes || state.built) state.slots.push_back(std::move(slot));
  }
  return state;
}

bool holdsSlots(const RestoredOptimizer& stored) {
  return std::any_of(stored.slots.begin(), stored.slots.end(), [](const auto& slot) {
    return std::any_of(slot.values.begin(), slot.values.end(),
                       [](const auto& value) { return value.has_value(); });
  });
}

/// Where the tensors of a checkpoint go. All memory is taken as they are listed, so that copying
/// them cannot fail half way.
class Copies {
 public:
  void add(const Variable& variable, const std::optional<RestoredTensor>& stored) {
    if (stored) list_.push_back({variable.data(), stored->value.bytes});
  }
  void run() const {
    for (const auto& [target, source] : list_) std::memcpy(target, source.data(), source.size());
  }

 private:
  std::vector<std::pair<std::byte*, ByteSpan>> list_;
};

void addSlots(Copies& copies, const Optimizer& optimizer, const RestoredOptimizer& stored) {
  for (const auto& slot : stored.slots) {
    const auto& variables = optimizer.slots(slot.name);
    for (size_t i = 0; i < slot.values.size(); ++i) copies.add(*variables[i], slot.values[i]);
  }
}

LayerState layerState(const Layer& layer, const std::vector<Variable*>& trained, bool withBytes) {
  LayerState state{layer.name(), {}, layer.trackedAttributes(), {}};
  for (const auto& weight : layer.weights()) {
    const bool trains = std::find(trained.begin(), trained.end(), weight.get()) != trained.end();
    state.variables.push_back({weight->name().substr(layer.name().size() + 1), weight->name(),
                               view(*weight, withBytes), trains});
  }
  for (const auto& inner : layer.sublayers()) {
    state.layers.push_back(layerState(*inner, trained, withBytes));
  }
  return state;
}

/// All weights in the order in which `matchCheckpoint` lists them.
void addWeights(std::vector<Variable*>& list, const Layer& layer) {
  for (const auto& weight : layer.weights()) list.push_back(weight.get());
  for (const auto& inner : layer.sublayers()) addWeights(list, *inner);
}

}  // namespace

ModelState Model::state(bool withBytes) const {
  weights();  // throws where there are none
  ModelState state;
  const std::vector<Variable*> trained = weightsToTrain();
  state.layers = layerState(*network_, trained, withBytes).layers;
  if (compiled_) state.optimizer = optimizerState(compiled_->optimizer(), trained, withBytes);
  state.fitted = isTraced(Traced::Fit);
  state.evaluated = isTraced(Traced::Evaluate);
  state.predicted = isTraced(Traced::Predict);
  return state;
}

BundleFiles Model::saveCheckpoint(OptimizerLayout layout) const {
  return writeCheckpoint(state(/*withBytes=*/true), layout);
}

RestorePlan Model::loadCheckpoint(const Bundle& bundle) {
  RestorePlan plan = matchCheckpoint(bundle, state(/*withBytes=*/false));
  Copies copies;
  std::vector<Variable*> weights;
  addWeights(weights, *network_);
  for (size_t i = 0; i < weights.size(); ++i) copies.add(*weights[i], plan.variables[i].stored);
  if (plan.optimizer) {
    const RestoredOptimizer& stored = *plan.optimizer;
    Optimizer& optimizer = compiled_->optimizer();
    const bool wasBuilt = optimizer.isBuilt();
    try {
      // One without slots, such as SGD, has nothing but its steps to say that it was built.
      const bool hasRun = stored.iterations.value_or(0) > 0;
      if (hasRun || holdsSlots(stored)) optimizer.build(weightsToTrain());
      if (optimizer.isBuilt()) addSlots(copies, optimizer, stored);
    } catch (...) {
      if (!wasBuilt) optimizer.unbuild();
      throw;
    }
    if (optimizer.isBuilt()) trainedWeights();
    if (stored.iterations) optimizer.iterations().int64() = *stored.iterations;
    for (const auto& [name, value] : stored.hypers) {
      optimizer.setHyper(name, static_cast<double>(value));
    }
  }
  copies.run();
  return plan;
}

std::vector<ListedOptimizerVariable> Model::optimizerVariables(OptimizerOrder order) const {
  const Optimizer& optimizer = compiled()->optimizer();
  if (!optimizer.isBuilt()) return {};
  return listOptimizerVariables(optimizer, weightsToTrain(), order);
}

void Model::setOptimizerVariables(OptimizerOrder order, const std::vector<TensorPtr>& values) {
  weights();  // throws where there are none
  Optimizer& optimizer = compiled()->optimizer();
  restoreOptimizerVariables(optimizer, weightsToTrain(), order, values);
  if (optimizer.isBuilt()) trainedWeights();
}

}  // namespace tabtrain
