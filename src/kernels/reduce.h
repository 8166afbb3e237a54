#pragma once

#include <cstdint>

namespace tabtrain::kernels {

/// A reduction over the middle of [outer, reduced, inner].
struct ReduceShape {
  int64_t outer = 1;
  int64_t reduced = 1;
  int64_t inner = 1;
};

/// out[o, i] = sum over r of in[o, r, i].
void reduceSum(const ReduceShape& shape, const float* in, float* out) noexcept;
/// out[o, i] = max over r of in[o, r, i]; NaN where one is NaN.
void reduceMax(const ReduceShape& shape, const float* in, float* out) noexcept;
/// out[o, i] = the first r with the greatest in[o, r, i].
void argMax(const ReduceShape& shape, const float* in, int32_t* out) noexcept;

}  // namespace tabtrain::kernels
