#include "checkpoint/optimizer_matcher.h"

#include <algorithm>

#include "base/error.h"
#include "checkpoint/keras_optimizers.h"

namespace tabtrain {
namespace {

using Children = CheckpointValues::Children;

class OptimizerMatcher {
 public:
  OptimizerMatcher(CheckpointValues& values, const OptimizerState& wanted,
                   const std::vector<WantedTrainable>& trainables)
      : values_(values),
        wanted_(wanted),
        trainables_(trainables),
        row_(findKerasOptimizer(wanted.className)) {
    for (const auto& slot : wanted.slots) {
      found_.slots.push_back({slot.name, {}});
      found_.slots.back().values.resize(trainables.size());
    }
  }

  /// Nothing if the node holds no state of such an optimizer.
  std::optional<RestoredOptimizer> match(uint32_t optimizer) {
    const Children children = values_.children(optimizer);
    const bool isNew = children.contains("_iterations") || children.contains("_variables");
    const auto& slots = values_.node(optimizer).slots;
    if (!isNew && slots.empty() && !children.contains("iter")) return std::nullopt;
    found_.fileGeneration = isNew ? OptimizerGeneration::New : OptimizerGeneration::Legacy;
    if (isNew ? isOtherInNewFile(children) : isOtherClass(nameInLegacyFile(children, slots))) {
      return std::nullopt;
    }
    if (isNew) {
      matchNew(children);
    } else {
      matchLegacy(children, slots);
    }
    if (found_.iterations) requireIterations(*found_.iterations);
    return std::move(found_);
  }

 private:
  /// The optimizer's name as the first part of a variable's name, "" if there is none. Where the
  /// newer optimizer is within one that scales losses, it is the slot's: "velocity/dense/kernel".
  std::string nameOf(std::optional<uint32_t> node) const {
    if (!node) return "";
    const auto* variable = values_.node(*node).variable();
    if (variable == nullptr) return "";
    std::string_view name = variable->fullName;
    // What an optimizer makes that scales losses is within a condition: "cond_1/Adam/iter".
    size_t slash = name.find('/');
    if (name.starts_with("cond") && slash != name.npos) {
      name.remove_prefix(slash + 1);
      slash = name.find('/');
    }
    return slash == name.npos ? "" : std::string(name.substr(0, slash));
  }

  std::string nameInLegacyFile(const Children& children,
                               const std::vector<ObjectGraph::Slot>& slots) const {
    const std::string name = nameOf(findChild(children, "iter"));
    return name.empty() && !slots.empty() ? nameOf(slots.front().slotVariable) : name;
  }

  bool isOtherInNewFile(const Children& children) const {
    const auto list = findChild(children, "_variables");
    if (!list) return false;
    const Children variables = values_.children(*list);
    return std::ranges::any_of(
        variables, [&](const auto& child) { return isOtherClass(nameOf(child.second)); });
  }

  bool isOtherClass(const std::string& name) const {
    if (name == wanted_.name || name == wanted_.className) return false;
    if (findKerasOptimizer(name) != nullptr) return true;
    return row_ != nullptr && isSlotVariable(name) && !hasSlotVariable(*row_, name);
  }

  void requireConvertible() const {
    if (found_.fileGeneration == wanted_.generation || (row_ != nullptr && row_->sameMeaning))
      return;
    const bool isNew = found_.fileGeneration == OptimizerGeneration::New;
    throw Error(ErrorCode::Unsupported,
                "loading a checkpoint: the file holds the state of " + wanted_.className +
                    (isNew ? " of Keras 2.11 and later" : " of Keras 2.8 (legacy)") +
                    ", the model is compiled with the " + (isNew ? "legacy" : "newer") +
                    " one, whose formulas differ; compile it with legacy: " +
                    (isNew ? "false" : "true") + ", or load before compiling");
  }

  const OptimizerState::Slot* wantedSlot(std::string_view name, size_t* position) const {
    for (size_t i = 0; i < wanted_.slots.size(); ++i) {
      if (wanted_.slots[i].name != name) continue;
      *position = i;
      return &wanted_.slots[i];
    }
    return nullptr;
  }

  void takeSlot(uint32_t node, std::string_view slotName, size_t trainable) {
    size_t position = 0;
    if (wantedSlot(slotName, &position) == nullptr) return;
    auto& value = found_.slots[position].values[trainable];
    if (value) return;
    const NamedVariable& of = *trainables_[trainable].variable;
    value = values_.take(node, of.value, of.fullName + " (slot " + std::string(slotName) + ")");
  }

  void takeHyper(const Children& children, const std::string& name, const std::string& attribute) {
    const auto node = findChild(children, attribute);
    if (!node) return;
    if (const auto value = values_.takeFloat(*node, wanted_.name + "/" + name)) {
      found_.hypers.emplace_back(name, *value);
    }
  }

  void matchLegacy(const Children& children, const std::vector<ObjectGraph::Slot>& slots) {
    if (!slots.empty()) requireConvertible();
    if (const auto node = findChild(children, "iter")) {
      found_.iterations = values_.takeInt64(*node, wanted_.name + "/iter");
    }
    for (const auto& hyper : wanted_.hypers) takeHyper(children, hyper.first, hyper.first);
    std::unordered_map<uint32_t, size_t> trainableOf;
    for (size_t i = 0; i < trainables_.size(); ++i) {
      if (trainables_[i].node) trainableOf.try_emplace(*trainables_[i].node, i);
    }
    for (const auto& slot : slots) {
      const auto trainable = trainableOf.find(slot.variable);
      if (trainable != trainableOf.end()) takeSlot(slot.slotVariable, slot.name, trainable->second);
    }
  }

