#include "losses/probabilities.h"
#include "losses/smoothed_crossentropy.h"

namespace tabtrain {

/// -(y log p + (1 - y) log(1 - p)), the mean over the last axis: y and yPred [batch, ..., n].
/// keras/losses.py, keras/backend.py.
Expr binaryCrossentropy(Expr yTrue, Expr yPred, bool fromLogits, double labelSmoothing) {
  yTrue = matchRank(yTrue, yPred);
  if (labelSmoothing > 0.0) {
    yTrue =
        yTrue * static_cast<float>(1.0 - labelSmoothing) + static_cast<float>(0.5 * labelSmoothing);
  }
  const Expr logits = fromLogits ? yPred : inputOf(yPred, "Sigmoid");
  if (logits) {
    // max(x, 0) - x z + log(1 + exp(-|x|)): tf.nn.sigmoid_cross_entropy_with_logits.
    const Expr zero = logits.graph->constant(0.0f);
    const Expr isPositive = greaterEqual(logits, zero);
    const Expr negativeAbsolute = select(isPositive, -logits, logits);
    return meanLast(select(isPositive, logits, zero) - logits * yTrue +
                    logarithm1p(exponential(negativeAbsolute)));
  }
  const Expr p = clip(yPred, kEpsilon, 1.0f - kEpsilon);
  const Expr value =
      yTrue * logarithm(p + kEpsilon) + (1.0f - yTrue) * logarithm(1.0f - p + kEpsilon);
  return meanLast(-value);
}

std::unique_ptr<Loss> makeBinaryCrossentropy(ConfigReader& reader) {
  return std::make_unique<SmoothedCrossentropy>(reader, "BinaryCrossentropy", "binary_crossentropy",
                                                binaryCrossentropy);
}

}  // namespace tabtrain
