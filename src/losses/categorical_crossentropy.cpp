#include "losses/loss.h"
#include "losses/probabilities.h"

namespace tabtrain {

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

namespace {

/// -sum_c y[c] log p[c]: y and yPred [batch, ..., classes]. keras/losses.py.
class CategoricalCrossentropy : public Loss {
 public:
  explicit CategoricalCrossentropy(ConfigReader& reader)
      : Loss(reader, "categorical_crossentropy"),
        fromLogits_(reader.boolean("from_logits", false)),
        labelSmoothing_(reader.number("label_smoothing", 0.0, 0.0, 1.0)) {
    reader.unsupported("axis", -1);
  }
  const char* className() const override { return "CategoricalCrossentropy"; }
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return categoricalCrossentropy(yTrue, yPred, fromLogits_, labelSmoothing_);
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

std::unique_ptr<Loss> makeCategoricalCrossentropy(ConfigReader& reader) {
  return std::make_unique<CategoricalCrossentropy>(reader);
}

}  // namespace tabtrain
