#include "losses/loss.h"
#include "metrics/metric.h"

/// Whether predictions are right: keras/metrics/accuracy_metrics.py, keras/utils/metrics_utils.py.
namespace tabtrain {
namespace {

/// Whether fewer than k predictions are greater than that of the class, [batch, ...]; never where a
/// prediction is not finite (tf.math.in_top_k).
Expr inTopK(Expr indices, Expr yPred, int64_t k) {
  const Expr hot = oneHot(indices, yPred.shape().back().size);
  const Expr greaterOnes = sumLast(greater(yPred, sumLast(hot * yPred, true)));
  const Expr isFinite = equal(sumLast(yPred - yPred), yPred.graph->constant(0.0f));
  const Expr limit = yPred.graph->constant(static_cast<float>(k));
  return greater(limit, greaterOnes) * isFinite * sumLast(hot);
}

}  // namespace

/// y == yPred, element by element.
Expr accuracy(Expr yTrue, Expr yPred, const Arguments&) {
  return equal(matchRank(yTrue, yPred), yPred);
}

/// y == (yPred > threshold), the mean over the last axis.
Expr binaryAccuracy(Expr yTrue, Expr yPred, const Arguments& arguments) {
  const Expr threshold = yPred.graph->constant(static_cast<float>(arguments.threshold));
  return meanLast(equal(matchRank(yTrue, yPred), greater(yPred, threshold)));
}

/// argmax(y) == argmax(yPred) over the last axis.
Expr categoricalAccuracy(Expr yTrue, Expr yPred, const Arguments&) {
  return equal(argMax(matchRank(yTrue, yPred)), argMax(yPred));
}

/// y == argmax(yPred) over the last axis.
Expr sparseCategoricalAccuracy(Expr yTrue, Expr yPred, const Arguments&) {
  return equal(classIndices(yTrue, yPred), argMax(yPred));
}

/// argmax(y) among the k greatest of yPred.
Expr topKCategoricalAccuracy(Expr yTrue, Expr yPred, const Arguments& arguments) {
  return inTopK(argMax(matchRank(yTrue, yPred)), yPred, arguments.k);
}

/// y among the k greatest of yPred.
Expr sparseTopKCategoricalAccuracy(Expr yTrue, Expr yPred, const Arguments& arguments) {
  return inTopK(classIndices(yTrue, yPred), yPred, arguments.k);
}

}  // namespace tabtrain
