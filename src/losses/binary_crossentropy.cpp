#include "losses/loss.h"
#include "losses/probabilities.h"

namespace tabtrain {
namespace {

Expr smoothed(Expr yTrue, Expr yPred, const Arguments& arguments) {
  return smoothLabels(matchRank(yTrue, yPred), arguments.labelSmoothing, 0.5);
}

/// keras.backend.binary_crossentropy, in the shape of yPred.
Expr elementwise(Expr yTrue, Expr yPred, const Arguments& arguments) {
  if (const Expr logits = logitsOf(yPred, arguments.fromLogits, "Sigmoid")) {
    // max(x, 0) - x z + log(1 + exp(-|x|)): tf.nn.sigmoid_cross_entropy_with_logits.
    const Expr zero = logits.graph->constant(0.0f);
    const Expr isPositive = greaterEqual(logits, zero);
    const Expr negativeAbsolute = select(isPositive, -logits, logits);
    return select(isPositive, logits, zero) - logits * yTrue +
           logarithm1p(exponential(negativeAbsolute));
  }
  const Expr p = clipProbabilities(yPred);
  return -(yTrue * logarithm(p + kEpsilon) + (1.0f - yTrue) * logarithm(1.0f - p + kEpsilon));
}

}  // namespace

/// -(y log p + (1 - y) log(1 - p)), the mean over the last axis: y and yPred [batch, ..., n].
/// keras/losses.py, keras/backend.py.
Expr binaryCrossentropy(Expr yTrue, Expr yPred, const Arguments& arguments) {
  return meanLast(elementwise(smoothed(yTrue, yPred, arguments), yPred, arguments));
}

/// (1 - p[y])^gamma times the cross-entropy; with class balancing, times alpha for 1 and 1 - alpha
/// for 0. keras/losses.py, keras/backend.py.
Expr binaryFocalCrossentropy(Expr yTrue, Expr yPred, const Arguments& arguments) {
  yTrue = smoothed(yTrue, yPred, arguments);
  const Expr p = arguments.fromLogits ? sigmoid(yPred) : yPred;
  const Expr ofLabel = yTrue * p + (1.0f - yTrue) * (1.0f - p);
  const Expr gamma = p.graph->constant(static_cast<float>(arguments.gamma));
  Expr loss = power(1.0f - ofLabel, gamma) * elementwise(yTrue, yPred, arguments);
  if (arguments.applyClassBalancing) {
    const auto alpha = static_cast<float>(arguments.alpha);
    loss = (yTrue * alpha + (1.0f - yTrue) * (1.0f - alpha)) * loss;
  }
  return meanLast(loss);
}

}  // namespace tabtrain
