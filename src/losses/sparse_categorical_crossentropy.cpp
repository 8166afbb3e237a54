#include "losses/loss.h"
#include "losses/probabilities.h"

namespace tabtrain {

Expr sparseCategoricalCrossentropy(Expr yTrue, Expr yPred, bool fromLogits) {
  const Expr logits = fromLogits ? yPred : logitsOf(yPred);
  return apply("SparseSoftmaxCrossEntropyWithLogits", {logits, classIndices(yTrue, yPred)});
}

namespace {

/// -log p[y], p the softmax of the logits: y [batch, ...] or [batch, ..., 1] class indices, yPred
/// [batch, ..., classes]. keras/losses.py.
class SparseCategoricalCrossentropy : public Loss {
 public:
  explicit SparseCategoricalCrossentropy(ConfigReader& reader)
      : Loss(reader, "sparse_categorical_crossentropy"),
        fromLogits_(reader.boolean("from_logits", false)) {
    reader.unsupported("ignore_class");
  }
  const char* className() const override { return "SparseCategoricalCrossentropy"; }
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return sparseCategoricalCrossentropy(yTrue, yPred, fromLogits_);
  }
  std::optional<int64_t> classes(const Shape& prediction) const override {
    return prediction.back().size;
  }

 protected:
  Json ownConfig() const override { return {{"from_logits", fromLogits_}}; }

 private:
  bool fromLogits_;
};

}  // namespace

std::unique_ptr<Loss> makeSparseCategoricalCrossentropy(ConfigReader& reader) {
  return std::make_unique<SparseCategoricalCrossentropy>(reader);
}

}  // namespace tabtrain
