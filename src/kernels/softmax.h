#pragma once

#include <cstdint>

namespace tabtrain::kernels {

/// Rows of [rows, classes], each on its own and with its maximum subtracted first.
void softmax(int64_t rows, int64_t classes, const float* logits, float* out) noexcept;
void logSoftmax(int64_t rows, int64_t classes, const float* logits, float* out) noexcept;

/// loss[r] = logsumexp(logits[r]) - logits[r, label[r]]; backprop = softmax - onehot(label).
/// TensorFlow's SparseSoftmaxCrossEntropyWithLogits. A label outside [0, classes) gives NaN.
void sparseSoftmaxCrossEntropy(int64_t rows, int64_t classes, const float* logits,
                               const float* labels, float* loss, float* backprop) noexcept;

/// loss[r] = -sum_c target[r, c] * logsoftmax(logits[r])[c]; backprop = softmax * sum(target) -
/// target, where TensorFlow assumes that the targets of a row sum to 1.
void softmaxCrossEntropy(int64_t rows, int64_t classes, const float* logits, const float* targets,
                         float* loss, float* backprop) noexcept;

}  // namespace tabtrain::kernels
