#include "losses/probabilities.h"

#include "ops/op.h"

namespace tabtrain {

Expr inputOf(Expr y, const char* opName) {
  const Node& node = y.graph->producer(y.id);
  return node.op->name() == opName ? Expr{y.graph, node.inputs[0]} : Expr{};
}

Expr logitsOf(Expr probabilities) {
  if (const Expr logits = inputOf(probabilities, "Softmax")) return logits;
  return logarithm(clip(probabilities, kEpsilon, 1.0f - kEpsilon));
}

}  // namespace tabtrain
