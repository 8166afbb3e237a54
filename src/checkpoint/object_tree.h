#pragma once

#include <string>
#include <vector>

#include "checkpoint/model_state.h"
#include "checkpoint/object_graph.h"

namespace tabtrain {

/// An object graph under construction, and its numbering as TensorFlow does it
/// (tensorflow/python/checkpoint/{graph_view,util,save_util}.py):
/// - nodes are numbered breadth first from the root, children in their order; slot variables come
///   after all others, slot by slot, within a slot by the number of the variable they belong to;
/// - a variable's key is the first breadth-first path to it, "." in a name doubled, "/" as ".S",
///   and "/.ATTRIBUTES/VARIABLE_VALUE"; a slot variable's is
///   <variable path>/.OPTIMIZER_SLOT/<optimizer path>/<slot name>/.ATTRIBUTES/VARIABLE_VALUE.
class ObjectTree {
 public:
  using Handle = size_t;

  ObjectTree() : nodes_(1) {}

  Handle root() const { return 0; }
  Handle addObject();
  Handle addVariable(std::string fullName, TensorView value);
  void addChild(Handle parent, std::string name, Handle child);
  std::optional<Handle> child(Handle parent, std::string_view name) const;
  /// Slot names are written in the order in which an optimizer first sees them.
  void addSlot(Handle optimizer, Handle variable, std::string slotName, Handle slotVariable);

  struct StoredTensor {
    std::string key;
    TensorView value;
  };
  struct Layout {
    ObjectGraph graph;
    std::vector<StoredTensor> tensors;  // in the order of the data file
  };
  /// Throws InvalidArgument when two values would have the same key.
  Layout layOut() const;

 private:
  struct Edge {
    std::string name;
    Handle child;
  };
  struct SlotEdge {
    Handle variable;
    std::string name;
    Handle slotVariable;
  };
  struct Node {
    std::vector<Edge> children;
    std::vector<SlotEdge> slots;
    std::string fullName;
    std::optional<TensorView> value;
  };

  std::vector<Node> nodes_;
};

}  // namespace tabtrain
