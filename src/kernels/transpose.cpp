#include "kernels/transpose.h"

namespace tabtrain::kernels {

void transpose(const TransposeShape& s, const float* in, float* out) noexcept {
  int64_t index[kMaxTransposeRank] = {};
  int64_t rows = 1;
  const int last = s.rank - 1;
  for (int axis = 0; axis < last; ++axis) rows *= s.sizes[axis];
  if (s.rank == 0) *out = *in;
  for (int64_t row = 0; row < rows && s.rank > 0; ++row) {
    const float* source = in;
    for (int axis = 0; axis < last; ++axis) source += index[axis] * s.strides[axis];
    for (int64_t i = 0; i < s.sizes[last]; ++i) *out++ = source[i * s.strides[last]];
    for (int axis = last - 1; axis >= 0 && ++index[axis] == s.sizes[axis]; --axis) index[axis] = 0;
  }
}

}  // namespace tabtrain::kernels
