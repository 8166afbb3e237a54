#include "graph/autodiff.h"

#include <algorithm>

#include "ops/op.h"

namespace tabtrain {
namespace {

/// For each value: does it depend on one of `xs`?
std::vector<bool> dependents(const Graph& graph, const std::vector<Expr>& xs) {
  std::vector<bool> depends(graph.values().size(), false);
  for (const Expr& x : xs) depends[static_cast<size_t>(x.id)] = true;
  for (const Node& node : graph.nodes()) {
    const bool any = std::any_of(node.inputs.begin(), node.inputs.end(),
                                 [&](ValueId id) { return depends[static_cast<size_t>(id)]; });
    if (!any) continue;
    for (ValueId id : node.outputs) depends[static_cast<size_t>(id)] = true;
  }
  return depends;
}

}  // namespace

std::vector<Expr> gradients(Expr y, const std::vector<Expr>& xs) {
  Graph& graph = *y.graph;
  const std::vector<bool> depends = dependents(graph, xs);
  std::vector<Expr> gradientOf(graph.values().size());
  gradientOf[static_cast<size_t>(y.id)] = graph.constant(1.0f);

  for (NodeId id = graph.value(y.id).producer; id >= 0; --id) {
    const Node& node = graph.node(id);
    GradientArgs args{graph, node, {}, {}, {}};
    bool flows = false;
    bool needed = false;
    for (ValueId output : node.outputs) {
      args.outputs.push_back({&graph, output});
      args.gradients.push_back(gradientOf[static_cast<size_t>(output)]);
      flows = flows || args.gradients.back();
    }
    for (ValueId input : node.inputs) {
      args.inputs.push_back({&graph, input});
      needed = needed || depends[static_cast<size_t>(input)];
    }
    if (!flows || !needed) continue;
    const std::vector<Expr> inputGradients = node.op->gradient(args);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const auto input = static_cast<size_t>(node.inputs[i]);
      if (!depends[input] || !inputGradients[i]) continue;
      Expr& total = gradientOf[input];
      total = total ? total + inputGradients[i] : inputGradients[i];
    }
  }

  std::vector<Expr> results;
  for (const Expr& x : xs) {
    const Expr& gradient = gradientOf[static_cast<size_t>(x.id)];
    results.push_back(gradient ? broadcastTo(gradient, x.shape()) : Expr{});
  }
  return results;
}

}  // namespace tabtrain
