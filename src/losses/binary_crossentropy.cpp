#include "losses/loss.h"
#include "losses/probabilities.h"

namespace tabtrain {

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

namespace {

/// -(y log p + (1 - y) log(1 - p)), the mean over the last axis: y and yPred [batch, ..., n].
/// keras/losses.py, keras/backend.py.
class BinaryCrossentropy : public Loss {
 public:
  explicit BinaryCrossentropy(ConfigReader& reader)
      : Loss(reader, "binary_crossentropy"),
        fromLogits_(reader.boolean("from_logits", false)),
        labelSmoothing_(reader.number("label_smoothing", 0.0, 0.0, 1.0)) {
    reader.unsupported("axis", -1);
  }
  const char* className() const override { return "BinaryCrossentropy"; }
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return binaryCrossentropy(yTrue, yPred, fromLogits_, labelSmoothing_);
  }

 protected:
  Json ownConfig() const override {
    return {{"from_logits", fromLogits_}, {"label_smoothing", labelSmoothing_}, {"axis", -1}};
  }

 private:
  bool fromLogits_;
  double labelSmoothing_;
};

}  // namespace

std::unique_ptr<Loss> makeBinaryCrossentropy(ConfigReader& reader) {
  return std::make_unique<BinaryCrossentropy>(reader);
}

}  // namespace tabtrain
