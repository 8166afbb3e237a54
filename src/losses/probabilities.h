#pragma once

#include "graph/expr.h"

namespace tabtrain {

/// keras.backend.epsilon().
constexpr float kEpsilon = 1e-7f;

/// x within [epsilon, 1 - epsilon].
Expr clipProbabilities(Expr x);

/// The logits of predictions that are `fromLogits`, or of the op `activation` ("Softmax"): Keras
/// goes back behind it, also where predictions are said to be logits, which is exact where
/// probabilities would be clipped. An empty Expr for probabilities from elsewhere.
Expr logitsOf(Expr yPred, bool fromLogits, const char* activation);

/// y (1 - smoothing) + uniform * smoothing.
Expr smoothLabels(Expr yTrue, double smoothing, double uniform);

}  // namespace tabtrain
