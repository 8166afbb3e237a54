#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <map>

#include "base/error.h"
#include "checkpoint/bundle_entry.h"
#include "checkpoint/keras_checkpoint.h"
#include "checkpoint/keras_optimizers.h"
#include "checkpoint/object_tree.h"

namespace tabtrain {
namespace {

using Handle = ObjectTree::Handle;

[[noreturn]] void invalid(const std::string& reason) {
  throw Error(ErrorCode::InvalidArgument, "saving a checkpoint: " + reason);
}

/// Builds the object tree of one state. Owns the few values that the state has only as numbers.
class KerasTree {
 public:
  KerasTree(const ModelState& state, OptimizerLayout layout) {
    addLayers(tree_.root(), state.layers);
    if (state.optimizer && layout != OptimizerLayout::None) {
      addOptimizer(*state.optimizer, generationOf(*state.optimizer, layout));
    }
    if (state.fitted) {
      const Handle function = tree_.addObject();
      tree_.addChild(tree_.root(), "train_tf_function", function);
      tree_.addChild(tree_.root(), "train_function", function);
    }
    if (state.evaluated) tree_.addChild(tree_.root(), "test_function", tree_.addObject());
    if (state.predicted) tree_.addChild(tree_.root(), "predict_function", tree_.addObject());
    if (state.rootEdge) tree_.addChild(tree_.root(), "root", tree_.root());
  }

  /// Its views live as long as the state and this object.
  ObjectTree::Layout layOut() const { return tree_.layOut(); }

 private:
  struct Trainable {
    const NamedVariable* variable;
    Handle handle;
  };

  static OptimizerGeneration generationOf(const OptimizerState& optimizer, OptimizerLayout layout) {
    if (layout == OptimizerLayout::Auto) return optimizer.generation;
    const auto wanted =
        layout == OptimizerLayout::Legacy ? OptimizerGeneration::Legacy : OptimizerGeneration::New;
    const KerasOptimizer* row = findKerasOptimizer(optimizer.className);
    if (wanted != optimizer.generation &&
        (row == nullptr || !row->sameMeaning || findSlot(optimizer, kAverageSlot) != nullptr)) {
      throw Error(ErrorCode::Unsupported,
                  "saving a checkpoint: optimizerLayout: the state of " + optimizer.className +
                      " does not mean the same in the other generation of Keras optimizers; "
                      "expected 'auto' or 'none'");
    }
    return wanted;
  }

  void addLayers(Handle parent, const std::vector<LayerState>& layers) {
    size_t weighted = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
      const LayerState& layer = layers[i];
      const Handle object = tree_.addObject();
      if (layer.hasVariables()) {
        tree_.addChild(parent, "layer_with_weights-" + std::to_string(weighted++), object);
      }
      tree_.addChild(parent, "layer-" + std::to_string(i), object);
      addLayers(object, layer.layers);
      for (const std::string& name : layer.emptyChildren) {
        tree_.addChild(object, name, tree_.addObject());
      }
      for (const NamedVariable& variable : layer.variables) {
        const Handle handle = tree_.addVariable(variable.fullName, variable.value);
        addVariable(object, variable.attribute, handle);
        if (variable.trainable) trainables_.push_back({&variable, handle});
      }
    }
  }

  /// A variable of an object within the layer makes that object where it is not there yet.
  void addVariable(Handle parent, std::string_view attribute, Handle variable) {
    const size_t slash = attribute.find('/');
    const std::string name(attribute.substr(0, slash));
    if (slash == std::string_view::npos) return tree_.addChild(parent, name, variable);
    auto inner = tree_.child(parent, name);
    if (!inner) {
      inner = tree_.addObject();
      tree_.addChild(parent, name, *inner);
    }
    addVariable(*inner, attribute.substr(slash + 1), variable);
  }

