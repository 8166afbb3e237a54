#include "checkpoint/restore_plan.h"

#include <algorithm>

#include "base/error.h"
#include "checkpoint/checkpoint_values.h"
#include "checkpoint/optimizer_matcher.h"

namespace tabtrain {
namespace {

constexpr uint32_t kRoot = 0;

bool isLayerName(std::string_view name) {
  return name.starts_with("layer-") || name.starts_with("layer_with_weights-");
}

/// The node of the Keras model: the root, or the child `model` of a tf.train.Checkpoint.
uint32_t findModel(const CheckpointValues::Children& root) {
  const bool hasLayers = std::any_of(root.begin(), root.end(),
                                     [](const auto& child) { return isLayerName(child.first); });
  if (hasLayers) return kRoot;
  return findChild(root, "model").value_or(kRoot);
}

[[noreturn]] void throwNothingMatches(const ModelState& wanted,
                                      const std::vector<std::string>& keys) {
  std::string sentence =
      "loading a checkpoint: nothing in the file belongs to this model; it wants";
  size_t named = 0;
  for (const LayerState& layer : wanted.layers) {
    for (const NamedVariable& variable : layer.variables) {
      if (named++ < 3) sentence += " " + quoted(variable.fullName);
    }
  }
  if (named > 3) sentence += " and " + std::to_string(named - 3) + " more";
  sentence += ", the file has";
  for (size_t i = 0; i < std::min<size_t>(3, keys.size()); ++i) sentence += " " + quoted(keys[i]);
  if (keys.empty()) sentence += " none";
  if (keys.size() > 3) sentence += " and " + std::to_string(keys.size() - 3) + " more";
  throw Error(ErrorCode::InvalidArgument, sentence);
}

}  // namespace

RestorePlan matchCheckpoint(const Bundle& bundle, const ModelState& wanted) {
  CheckpointValues values(bundle);
  const auto root = values.children(kRoot);
  const uint32_t modelNode = findModel(root);
  const auto model = modelNode == kRoot ? root : values.children(modelNode);

  RestorePlan plan;
  std::vector<WantedTrainable> trainables;
  size_t weighted = 0;
  size_t matched = 0;
  for (size_t i = 0; i < wanted.layers.size(); ++i) {
    const LayerState& layer = wanted.layers[i];
    if (layer.variables.empty()) continue;
    auto layerNode = findChild(model, "layer_with_weights-" + std::to_string(weighted++));
    if (!layerNode) layerNode = findChild(model, "layer-" + std::to_string(i));
    const auto attributes = layerNode ? values.children(*layerNode) : CheckpointValues::Children();
    for (const NamedVariable& variable : layer.variables) {
      RestoredVariable restored{variable.fullName, std::nullopt};
      const auto node = findChild(attributes, variable.attribute);
      if (node) restored.stored = values.take(*node, variable.value, variable.fullName);
      (restored.stored ? plan.restored : plan.missingInFile).push_back(variable.fullName);
      matched += restored.stored ? 1 : 0;
      if (variable.trainable) trainables.push_back({&variable, node});
      plan.variables.push_back(std::move(restored));
    }
  }
  if (matched == 0 && !plan.variables.empty()) throwNothingMatches(wanted, values.unusedKeys());

  if (wanted.optimizer) {
    auto optimizerNode = findChild(model, "optimizer");
    if (!optimizerNode) optimizerNode = findChild(root, "optimizer");
    matchOptimizer(values, optimizerNode, *wanted.optimizer, trainables, plan);
  }
  plan.unusedInFile = values.unusedKeys();
  return plan;
}

}  // namespace tabtrain
