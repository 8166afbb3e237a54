#include "losses/loss.h"
#include "losses/probabilities.h"

/// Losses of numbers, y and yPred [batch, ..., n], over the last axis. keras/losses.py.
namespace tabtrain {

/// mean((yPred - y)^2)
Expr meanSquaredError(Expr yTrue, Expr yPred, const Arguments&) {
  return meanLast(square(yPred - matchRank(yTrue, yPred)));
}

/// mean(|yPred - y|)
Expr meanAbsoluteError(Expr yTrue, Expr yPred, const Arguments&) {
  return meanLast(absolute(yPred - matchRank(yTrue, yPred)));
}

/// 100 mean(|(y - yPred) / max(|y|, epsilon)|)
Expr meanAbsolutePercentageError(Expr yTrue, Expr yPred, const Arguments&) {
  yTrue = matchRank(yTrue, yPred);
  const Expr size = maximum(absolute(yTrue), yTrue.graph->constant(kEpsilon));
  return meanLast(absolute((yTrue - yPred) / size)) * 100.0f;
}

/// mean((log(max(yPred, epsilon) + 1) - log(max(y, epsilon) + 1))^2)
Expr meanSquaredLogarithmicError(Expr yTrue, Expr yPred, const Arguments&) {
  const auto logOf = [](Expr x) {
    return logarithm(maximum(x, x.graph->constant(kEpsilon)) + 1.0f);
  };
  return meanLast(square(logOf(yPred) - logOf(matchRank(yTrue, yPred))));
}

/// mean(e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2), e = yPred - y.
Expr huber(Expr yTrue, Expr yPred, const Arguments& arguments) {
  const Expr error = yPred - matchRank(yTrue, yPred);
  const Expr size = absolute(error);
  const Expr delta = error.graph->constant(static_cast<float>(arguments.delta));
  return meanLast(
      select(greaterEqual(delta, size), square(error) * 0.5f, delta * size - square(delta) * 0.5f));
}

/// mean(log(cosh(e))) = mean(e + softplus(-2 e) - log(2)), e = yPred - y.
Expr logCosh(Expr yTrue, Expr yPred, const Arguments&) {
  const Expr error = yPred - matchRank(yTrue, yPred);
  return meanLast(error + softplus(error * -2.0f) - 0.693147180559945f);
}

/// The sum of the products of y and yPred, each divided by its length.
Expr cosineSimilarity(Expr yTrue, Expr yPred, const Arguments&) {
  const auto normalized = [](Expr x) {
    // tf.math.l2_normalize
    return x * reciprocalSquareRoot(maximum(sumLast(square(x), true), x.graph->constant(1e-12f)));
  };
  return sumLast(normalized(matchRank(yTrue, yPred)) * normalized(yPred));
}

}  // namespace tabtrain
