#pragma once

#include <cstddef>
#include <cstdint>

namespace tabtrain::kernels {

constexpr size_t kMaxTransposeRank = 8;

/// The extents of the result, and how far apart neighbours along each are in the input.
struct TransposeShape {
  int rank = 0;
  int64_t sizes[kMaxTransposeRank];
  int64_t strides[kMaxTransposeRank];
};

/// out = in with its axes in another order.
void transpose(const TransposeShape& shape, const float* in, float* out) noexcept;

}  // namespace tabtrain::kernels
