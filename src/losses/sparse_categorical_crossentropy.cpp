#include "losses/loss.h"
#include "losses/probabilities.h"

namespace tabtrain {

/// -log p[y], p the softmax of the logits: y [batch, ...] or [batch, ..., 1] class indices, yPred
/// [batch, ..., classes]; 0 where y is `ignore_class`. keras/losses.py, keras/backend.py.
Expr sparseCategoricalCrossentropy(Expr yTrue, Expr yPred, const Arguments& arguments) {
  Expr logits = logitsOf(yPred, arguments.fromLogits, "Softmax");
  if (!logits) logits = logarithm(clipProbabilities(yPred));
  Expr indices = classIndices(yTrue, yPred);
  const Expr valid = validMask(yTrue, yPred, arguments);
  if (valid) indices = indices * valid;
  const Expr loss = apply("SparseSoftmaxCrossEntropyWithLogits", {logits, indices});
  return valid ? loss * valid : loss;
}

}  // namespace tabtrain
