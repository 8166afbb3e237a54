#pragma once

#include "losses/loss.h"

namespace tabtrain {

/// The loss of a cross-entropy with Keras's arguments `from_logits` and `label_smoothing`, which
/// the categorical and the binary one share.
class SmoothedCrossentropy : public Loss {
 public:
  using Function = Expr (*)(Expr yTrue, Expr yPred, bool fromLogits, double labelSmoothing);

  SmoothedCrossentropy(ConfigReader& reader, const char* className, const char* defaultName,
                       Function function)
      : Loss(reader, defaultName),
        className_(className),
        function_(function),
        fromLogits_(reader.boolean("from_logits", false)),
        labelSmoothing_(reader.number("label_smoothing", 0.0, 0.0, 1.0)) {
    reader.unsupported("axis", -1);
  }

  const char* className() const override { return className_; }
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return function_(yTrue, yPred, fromLogits_, labelSmoothing_);
  }

 protected:
  Json ownConfig() const override {
    return {{"from_logits", fromLogits_}, {"label_smoothing", labelSmoothing_}, {"axis", -1}};
  }

 private:
  const char* className_;
  Function function_;
  bool fromLogits_;
  double labelSmoothing_;
};

}  // namespace tabtrain
