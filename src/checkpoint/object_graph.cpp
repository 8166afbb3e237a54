#include "checkpoint/object_graph.h"

#include "base/error.h"
#include "checkpoint/proto.h"

namespace tabtrain {
namespace {

constexpr size_t kMostNodes = 1 << 20;
constexpr size_t kMostReferences = 1 << 20;
constexpr char kWhat[] = "checkpoint object graph";

uint32_t readNode(ProtoReader& proto, size_t nodeCount) {
  return static_cast<uint32_t>(proto.readCount(static_cast<int64_t>(nodeCount) - 1));
}

ObjectGraph::Child parseChild(ByteSpan message, size_t nodeCount) {
  ProtoReader proto(message, kWhat);
  ObjectGraph::Child child;
  while (proto.next()) {
    if (proto.field() == 1) child.node = readNode(proto, nodeCount);
    if (proto.field() == 2) child.name = proto.readString();
  }
  return child;
}

ObjectGraph::Attribute parseAttribute(ByteSpan message) {
  ProtoReader proto(message, kWhat);
  ObjectGraph::Attribute attribute;
  while (proto.next()) {
    if (proto.field() == 1) attribute.name = proto.readString();
    if (proto.field() == 2) attribute.fullName = proto.readString();
    if (proto.field() == 3) attribute.key = proto.readString();
    if (proto.field() == 4) attribute.optionalRestore = proto.readBool();
  }
  return attribute;
}

ObjectGraph::Slot parseSlot(ByteSpan message, size_t nodeCount) {
  ProtoReader proto(message, kWhat);
  ObjectGraph::Slot slot;
  while (proto.next()) {
    if (proto.field() == 1) slot.variable = readNode(proto, nodeCount);
    if (proto.field() == 2) slot.name = proto.readString();
    if (proto.field() == 3) slot.slotVariable = readNode(proto, nodeCount);
  }
  return slot;
}

ObjectGraph::Saver parseSaver(ByteSpan message) {
  ProtoReader proto(message, kWhat);
  ObjectGraph::Saver saver;
  while (proto.next()) {
    if (proto.field() == 1) saver.name = proto.readString();
    if (proto.field() == 2) saver.objectName = proto.readString();
  }
  return saver;
}

bool parseBoolValue(ByteSpan message) {
  ProtoReader proto(message, kWhat);
  bool value = false;
  while (proto.next()) {
    if (proto.field() == 1) value = proto.readBool();
  }
  return value;
}

ObjectGraph::Node parseNode(ByteSpan message, size_t nodeCount) {
  ProtoReader proto(message, kWhat);
  ObjectGraph::Node node;
  while (proto.next()) {
    switch (proto.field()) {
      case 1:
        node.children.push_back(parseChild(proto.readBytes(), nodeCount));
        break;
      case 2:
        node.attributes.push_back(parseAttribute(proto.readBytes()));
        break;
      case 3:
        node.slots.push_back(parseSlot(proto.readBytes(), nodeCount));
        break;
      case 4:
        node.saver = parseSaver(proto.readBytes());
        break;
      case 5:
        node.hasCheckpointValues = parseBoolValue(proto.readBytes());
        break;
      default:
        break;
    }
  }
  return node;
}

/// Throws unless the graph's size is one that a real model can have.
void checkSize(const std::vector<ByteSpan>& nodes) {
  size_t references = 0;
  for (const ByteSpan node : nodes) {
    ProtoReader proto(node, kWhat);
    while (proto.next()) references += proto.field() <= 3 ? 1 : 0;
  }
  if (nodes.size() > kMostNodes || references > kMostReferences) {
    throw Error(ErrorCode::Unsupported, std::string(kWhat) + ": has " +
                                            std::to_string(nodes.size()) + " nodes and " +
                                            std::to_string(references) + " references, at most " +
                                            std::to_string(kMostNodes) + " of each are read");
  }
}

Bytes serializeNode(const ObjectGraph::Node& node) {
  ProtoWriter proto;
  for (const auto& child : node.children) {
    ProtoWriter part;
    part.writeUint64(1, child.node);
    part.writeString(2, child.name);
    proto.writeMessage(1, part.view());
  }
  for (const auto& attribute : node.attributes) {
    ProtoWriter part;
    part.writeString(1, attribute.name);
    part.writeString(2, attribute.fullName);
    part.writeString(3, attribute.key);
    part.writeUint64(4, attribute.optionalRestore);
    proto.writeMessage(2, part.view());
  }
  for (const auto& slot : node.slots) {
    ProtoWriter part;
    part.writeUint64(1, slot.variable);
    part.writeString(2, slot.name);
    part.writeUint64(3, slot.slotVariable);
    proto.writeMessage(3, part.view());
  }
  if (node.saver) {
    ProtoWriter part;
    part.writeString(1, node.saver->name);
    part.writeString(2, node.saver->objectName);
    proto.writeMessage(4, part.view());
  }
  if (node.hasCheckpointValues) {
    ProtoWriter part;
    part.writeUint64(1, *node.hasCheckpointValues);
    proto.writeMessage(5, part.view());
  }
  return proto.take();
}

}  // namespace

std::optional<uint32_t> ObjectGraph::Node::child(std::string_view name) const {
  for (const Child& candidate : children) {
    if (candidate.name == name) return candidate.node;
  }
  return std::nullopt;
}

const ObjectGraph::Attribute* ObjectGraph::Node::variable() const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == kVariableValue) return &attribute;
  }
  return nullptr;
}

ObjectGraph parseObjectGraph(ByteSpan message) {
  std::vector<ByteSpan> nodes;
  ProtoReader proto(message, kWhat);
  while (proto.next()) {
    if (proto.field() != 1) continue;
    nodes.push_back(proto.readBytes());
  }
  if (nodes.empty()) proto.fail("has no nodes");
  checkSize(nodes);
  ObjectGraph graph;
  graph.nodes.reserve(nodes.size());
  for (const ByteSpan node : nodes) graph.nodes.push_back(parseNode(node, nodes.size()));
  return graph;
}

Bytes serializeObjectGraph(const ObjectGraph& graph) {
  ProtoWriter proto;
  for (const auto& node : graph.nodes) proto.writeMessage(1, serializeNode(node));
  return proto.take();
}

void markCheckpointValues(ObjectGraph& graph) {
  std::vector<std::vector<uint32_t>> parents(graph.nodes.size());
  std::vector<uint32_t> frontier;
  for (uint32_t i = 0; i < graph.nodes.size(); ++i) {
    ObjectGraph::Node& node = graph.nodes[i];
    for (const auto& child : node.children) parents[child.node].push_back(i);
    node.hasCheckpointValues = !node.attributes.empty() || !node.slots.empty() || node.saver;
    if (*node.hasCheckpointValues) frontier.push_back(i);
  }
  while (!frontier.empty()) {
    const uint32_t node = frontier.back();
    frontier.pop_back();
    for (const uint32_t parent : parents[node]) {
      if (*graph.nodes[parent].hasCheckpointValues) continue;
      graph.nodes[parent].hasCheckpointValues = true;
      frontier.push_back(parent);
    }
  }
}

}  // namespace tabtrain
