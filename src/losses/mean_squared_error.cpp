#include "losses/loss.h"

namespace tabtrain {

Expr meanSquaredError(Expr yTrue, Expr yPred) {
  return meanLast(square(yPred - matchRank(yTrue, yPred)));
}

namespace {

/// mean((y - yPred)^2) over the last axis. keras/losses.py.
class MeanSquaredError : public Loss {
 public:
  explicit MeanSquaredError(ConfigReader& reader) : Loss(reader, "mean_squared_error") {}
  const char* className() const override { return "MeanSquaredError"; }
  Expr perSample(Expr yTrue, Expr yPred) const override { return meanSquaredError(yTrue, yPred); }
};

}  // namespace

std::unique_ptr<Loss> makeMeanSquaredError(ConfigReader& reader) {
  return std::make_unique<MeanSquaredError>(reader);
}

}  // namespace tabtrain
