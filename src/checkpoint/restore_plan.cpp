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

[[noreturn]] void throwNothingMatches(const std::vector<RestoredVariable>& wanted,
                                      const std::vector<std::string>& keys) {
  constexpr size_t kShown = 3;
  std::string sentence =
      "loading a checkpoint: nothing in the file belongs to this model; it wants";
  for (size_t i = 0; i < std::min(kShown, wanted.size()); ++i) {
    sentence += " " + quoted(wanted[i].fullName);
  }
  if (wanted.size() > kShown) {
    sentence += " and " + std::to_string(wanted.size() - kShown) + " more";
  }
  sentence += ", the file has";
  for (size_t i = 0; i < std::min(kShown, keys.size()); ++i) sentence += " " + quoted(keys[i]);
  if (keys.empty()) sentence += " none";
  if (keys.size() > kShown) sentence += " and " + std::to_string(keys.size() - kShown) + " more";
  throw Error(ErrorCode::InvalidArgument, sentence);
}

/// Matches layers and those within them, depth first.
struct LayerMatcher {
  CheckpointValues& values;
  RestorePlan& plan;
  std::vector<WantedTrainable> trainables;
  size_t matched = 0;

  void match(const std::vector<LayerState>& layers, const CheckpointValues::Children& parent) {
    size_t weighted = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
      if (!layers[i].hasVariables()) continue;
      auto node = findChild(parent, "layer_with_weights-" + std::to_string(weighted++));
      if (!node) node = findChild(parent, "layer-" + std::to_string(i));
      const auto children = node ? values.children(*node) : CheckpointValues::Children();
      matchVariables(layers[i], children);
      match(layers[i].layers, children);
    }
  }

  void matchVariables(const LayerState& layer, const CheckpointValues::Children& attributes) {
    for (const NamedVariable& variable : layer.variables) {
      RestoredVariable restored{variable.fullName, std::nullopt};
      const auto node = find(attributes, variable.attribute);
      if (node) restored.stored = values.take(*node, variable.value, variable.fullName);
      (restored.stored ? plan.restored : plan.missingInFile).push_back(variable.fullName);
      matched += restored.stored ? 1 : 0;
      if (variable.trainable) trainables.push_back({&variable, node});
      plan.variables.push_back(std::move(restored));
    }
  }

  std::optional<uint32_t> find(const CheckpointValues::Children& attributes,
                               std::string_view path) {
    const size_t slash = path.find('/');
    const auto node = findChild(attributes, path.substr(0, slash));
    if (!node || slash == std::string_view::npos) return node;
    return find(values.children(*node), path.substr(slash + 1));
  }
};

}  // namespace

RestorePlan matchCheckpoint(const Bundle& bundle, const ModelState& wanted) {
  CheckpointValues values(bundle);
  const auto root = values.children(kRoot);
  const uint32_t modelNode = findModel(root);
  const auto model = modelNode == kRoot ? root : values.children(modelNode);

  RestorePlan plan;
  LayerMatcher layers{values, plan, {}};
  layers.match(wanted.layers, model);
  if (layers.matched == 0 && !plan.variables.empty()) {
    throwNothingMatches(plan.variables, values.unusedKeys());
  }

  if (wanted.optimizer) {
    auto optimizerNode = findChild(model, "optimizer");
    if (!optimizerNode) optimizerNode = findChild(root, "optimizer");
    matchOptimizer(values, optimizerNode, *wanted.optimizer, layers.trainables, plan);
  }
  plan.unusedInFile = values.unusedKeys();
  plan.notes = values.notes();
  plan.converted = values.releaseConverted();
  return plan;
}

}  // namespace tabtrain