  void addOptimizer(const OptimizerState& optimizer, OptimizerGeneration generation) {
    checkSlots(optimizer);
    const Handle object = tree_.addObject();
    tree_.addChild(tree_.root(), "optimizer", object);
    if (generation == OptimizerGeneration::Legacy) {
      if (optimizer.built) addLegacy(optimizer, object);
    } else {
      addNew(optimizer, object);
    }
  }

  void checkSlots(const OptimizerState& optimizer) const {
    for (const OptimizerState::Slot& slot : optimizer.slots) {
      if (slot.values.size() != trainables_.size()) {
        invalid("slot " + quoted(slot.name) + " of " + optimizer.name + " has " +
                std::to_string(slot.values.size()) + " values for " +
                std::to_string(trainables_.size()) + " trainable variables");
      }
    }
  }

  static const OptimizerState::Slot* findSlot(const OptimizerState& optimizer,
                                              std::string_view name) {
    for (const auto& slot : optimizer.slots) {
      if (slot.name == name) return &slot;
    }
    return nullptr;
  }

  void addLegacy(const OptimizerState& optimizer, Handle object) {
    const std::string prefix = optimizer.name + "/";
    tree_.addChild(object, "iter",
                   tree_.addVariable(prefix + "iter", scalar(optimizer.iterations)));
    std::map<std::string, float> hypers(optimizer.hypers.begin(), optimizer.hypers.end());
    hypers.emplace("decay", 0.0f);
    const KerasOptimizer* row = findKerasOptimizer(optimizer.className);
    for (const auto& hyper : hypers) {
      const std::string& name = hyper.first;
      if (row != nullptr && std::none_of(row->hypers.begin(), row->hypers.end(),
                                         [&](const char* known) { return name == known; })) {
        continue;
      }
      tree_.addChild(object, name, tree_.addVariable(prefix + name, scalar(hyper.second)));
    }
    std::vector<const OptimizerState::Slot*> slots;
    if (row != nullptr) {
      for (const SlotLayout& layout : row->slots) {
        if (const auto* slot = findSlot(optimizer, layout.slot)) slots.push_back(slot);
      }
    } else {
      for (const auto& slot : optimizer.slots) slots.push_back(&slot);
    }
    for (const auto* slot : slots) {
      for (size_t i = 0; i < trainables_.size(); ++i) {
        const std::string fullName = prefix + trainables_[i].variable->fullName + "/" + slot->name;
        tree_.addSlot(object, trainables_[i].handle, slot->name,
                      tree_.addVariable(fullName, slot->values[i]));
      }
    }
  }

  void addNew(const OptimizerState& optimizer, Handle object) {
    const KerasOptimizer* row = findKerasOptimizer(optimizer.className);
    if (row == nullptr) {
      throw Error(ErrorCode::Unsupported, "saving a checkpoint: the variables of optimizer " +
                                              quoted(optimizer.className) + " are not known");
    }
    const Handle variables = tree_.addObject();
    const Handle iterations = tree_.addVariable("iteration", scalar(optimizer.iterations));
    tree_.addChild(object, "_variables", variables);
    tree_.addChild(variables, "0", iterations);
    tree_.addChild(object, "_iterations", iterations);
    for (const char* name : {"learning_rate", "current_learning_rate"}) {
      addNewScalar(optimizer, object, name, name);
    }
    if (!optimizer.built) return;
    tree_.addChild(object, "_index_dict", tree_.addObject());
    addNewSlots(optimizer, *row, object, variables);
    if (row->newScalar != nullptr) {
      addNewScalar(optimizer, object, row->newScalar, optimizer.name + "/Variable");
    }
  }

  void addNewScalar(const OptimizerState& optimizer, Handle object, std::string_view name,
                    std::string fullName) {
    for (const auto& [hyper, value] : optimizer.hypers) {
      if (hyper != name) continue;
      tree_.addChild(object, "_" + hyper, tree_.addVariable(std::move(fullName), scalar(value)));
      return;
    }
  }

