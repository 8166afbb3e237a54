#include "model/optimizer_list.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "checkpoint/keras_optimizers.h"

namespace tabtrain {
namespace {

using List = std::vector<ListedOptimizerVariable>;

bool has(const Optimizer& optimizer, const SlotLayout& layout) {
  const auto names = optimizer.slotNames();
  return std::find(names.begin(), names.end(), layout.slot) != names.end();
}

/// Whether Keras's list has the slot. Without momentum only the newer SGD has one all the same.
bool isListed(const Optimizer& optimizer, const SlotLayout& layout, OptimizerOrder order) {
  if (layout.unused != SlotLayout::Unused::Zeros) return has(optimizer, layout);
  if (order == OptimizerOrder::New) return true;
  const auto hypers = optimizer.hypers();
  return std::any_of(hypers.begin(), hypers.end(), [&](const auto& hyper) {
    return hyper.first == layout.slot && hyper.second != 0.0;
  });
}

/// The slots of `layouts` of all trainable variables: variable by variable, or slot by slot.
void addSlots(List& list, const Optimizer& optimizer, const std::vector<Variable*>& trainable,
              const std::vector<const SlotLayout*>& layouts, bool byVariable, bool isLegacy) {
  const auto add = [&](const SlotLayout& layout, size_t i) {
    const Variable& of = *trainable[i];
    list.push_back({isLegacy ? optimizer.name() + "/" + of.name() + "/" + layout.slot
                             : optimizer.name() + "/" + layout.variableName + "/" + of.name(),
                    DType::Float32, of.sizes(),
                    has(optimizer, layout) ? optimizer.slots(layout.slot)[i].get() : nullptr});
  };
  if (byVariable) {
    for (size_t i = 0; i < trainable.size(); ++i) {
      for (const SlotLayout* layout : layouts) add(*layout, i);
    }
  } else {
    for (const SlotLayout* layout : layouts) {
      for (size_t i = 0; i < trainable.size(); ++i) add(*layout, i);
    }
  }
}

void requireSameMeaning(const Optimizer& optimizer, const KerasOptimizer& row,
                        OptimizerOrder order) {
  const bool isLegacy = order == OptimizerOrder::Legacy;
  if (isLegacy == optimizer.isLegacy() || row.sameMeaning) return;
  throw Error(ErrorCode::Unsupported,
              "optimizerLayout: the state of " + optimizer.className() + " (" +
                  (optimizer.isLegacy() ? "legacy" : "new") + ") does not mean the same in the " +
                  (isLegacy ? "legacy" : "newer") + " generation of Keras optimizers");
}

/// -1 of a tensor that is no count.
int64_t iterationsOf(const Tensor& value) {
  int64_t count = -1;
  if (value.dtype() == DType::Int64 && value.count() == 1) {
    std::memcpy(&count, value.bytes().data(), sizeof(count));
  }
  return count;
}

}  // namespace

List listOptimizerVariables(const Optimizer& optimizer, const std::vector<Variable*>& trainable,
                            OptimizerOrder order) {
  const KerasOptimizer& row = *findKerasOptimizer(optimizer.className());
  requireSameMeaning(optimizer, row, order);
  const bool isLegacy = order == OptimizerOrder::Legacy;
  List list = {{isLegacy ? optimizer.name() + "/iter" : "iteration",
                DType::Int64,
                {},
                &optimizer.iterations()}};
  const auto addFloat = [&](const std::string& name, Variable* variable) {
    list.push_back({name, DType::Float32, {}, variable});
  };
  if (order == OptimizerOrder::Keras3 && !optimizer.hasSchedule()) {
    addFloat("learning_rate", &optimizer.learningRate());
  }
  if (isLegacy && row.newScalar != nullptr) {
    addFloat(optimizer.name() + "/momentum_cache", optimizer.scalar());
  }
  for (int round = 0; round < 4; ++round) {
    std::vector<const SlotLayout*> layouts;
    for (const SlotLayout& layout : row.slots) {
      if (layout.round == round && isListed(optimizer, layout, order)) layouts.push_back(&layout);
    }
    // OptimizerV2 makes one slot after the other, except in Ftrl.
    addSlots(list, optimizer, trainable, layouts, !isLegacy || optimizer.className() == "Ftrl",
             isLegacy);
  }
  if (order == OptimizerOrder::Keras3 && row.newScalar != nullptr) {
    addFloat(row.newScalar, optimizer.scalar());
  }
  return list;
}

void restoreOptimizerVariables(Optimizer& optimizer, const std::vector<Variable*>& trainable,
                               OptimizerOrder order, const std::vector<TensorPtr>& values) {
  const bool wasBuilt = optimizer.isBuilt();
  optimizer.build(trainable);
  try {
    List list = listOptimizerVariables(optimizer, trainable, order);
    // Of an optimizer that has not trained Keras 3 keeps the count of steps and the rate, Keras 2
    // the count alone.
    const size_t most = order == OptimizerOrder::Keras3 && !optimizer.hasSchedule() ? 2 : 1;
    const size_t given = values.size();
    const bool isFresh = !wasBuilt && given > 0 && given <= most && iterationsOf(*values[0]) == 0;
    if (isFresh) list.erase(list.begin() + static_cast<ptrdiff_t>(given), list.end());
    require(
        list.size() == values.size(),
        [&] {
          return "optimizer: " + optimizer.className() + " has " + std::to_string(list.size()) +
                 " variables, the file has " + std::to_string(values.size());
        },
        ErrorCode::ShapeMismatch);
    for (size_t i = 0; i < list.size(); ++i) {
      const ListedOptimizerVariable& wanted = list[i];
      const Tensor& value = *values[i];
      const bool isScalar = wanted.sizes.empty() && value.count() == 1;
      require(
          value.dtype() == wanted.dtype && (isScalar || value.sizes() == wanted.sizes),
          [&] {
            return "optimizer: " + wanted.name + ": expected " + dtypeName(wanted.dtype) + " " +
                   sizesToString(wanted.sizes) + ", the file has " + dtypeName(value.dtype()) +
                   " " + sizesToString(value.sizes());
          },
          ErrorCode::ShapeMismatch);
      if (i == 0) requireIterations(iterationsOf(value));
      // May find no room, so before anything is written.
      if (wanted.variable != nullptr) wanted.variable->data();
    }
    for (size_t i = 0; i < list.size(); ++i) {
      const auto bytes = values[i]->bytes();
      if (list[i].variable != nullptr) {
        std::memcpy(list[i].variable->data(), bytes.data(), bytes.size());
      }
    }
    if (isFresh) optimizer.unbuild();
  } catch (...) {
    if (!wasBuilt) optimizer.unbuild();
    throw;
  }
}

}  // namespace tabtrain
