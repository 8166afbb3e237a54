#include "losses/loss.h"

/// Margins, y and yPred [batch, ..., n], over the last axis. keras/losses.py.
namespace tabtrain {
namespace {

/// max(1 - y yPred, 0). Where all labels of the batch are 0 or 1, they become -1 and 1
/// (`_maybe_convert_labels`).
Expr margin(Expr yTrue, Expr yPred) {
  yTrue = matchRank(yTrue, yPred);
  const Expr zero = yTrue.graph->constant(0.0f);
  const Expr others = sumAll(1.0f - equal(yTrue * (yTrue - 1.0f), zero));
  yTrue = select(equal(others, zero), yTrue * 2.0f - 1.0f, yTrue);
  return maximum(1.0f - yTrue * yPred, zero);
}

}  // namespace

/// mean(max(1 - y yPred, 0))
Expr hinge(Expr yTrue, Expr yPred, const Arguments&) { return meanLast(margin(yTrue, yPred)); }

/// mean(max(1 - y yPred, 0)^2)
Expr squaredHinge(Expr yTrue, Expr yPred, const Arguments&) {
  return meanLast(square(margin(yTrue, yPred)));
}

/// max(max((1 - y) yPred) - sum(y yPred) + 1, 0)
Expr categoricalHinge(Expr yTrue, Expr yPred, const Arguments&) {
  yTrue = matchRank(yTrue, yPred);
  const size_t last = yPred.rank() - 1;
  const Expr negative = maxOver((1.0f - yTrue) * yPred, last, last + 1);
  return maximum(negative - sumLast(yTrue * yPred) + 1.0f, yPred.graph->constant(0.0f));
}

}  // namespace tabtrain
