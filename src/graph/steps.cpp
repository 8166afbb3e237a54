#include "graph/steps.h"

#include <algorithm>
#include <map>
#include <set>

#include "ops/op.h"

namespace tabtrain {
namespace {

using Consumers = std::vector<std::vector<NodeId>>;  // by value: the live nodes that read it

bool isCounter(const Node& node) {
  return node.op->kind() == OpKind::Assign && node.inputs.empty();
}

/// Elementwise nodes and assignments of values can join a run.
bool joinsRun(const Node& node) {
  return node.op->kind() == OpKind::Elementwise ||
         (node.op->kind() == OpKind::Assign && !node.inputs.empty());
}

bool takesStep(const Node& node) {
  return node.op->kind() != OpKind::Source && node.op->kind() != OpKind::View;
}

class Scheduler {
 public:
  Scheduler(const Graph& graph, const std::vector<ValueId>& fetches)
      : graph_(graph),
        fetches_(fetches),
        isLive_(graph.nodes().size(), false),
        isVisited_(graph.nodes().size(), false),
        stepOf_(graph.nodes().size(), -1),
        consumers_(graph.values().size()) {}

  std::vector<Step> run() {
    for (ValueId id : fetches_) markLive(graph_.value(id).producer);
    for (NodeId id : graph_.assignments()) markLive(id);
    collectReaders();
    for (ValueId id : fetches_) visit(graph_.value(id).producer);
    for (NodeId id : graph_.assignments()) visit(id);
    for (NodeId id : order_) place(id);
    fuseProducers();
    std::erase_if(steps_, [](const Step& step) { return step.nodes.empty(); });
    return std::move(steps_);
  }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }

  void markLive(NodeId root) {
    std::vector<NodeId> open = {root};
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      if (isLive_[static_cast<size_t>(id)]) continue;
      isLive_[static_cast<size_t>(id)] = true;
      for (ValueId input : node(id).inputs) open.push_back(graph_.value(input).producer);
    }
  }

