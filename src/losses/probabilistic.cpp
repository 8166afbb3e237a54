#include "losses/loss.h"
#include "losses/probabilities.h"

/// y and yPred [batch, ..., n], over the last axis. keras/losses.py.
namespace tabtrain {

/// mean(yPred - y log(yPred + epsilon))
Expr poisson(Expr yTrue, Expr yPred, const Arguments&) {
  return meanLast(yPred - matchRank(yTrue, yPred) * logarithm(yPred + kEpsilon));
}

/// sum(y log(y / yPred)), both within [epsilon, 1].
Expr klDivergence(Expr yTrue, Expr yPred, const Arguments&) {
  yTrue = clip(matchRank(yTrue, yPred), kEpsilon, 1.0f);
  return sumLast(yTrue * logarithm(yTrue / clip(yPred, kEpsilon, 1.0f)));
}

}  // namespace tabtrain
