#include "kernels/reduce.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace tabtrain::kernels {
namespace {

using ConstArray = Eigen::Map<const Eigen::ArrayXf>;
using Array = Eigen::Map<Eigen::ArrayXf>;

}  // namespace

void reduceSum(const ReduceShape& s, const float* in, float* out) noexcept {
  if (s.inner == 1) {
    for (int64_t o = 0; o < s.outer; ++o) {
      out[o] = s.reduced == 0 ? 0.0f : ConstArray(in + o * s.reduced, s.reduced).sum();
    }
    return;
  }
  for (int64_t o = 0; o < s.outer; ++o) {
    Array row(out + o * s.inner, s.inner);
    row.setZero();
    for (int64_t r = 0; r < s.reduced; ++r) {
      row += ConstArray(in + (o * s.reduced + r) * s.inner, s.inner);
    }
  }
}

void reduceMax(const ReduceShape& s, const float* in, float* out) noexcept {
  for (int64_t o = 0; o < s.outer; ++o) {
    for (int64_t i = 0; i < s.inner; ++i) {
      const float* column = in + o * s.reduced * s.inner + i;
      float best = column[0];
      for (int64_t r = 1; r < s.reduced; ++r) {
        const float value = column[r * s.inner];
        if (value > best || std::isnan(value)) best = value;
      }
      out[o * s.inner + i] = best;
    }
  }
}

void argMax(const ReduceShape& s, const float* in, int32_t* out) noexcept {
  for (int64_t o = 0; o < s.outer; ++o) {
    for (int64_t i = 0; i < s.inner; ++i) {
      const float* column = in + o * s.reduced * s.inner + i;
      int64_t best = 0;
      for (int64_t r = 1; r < s.reduced; ++r) {
        if (column[r * s.inner] > column[best * s.inner]) best = r;
      }
      out[o * s.inner + i] = static_cast<int32_t>(best);
    }
  }
}

}  // namespace tabtrain::kernels
