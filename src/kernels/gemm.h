#pragma once

#include <cstddef>
#include <cstdint>

namespace tabtrain::kernels {

/// C[m, n] = op(A) op(B), all row-major float32; op(X) is X or its transpose.
struct GemmShape {
  bool transposeA = false;
  bool transposeB = false;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
};

/// A matrix and the distance between its rows, in elements.
struct ConstMatrix {
  const float* data;
  int64_t stride;
};

/// The floats of workspace that `gemm` needs for shapes up to `largest`: it allocates nothing
/// itself.
size_t gemmWorkspace(const GemmShape& largest);

/// Overwrites C. A is [m, k] ([k, m] if transposed), B [k, n] ([n, k]). The work is cut into blocks
/// for `largest`, none of whose extents `shape` exceeds, so that a part of the rows or of the batch
/// fits the same workspace and sums in the same order.
void gemm(const GemmShape& shape, const GemmShape& largest, ConstMatrix a, ConstMatrix b, float* c,
          int64_t strideC, float* workspace) noexcept;

}  // namespace tabtrain::kernels
