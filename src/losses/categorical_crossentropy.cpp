#include "losses/probabilities.h"
#include "losses/smoothed_crossentropy.h"

namespace tabtrain {

/// -sum_c y[c] log p[c]: y and yPred [batch, ..., classes]. keras/losses.py.
Expr categoricalCrossentropy(Expr yTrue, Expr yPred, bool fromLogits, double labelSmoothing) {
  yTrue = matchRank(yTrue, yPred);
  if (labelSmoothing > 0.0) {
    const auto classes = static_cast<double>(yPred.shape().back().size);
    yTrue = yTrue * static_cast<float>(1.0 - labelSmoothing) +
            static_cast<float>(labelSmoothing / classes);
  }
  const Expr logits = fromLogits ? yPred : inputOf(yPred, "Softmax");
  if (logits) return apply("SoftmaxCrossEntropyWithLogits", {logits, yTrue});
  const size_t last = yPred.rank() - 1;
  const Expr scaled = yPred / sum(yPred, last, last + 1, /*keepDims=*/true);
  return -sum(yTrue * logarithm(clip(scaled, kEpsilon, 1.0f - kEpsilon)), last, last + 1);
}

std::unique_ptr<Loss> makeCategoricalCrossentropy(ConfigReader& reader) {
  return std::make_unique<SmoothedCrossentropy>(
      reader, "CategoricalCrossentropy", "categorical_crossentropy", categoricalCrossentropy);
}

}  // namespace tabtrain