  void matchNew(const Children& children) {
    Children variables;
    if (const auto node = findChild(children, "_variables")) variables = values_.children(*node);
    auto iterations = findChild(children, "_iterations");
    if (!iterations) iterations = findChild(variables, "0");
    if (iterations) found_.iterations = values_.takeInt64(*iterations, "iteration");
    for (const auto& hyper : wanted_.hypers) takeHyper(children, hyper.first, "_" + hyper.first);
    if (variables.size() <= 1) return;
    requireConvertible();
    if (row_ == nullptr) return;
    const bool hasLists = std::any_of(
        row_->slots.begin(), row_->slots.end(),
        [&](const SlotLayout& layout) { return children.contains(layout.listAttribute); });
    if (hasLists) {
      matchLists(children);
    } else {
      matchPositions(variables);
    }
  }

  void matchLists(const Children& children) {
    for (const SlotLayout& layout : row_->slots) {
      const auto list = findChild(children, layout.listAttribute);
      if (!list) continue;
      const Children items = values_.children(*list);
      for (size_t i = 0; i < trainables_.size(); ++i) {
        if (const auto node = findChild(items, std::to_string(i))) takeNew(*node, layout, i);
      }
    }
  }

  /// A file without the lists: slots lie in `_variables` in the order of their creation.
  void matchPositions(const Children& variables) {
    std::vector<const SlotLayout*> used;
    int rounds = 0;
    for (const SlotLayout& layout : row_->slots) {
      size_t position = 0;
      if (wantedSlot(layout.slot, &position) == nullptr &&
          layout.unused != SlotLayout::Unused::Zeros) {
        continue;
      }
      used.push_back(&layout);
      rounds = std::max(rounds, layout.round + 1);
    }
    const size_t expected = 1 + used.size() * trainables_.size();
    if (variables.size() != expected) {
      throw Error(ErrorCode::ShapeMismatch,
                  "loading a checkpoint: the optimizer " + wanted_.className + " has " +
                      std::to_string(expected) + " variables, the file has " +
                      std::to_string(variables.size()));
    }
    size_t position = 1;
    for (int round = 0; round < rounds; ++round) {
      for (size_t i = 0; i < trainables_.size(); ++i) {
        for (const SlotLayout* layout : used) {
          if (layout->round != round) continue;
          const auto node = findChild(variables, std::to_string(position++));
          if (node) takeNew(*node, *layout, i);
        }
      }
    }
  }

  void takeNew(uint32_t node, const SlotLayout& layout, size_t trainable) {
    size_t position = 0;
    if (wantedSlot(layout.slot, &position) != nullptr) {
      takeSlot(node, layout.slot, trainable);
    } else if (layout.unused == SlotLayout::Unused::Zeros) {
      values_.ignore(node);
    }
  }

  CheckpointValues& values_;
  const OptimizerState& wanted_;
  const std::vector<WantedTrainable>& trainables_;
  const KerasOptimizer* row_;
  RestoredOptimizer found_;
};

/// The name of a slot variable in a file of the wanted generation.
std::string slotFullName(const OptimizerState& wanted, const std::string& slot,
                         const std::string& variable) {
  if (wanted.generation == OptimizerGeneration::Legacy) {
    return wanted.name + "/" + variable + "/" + slot;
  }
  std::string part = slot;
  if (const KerasOptimizer* row = findKerasOptimizer(wanted.className)) {
    for (const SlotLayout& layout : row->slots) {
      if (slot == layout.slot) part = layout.variableName;
    }
  }
  return wanted.name + "/" + part + "/" + variable;
}

void report(const OptimizerState& wanted, const std::vector<WantedTrainable>& trainables,
            RestorePlan& plan) {
  const bool legacy = wanted.generation == OptimizerGeneration::Legacy;
  // What the optimizer's object already has: OptimizerV2 nothing before its first step, the newer
  // class its counter and learning rate.
  const auto enter = [&](bool found, bool exists, std::string name) {
    if (found) {
      plan.restored.push_back(std::move(name));
    } else if (exists) {
      plan.missingInFile.push_back(std::move(name));
    }
  };
  const auto& found = plan.optimizer;
  enter(found && found->iterations, wanted.built || !legacy,
        legacy ? wanted.name + "/iter" : "iteration");
  for (const auto& hyper : wanted.hypers) {
    const std::string& name = hyper.first;
    const bool restored =
        found && std::any_of(found->hypers.begin(), found->hypers.end(),
                             [&](const auto& value) { return value.first == name; });
    const bool isRate = name == "learning_rate" || name == "current_learning_rate";
    // OptimizerV2 has no variable for the rate of a schedule, the newer class none for the rest.
    const bool exists = legacy ? wanted.built && name != "current_learning_rate"
                               : isRate || (wanted.built && name == "u_product");
    enter(restored, exists, legacy ? wanted.name + "/" + name : name);
  }
  for (size_t s = 0; s < wanted.slots.size(); ++s) {
    for (size_t i = 0; i < trainables.size(); ++i) {
      enter(found && found->slots[s].values[i], wanted.built,
            slotFullName(wanted, wanted.slots[s].name, trainables[i].variable->fullName));
    }
  }
}

}  // namespace

void matchOptimizer(CheckpointValues& values, std::optional<uint32_t> optimizerNode,
                    const OptimizerState& wanted, const std::vector<WantedTrainable>& trainables,
                    RestorePlan& plan) {
  if (optimizerNode) {
    plan.optimizer = OptimizerMatcher(values, wanted, trainables).match(*optimizerNode);
  }
  report(wanted, trainables, plan);
}

}  // namespace tabtrain
