#include "losses/loss.h"
#include "losses/probabilities.h"

namespace tabtrain {
namespace {

Expr smoothed(Expr yTrue, Expr yPred, const Arguments& arguments) {
  const auto classes = static_cast<double>(yPred.shape().back().size);
  return smoothLabels(matchRank(yTrue, yPred), arguments.labelSmoothing, 1.0 / classes);
}

/// Probabilities that sum to 1 over the last axis, clipped.
Expr normalized(Expr yPred) { return clipProbabilities(yPred / sumLast(yPred, true)); }

}  // namespace

/// -sum_c y[c] log p[c]: y and yPred [batch, ..., classes]. keras/losses.py.
Expr categoricalCrossentropy(Expr yTrue, Expr yPred, const Arguments& arguments) {
  yTrue = smoothed(yTrue, yPred, arguments);
  if (const Expr logits = logitsOf(yPred, arguments.fromLogits, "Softmax")) {
    return apply("SoftmaxCrossEntropyWithLogits", {logits, yTrue});
  }
  return -sumLast(yTrue * logarithm(normalized(yPred)));
}

/// -sum_c alpha (1 - p[c])^gamma y[c] log p[c]. tf-keras's losses.py.
Expr categoricalFocalCrossentropy(Expr yTrue, Expr yPred, const Arguments& arguments) {
  yTrue = smoothed(yTrue, yPred, arguments);
  const Expr logits = logitsOf(yPred, arguments.fromLogits, "Softmax");
  const Expr p = normalized(logits ? softmax(logits) : yPred);
  const Expr gamma = p.graph->constant(static_cast<float>(arguments.gamma));
  const Expr factor = power(1.0f - p, gamma) * static_cast<float>(arguments.alpha);
  return sumLast(factor * (-yTrue * logarithm(p)));
}

}  // namespace tabtrain
