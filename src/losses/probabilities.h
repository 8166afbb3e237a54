#pragma once

#include "graph/expr.h"

namespace tabtrain {

/// keras.backend.epsilon().
constexpr float kEpsilon = 1e-7f;

/// The input of the op `opName` that produced `y`, or an empty Expr. Keras goes back to the logits
/// behind a Softmax or Sigmoid, which is exact where probabilities would be clipped.
Expr inputOf(Expr y, const char* opName);

/// Logits for probabilities over the last axis, as sparse_categorical_crossentropy takes them.
Expr logitsOf(Expr probabilities);

}  // namespace tabtrain
