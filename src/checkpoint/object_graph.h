#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/bytes.h"

// TensorFlow's object graph (tensorflow/core/protobuf/trackable_object_graph.proto): which object
// holds which, and under which key each value is stored. Node 0 is the root. Cycles are legal.
//   TrackableObjectGraph := repeated nodes=1 TrackableObject
//   TrackableObject      := repeated children=1 { node_id=1, local_name=2 },
//                           repeated attributes=2 { name=1, full_name=2, checkpoint_key=3,
//                                                   optional_restore=4 },
//                           repeated slot_variables=3 { original_variable_node_id=1, slot_name=2,
//                                                       slot_variable_node_id=3 },
//                           registered_saver=4 { name=1, object_name=2 },
//                           has_checkpoint_values=5 { value=1 }

namespace tabtrain {

/// The one attribute of a variable.
inline constexpr std::string_view kVariableValue = "VARIABLE_VALUE";

struct ObjectGraph {
  struct Child {
    uint32_t node = 0;
    std::string name;
  };
  struct Attribute {
    std::string name;
    std::string fullName;
    std::string key;
    bool optionalRestore = false;
  };
  struct Slot {
    uint32_t variable = 0;
    std::string name;
    uint32_t slotVariable = 0;
  };
  struct Saver {
    std::string name;
    std::string objectName;
  };
  struct Node {
    std::vector<Child> children;
    std::vector<Attribute> attributes;
    std::vector<Slot> slots;
    std::optional<Saver> saver;
    std::optional<bool> hasCheckpointValues;

    /// The first child of that name.
    std::optional<uint32_t> child(std::string_view name) const;
    /// The attribute that holds a variable's value.
    const Attribute* variable() const;
  };

  std::vector<Node> nodes;
};

/// Throws CorruptFile unless all node numbers exist, Unsupported above a million nodes or
/// references (what is parsed takes more memory than its bytes).
ObjectGraph parseObjectGraph(ByteSpan message);

/// Fields in the order of their numbers, as TensorFlow writes them.
Bytes serializeObjectGraph(const ObjectGraph& graph);

/// Sets `hasCheckpointValues` of every node: whether a value can be reached from it.
void markCheckpointValues(ObjectGraph& graph);

}  // namespace tabtrain
