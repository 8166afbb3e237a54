#include "kernels/softmax.h"

#include <Eigen/Core>
#include <cmath>
#include <limits>

namespace tabtrain::kernels {
namespace {

using ConstArray = Eigen::Map<const Eigen::ArrayXf>;
using Array = Eigen::Map<Eigen::ArrayXf>;

// exp(logits - max) goes to `out`; returns its sum. NaN in, NaN out.
float shiftedExp(const ConstArray& logits, Array& out, float& maximum) {
  maximum = logits.maxCoeff<Eigen::PropagateNaN>();
  out = (logits - maximum).exp();
  return out.sum();
}

}  // namespace

void softmax(int64_t rows, int64_t classes, const float* logits, float* result) noexcept {
  for (int64_t r = 0; r < rows; ++r) {
    Array out(result + r * classes, classes);
    float maximum;
    const float sum = shiftedExp(ConstArray(logits + r * classes, classes), out, maximum);
    out *= 1.0f / sum;
  }
}

void logSoftmax(int64_t rows, int64_t classes, const float* logits, float* result) noexcept {
  for (int64_t r = 0; r < rows; ++r) {
    const ConstArray in(logits + r * classes, classes);
    Array out(result + r * classes, classes);
    float maximum;
    const float logSum = std::log(shiftedExp(in, out, maximum));
    out = in - maximum - logSum;
  }
}

void sparseSoftmaxCrossEntropy(int64_t rows, int64_t classes, const float* logits,
                               const float* labels, float* loss, float* backprop) noexcept {
  for (int64_t r = 0; r < rows; ++r) {
    const ConstArray in(logits + r * classes, classes);
    Array out(backprop + r * classes, classes);
    float maximum;
    const float sum = shiftedExp(in, out, maximum);
    out *= 1.0f / sum;
    const float label = labels[r];
    if (!(label >= 0.0f && label < static_cast<float>(classes))) {
      loss[r] = std::numeric_limits<float>::quiet_NaN();
      out.setConstant(loss[r]);
      continue;
    }
    const auto index = static_cast<int64_t>(label);
    loss[r] = std::log(sum) - (in[index] - maximum);
    out[index] -= 1.0f;
  }
}

void softmaxCrossEntropy(int64_t rows, int64_t classes, const float* logits, const float* targets,
                         float* loss, float* backprop) noexcept {
  for (int64_t r = 0; r < rows; ++r) {
    const ConstArray in(logits + r * classes, classes);
    const ConstArray target(targets + r * classes, classes);
    Array out(backprop + r * classes, classes);
    float maximum;
    const float sum = shiftedExp(in, out, maximum);
    const float logSum = std::log(sum);
    loss[r] = (target * (logSum - (in - maximum))).sum();
    out = out * (1.0f / sum) - target;
  }
}

}  // namespace tabtrain::kernels