  void addNewSlots(const OptimizerState& optimizer, const KerasOptimizer& row, Handle object,
                   Handle variables) {
    struct List {
      const SlotLayout* layout;
      const OptimizerState::Slot* slot;  // null: a list without values, or with zeros
      Handle handle;
    };
    std::vector<List> lists;
    int rounds = 0;
    for (const SlotLayout& layout : row.slots) {
      const auto* slot = findSlot(optimizer, layout.slot);
      if (slot == nullptr && layout.unused == SlotLayout::Unused::Absent) continue;
      const Handle list = tree_.addObject();
      tree_.addChild(object, layout.listAttribute, list);
      rounds = std::max(rounds, layout.round + 1);
      if (slot != nullptr || layout.unused == SlotLayout::Unused::Zeros) {
        lists.push_back({&layout, slot, list});
      }
    }
    size_t position = 1;
    for (int round = 0; round < rounds; ++round) {
      for (size_t i = 0; i < trainables_.size(); ++i) {
        for (const List& list : lists) {
          if (list.layout->round != round) continue;
          const NamedVariable& of = *trainables_[i].variable;
          const Handle variable = tree_.addVariable(
              optimizer.name + "/" + list.layout->variableName + "/" + of.fullName,
              list.slot != nullptr ? list.slot->values[i] : zerosLike(of.value));
          tree_.addChild(variables, std::to_string(position++), variable);
          tree_.addChild(list.handle, std::to_string(i), variable);
        }
      }
    }
  }

  template <typename Number>
  TensorView store(DType dtype, Number bits) {
    Bytes& bytes = owned_.emplace_back();
    for (size_t i = 0; i < sizeof(bits); ++i) {
      bytes.push_back(std::byte{static_cast<uint8_t>(bits >> (8 * i))});
    }
    return {dtype, {}, bytes};
  }
  TensorView scalar(float value) { return store(DType::Float32, std::bit_cast<uint32_t>(value)); }
  TensorView scalar(int64_t value) { return store(DType::Int64, std::bit_cast<uint64_t>(value)); }
  TensorView zerosLike(const TensorView& tensor) {
    return {tensor.dtype, tensor.shape, owned_.emplace_back(tensor.bytes.size())};
  }

  ObjectTree tree_;
  std::vector<Trainable> trainables_;
  std::deque<Bytes> owned_;
};

}  // namespace

BundleFiles writeCheckpoint(const ModelState& state, OptimizerLayout layout) {
  const KerasTree tree(state, layout);
  const ObjectTree::Layout laidOut = tree.layOut();
  const Bytes graph = serializeObjectGraph(laidOut.graph);
  size_t dataSize = graph.size() + 16;
  for (const auto& tensor : laidOut.tensors) dataSize += tensor.value.bytes.size();
  BundleWriter writer;
  writer.reserve(dataSize);
  for (const auto& [key, value] : laidOut.tensors) {
    writer.add(key, toTensorflowDType(value.dtype), value.shape, value.bytes);
  }
  writer.addStrings(std::string(kObjectGraphKey), {}, {asText(graph)});
  return writer.finish();
}

BundleFiles rewrite(const Bundle& bundle) {
  std::vector<const BundleEntry*> order;
  size_t dataSize = 0;
  for (const BundleEntry& entry : bundle.entries()) {
    order.push_back(&entry);
    dataSize += bundle.tensorBytes(entry).size();
  }
  sortByPlace(order);
  BundleWriter writer;
  writer.reserve(dataSize);
  for (const BundleEntry* entry : order) {
    if (entry->dtype != TensorflowDType::String) {
      writer.add(entry->key, entry->dtype, entry->shape, bundle.tensorBytesUnchecked(*entry));
      continue;
    }
    std::vector<std::string_view> values = bundle.strings(*entry);
    Bytes graph;
    if (entry->key == kObjectGraphKey && values.size() == 1) {
      graph = serializeObjectGraph(parseObjectGraph(asBytes(values[0])));
      values[0] = asText(graph);
    }
    writer.addStrings(entry->key, entry->shape, values);
  }
  return writer.finish();
}

}  // namespace tabtrain
