#include "losses/probabilities.h"

#include "ops/op.h"

namespace tabtrain {

Expr clipProbabilities(Expr x) { return clip(x, kEpsilon, 1.0f - kEpsilon); }

Expr logitsOf(Expr yPred, bool fromLogits, const char* activation) {
  const Node& node = yPred.graph->producer(yPred.id);
  if (node.op->name() == activation) return {yPred.graph, node.inputs[0]};
  return fromLogits ? yPred : Expr{};
}

Expr smoothLabels(Expr yTrue, double smoothing, double uniform) {
  if (smoothing == 0.0) return yTrue;
  return yTrue * static_cast<float>(1.0 - smoothing) + static_cast<float>(smoothing * uniform);
}

}  // namespace tabtrain
