#include "kernels/gemm.h"

#include <Eigen/Core>
#include <algorithm>

namespace tabtrain::kernels {
namespace {

using Index = Eigen::Index;

// Eigen's product allocates its packing buffers unless it is handed some. This is the smallest
// class that its product kernel takes for that.
class Blocking : public Eigen::internal::level3_blocking<float, float> {
 public:
  explicit Blocking(const GemmShape& largest) {
    // Eigen computes C^T = B^T A^T in column-major order, so the roles of rows and columns swap.
    m_mc = largest.n;
    m_nc = largest.m;
    m_kc = largest.k;
    Eigen::internal::computeProductBlockingSizes<float, float>(m_kc, m_mc, m_nc, Index{1});
  }
  size_t sizeA() const { return round(static_cast<size_t>(m_mc * m_kc)); }
  size_t sizeB() const { return round(static_cast<size_t>(m_kc * m_nc)); }
  /// Eigen's own sizes for a smaller shape may be larger in one extent.
  void use(float* workspace, const GemmShape& shape) {
    m_blockA = workspace;
    m_blockB = workspace + sizeA();
    m_mc = std::min<Index>(m_mc, shape.n);
    m_nc = std::min<Index>(m_nc, shape.m);
    m_kc = std::min<Index>(m_kc, shape.k);
  }

 private:
  // Keeps the second buffer on a cache line.
  static size_t round(size_t floats) { return (floats + 15) / 16 * 16; }
};

template <int kOrderA, int kOrderB>
void run(const GemmShape& shape, ConstMatrix a, ConstMatrix b, float* c, int64_t strideC,
         Blocking& blocking) {
  Eigen::internal::general_matrix_matrix_product<Index, float, kOrderB, false, float, kOrderA,
                                                 false, Eigen::ColMajor, 1>::run(shape.n, shape.m,
                                                                                 shape.k, b.data,
                                                                                 b.stride, a.data,
                                                                                 a.stride, c, 1,
                                                                                 strideC, 1.0f,
                                                                                 blocking, nullptr);
}

}  // namespace

size_t gemmWorkspace(const GemmShape& largest) {
  const Blocking blocking(largest);
  return blocking.sizeA() + blocking.sizeB();
}

void gemm(const GemmShape& shape, const GemmShape& largest, ConstMatrix a, ConstMatrix b, float* c,
          int64_t strideC, float* workspace) noexcept {
  for (int64_t row = 0; row < shape.m; ++row) std::fill_n(c + row * strideC, shape.n, 0.0f);
  if (shape.m == 0 || shape.n == 0 || shape.k == 0) return;
  Blocking blocking(largest);
  blocking.use(workspace, shape);
  // A row-major matrix is its transpose in column-major order.
  constexpr int kPlain = Eigen::ColMajor;
  constexpr int kTransposed = Eigen::RowMajor;
  if (shape.transposeA) {
    shape.transposeB ? run<kTransposed, kTransposed>(shape, a, b, c, strideC, blocking)
                     : run<kTransposed, kPlain>(shape, a, b, c, strideC, blocking);
  } else {
    shape.transposeB ? run<kPlain, kTransposed>(shape, a, b, c, strideC, blocking)
                     : run<kPlain, kPlain>(shape, a, b, c, strideC, blocking);
  }
}

}  // namespace tabtrain::kernels