  void collectReaders() {
    for (size_t i = 0; i < graph_.nodes().size(); ++i) {
      if (!isLive_[i]) continue;
      const auto id = static_cast<NodeId>(i);
      for (ValueId input : node(id).inputs) {
        consumers_[static_cast<size_t>(storageOf(graph_, input))].push_back(id);
      }
    }
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const Node& source = graph_.producer(static_cast<ValueId>(i));
      if (source.op->kind() == OpKind::Source && source.variable != nullptr) {
        readers_[source.variable] = consumers_[i];
      }
    }
  }

  /// The nodes that must be done before `id`, besides the producers of its inputs.
  const std::vector<NodeId>& readersBefore(NodeId id) const {
    static const std::vector<NodeId> kNone;
    if (node(id).op->kind() != OpKind::Assign) return kNone;
    const auto it = readers_.find(node(id).variable);
    return it == readers_.end() ? kNone : it->second;
  }

  // Depth first with a stack of its own: graphs may be deeper than the stack of a wasm instance.
  void visit(NodeId root) {
    std::vector<std::pair<NodeId, bool>> open = {{root, false}};
    while (!open.empty()) {
      const auto [id, inputsDone] = open.back();
      open.pop_back();
      if (inputsDone) {
        order_.push_back(id);
        continue;
      }
      if (isVisited_[static_cast<size_t>(id)]) continue;
      isVisited_[static_cast<size_t>(id)] = true;
      open.push_back({id, true});
      const auto& readers = readersBefore(id);
      for (auto it = readers.rbegin(); it != readers.rend(); ++it) {
        if (*it != id) open.push_back({*it, false});
      }
      const auto& inputs = node(id).inputs;
      for (auto it = inputs.rbegin(); it != inputs.rend(); ++it) {
        open.push_back({graph_.value(*it).producer, false});
      }
    }
  }

  int stepOfValue(ValueId id) const {
    return stepOf_[static_cast<size_t>(graph_.value(storageOf(graph_, id)).producer)];
  }

  /// Puts a node into the last run that it can join, or into a step of its own at the end.
  void place(NodeId id) {
    const Node& n = node(id);
    if (!takesStep(n)) return;
    int after = -1;
    for (ValueId input : n.inputs) after = std::max(after, stepOfValue(input));
    for (NodeId reader : readersBefore(id)) {
      if (reader != id) after = std::max(after, stepOf_[static_cast<size_t>(reader)]);
    }
    if (joinsRun(n)) {
      const Dim elements =
          graph_.type(n.outputs.empty() ? n.inputs[0] : n.outputs[0]).shape.elements();
      for (int s = static_cast<int>(steps_.size()) - 1; s >= std::max(after, 0); --s) {
        Step& step = steps_[static_cast<size_t>(s)];
        if (!step.isElementwise || step.elements != elements) continue;
        step.nodes.push_back(id);
        stepOf_[static_cast<size_t>(id)] = s;
        return;
      }
      steps_.push_back({{id}, true, elements, -1});
    } else {
      steps_.push_back({{id}, false, {}, -1});
    }
    stepOf_[static_cast<size_t>(id)] = static_cast<int>(steps_.size()) - 1;
  }

  /// Lets a matrix product hand its rows to the run that reads them, where nobody else does.
  void fuseProducers() {
    for (size_t s = 0; s < steps_.size(); ++s) {
      Step& producing = steps_[s];
      if (producing.isElementwise || producing.nodes.empty()) continue;
      const NodeId id = producing.nodes[0];
      const int target = soleConsumerStep(id);
      if (target < 0) continue;
      Step& run = steps_[static_cast<size_t>(target)];
      if (run.producer >= 0 || assignsInputOf(id, static_cast<int>(s), target)) continue;
      run.producer = id;
      producing.nodes.clear();
    }
  }

  int soleConsumerStep(NodeId id) const {
    const Node& n = node(id);
    if (n.outputs.size() != 1 || isCounter(n)) return -1;
    const ValueId output = n.outputs[0];
    if (!n.op->kernel(graph_, n, 1).rows) return -1;
    for (ValueId fetch : fetches_) {
      if (storageOf(graph_, fetch) == output) return -1;
    }
    int target = -1;
    for (NodeId consumer : consumers_[static_cast<size_t>(output)]) {
      if (!takesStep(node(consumer))) continue;
      const int step = stepOf_[static_cast<size_t>(consumer)];
      if (target >= 0 && step != target) return -1;
      target = step;
    }
    if (target < 0) return -1;
    const Step& run = steps_[static_cast<size_t>(target)];
    const bool fits = run.isElementwise && run.elements == graph_.type(output).shape.elements();
    return fits ? target : -1;
  }

  /// Would running node `id` as late as step `last` let it see a variable after its assignment?
  bool assignsInputOf(NodeId id, int first, int last) const {
    std::set<const Variable*> inputs;
    for (ValueId input : node(id).inputs) {
      inputs.insert(graph_.producer(storageOf(graph_, input)).variable);
    }
    for (int s = first; s <= last; ++s) {
      for (NodeId other : steps_[static_cast<size_t>(s)].nodes) {
        const Node& n = node(other);
        if (n.op->kind() == OpKind::Assign && inputs.contains(n.variable)) return true;
      }
    }
    return false;
  }

  const Graph& graph_;
  const std::vector<ValueId>& fetches_;
  std::vector<bool> isLive_;
  std::vector<bool> isVisited_;
  std::vector<int> stepOf_;
  Consumers consumers_;
  std::map<const Variable*, std::vector<NodeId>> readers_;
  std::vector<NodeId> order_;
  std::vector<Step> steps_;
};

}  // namespace

ValueId storageOf(const Graph& graph, ValueId id) {
  while (graph.producer(id).op->kind() == OpKind::View) id = graph.producer(id).inputs[0];
  return id;
}

std::vector<Step> makeSteps(const Graph& graph, const std::vector<ValueId>& fetches) {
  return Scheduler(graph, fetches).run();
}

}  // namespace tabtrain
