#include "checkpoint/object_tree.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"

namespace tabtrain {
namespace {

constexpr size_t kUnnumbered = static_cast<size_t>(-1);

std::string escapeName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '.') {
      out += "..";
    } else if (c == '/') {
      out += ".S";
    } else {
      out += c;
    }
  }
  return out;
}

std::string joinPath(const std::string& path, std::string_view name) {
  return path.empty() ? escapeName(name) : path + "/" + escapeName(name);
}

std::string valueKey(const std::string& path) {
  return path + "/.ATTRIBUTES/" + std::string(kVariableValue);
}

}  // namespace

ObjectTree::Handle ObjectTree::addObject() {
  nodes_.emplace_back();
  return nodes_.size() - 1;
}

ObjectTree::Handle ObjectTree::addVariable(std::string fullName, TensorView value) {
  const Handle handle = addObject();
  nodes_[handle].fullName = std::move(fullName);
  nodes_[handle].value = std::move(value);
  return handle;
}

void ObjectTree::addChild(Handle parent, std::string name, Handle child) {
  nodes_[parent].children.push_back({std::move(name), child});
}

std::optional<ObjectTree::Handle> ObjectTree::child(Handle parent, std::string_view name) const {
  for (const Edge& edge : nodes_[parent].children) {
    if (edge.name == name) return edge.child;
  }
  return std::nullopt;
}

void ObjectTree::addSlot(Handle optimizer, Handle variable, std::string slotName,
                         Handle slotVariable) {
  nodes_[optimizer].slots.push_back({variable, std::move(slotName), slotVariable});
}

ObjectTree::Layout ObjectTree::layOut() const {
  std::vector<Handle> order = {root()};
  std::vector<size_t> number(nodes_.size(), kUnnumbered);
  std::vector<std::string> path(nodes_.size());
  number[root()] = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    for (const Edge& edge : nodes_[order[i]].children) {
      if (number[edge.child] != kUnnumbered) continue;
      number[edge.child] = order.size();
      path[edge.child] = joinPath(path[order[i]], edge.name);
      order.push_back(edge.child);
    }
  }

  std::vector<std::vector<SlotEdge>> slots(nodes_.size());
  const size_t reachable = order.size();
  for (size_t i = 0; i < reachable; ++i) {
    const Handle optimizer = order[i];
    std::vector<std::string_view> names;
    std::map<std::pair<size_t, size_t>, const SlotEdge*> sorted;
    for (const SlotEdge& slot : nodes_[optimizer].slots) {
      const auto name = std::find(names.begin(), names.end(), slot.name);
      const auto rank = static_cast<size_t>(name - names.begin());
      if (name == names.end()) names.push_back(slot.name);
      sorted.emplace(std::pair(rank, number[slot.variable]), &slot);
    }
    for (const auto& slot : sorted) slots[optimizer].push_back(*slot.second);
    for (const SlotEdge& slot : slots[optimizer]) {
      number[slot.slotVariable] = order.size();
      path[slot.slotVariable] =
          path[slot.variable] + "/.OPTIMIZER_SLOT/" + path[optimizer] + "/" + escapeName(slot.name);
      order.push_back(slot.slotVariable);
    }
  }

  Layout layout;
  std::set<std::string_view> keys;
  layout.graph.nodes.resize(order.size());
  layout.tensors.reserve(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const Node& from = nodes_[order[i]];
    ObjectGraph::Node& to = layout.graph.nodes[i];
    for (const Edge& edge : from.children) {
      to.children.push_back({static_cast<uint32_t>(number[edge.child]), edge.name});
    }
    for (const SlotEdge& slot : slots[order[i]]) {
      to.slots.push_back({static_cast<uint32_t>(number[slot.variable]), slot.name,
                          static_cast<uint32_t>(number[slot.slotVariable])});
    }
    if (from.value) {
      const std::string key = valueKey(path[order[i]]);
      to.attributes.push_back({std::string(kVariableValue), from.fullName, key});
      layout.tensors.push_back({key, *from.value});
      if (!keys.insert(layout.tensors.back().key).second) {
        throw Error(ErrorCode::InvalidArgument,
                    "checkpoint: two variables would be stored as " + quoted(key));
      }
    }
  }
  markCheckpointValues(layout.graph);
  return layout;
}

}  // namespace tabtrain
