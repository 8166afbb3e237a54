// The matrix product against three loops, in shapes that do not fill the registers.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "kernels/gemm.h"

namespace tabtrain::kernels {
namespace {

constexpr float kGuard = 12345.0f;
constexpr int64_t kPadding = 5;  // elements behind each row

/// Rows of random values, and a guard behind each.
struct Matrix {
  int64_t rows, columns, stride;
  std::vector<float> data;

  Matrix(int64_t rows, int64_t columns, int64_t padding, uint32_t seed)
      : rows(rows),
        columns(columns),
        stride(columns + padding),
        data(static_cast<size_t>(rows * stride), kGuard) {
    std::mt19937 random(seed);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c)
        at(r, c) = static_cast<float>(random() % 2001) / 1000 - 1;
    }
  }
  float& at(int64_t r, int64_t c) { return data[static_cast<size_t>(r * stride + c)]; }
};

/// C[m, n] = op(A) op(B), summed in double.
double reference(const GemmShape& shape, Matrix& a, Matrix& b, int64_t row, int64_t column) {
  double sum = 0;
  for (int64_t i = 0; i < shape.k; ++i) {
    const float x = shape.transposeA ? a.at(i, row) : a.at(row, i);
    const float y = shape.transposeB ? b.at(column, i) : b.at(i, column);
    sum += static_cast<double>(x) * static_cast<double>(y);
  }
  return sum;
}

/// Runs `shape` in a workspace for `largest` and checks C, its padding and the workspace's end.
void check(const GemmShape& shape, const GemmShape& largest, int64_t padding) {
  SCOPED_TRACE(::testing::Message()
               << shape.m << "x" << shape.n << "x" << shape.k << (shape.transposeA ? " A'" : "")
               << (shape.transposeB ? " B'" : "") << " planned for " << largest.m << "x"
               << largest.n << "x" << largest.k);
  Matrix a = shape.transposeA ? Matrix(shape.k, shape.m, padding, 1)
                              : Matrix(shape.m, shape.k, padding, 1);
  Matrix b = shape.transposeB ? Matrix(shape.n, shape.k, padding, 2)
                              : Matrix(shape.k, shape.n, padding, 2);
  Matrix c(shape.m, shape.n, padding, 3);
  const size_t needed = gemmWorkspace(largest);
  std::vector<float> workspace(needed + 4096, kGuard);
  gemm(shape, largest, {a.data.data(), a.stride}, {b.data.data(), b.stride}, c.data.data(),
       c.stride, workspace.data());

  for (int64_t row = 0; row < shape.m; ++row) {
    for (int64_t column = 0; column < shape.n; ++column) {
      const double expected = reference(shape, a, b, row, column);
      ASSERT_NEAR(c.at(row, column), expected, 1e-6 * static_cast<double>(shape.k) + 1e-7)
          << row << ", " << column;
    }
    for (int64_t i = shape.n; i < c.stride; ++i) ASSERT_EQ(c.at(row, i), kGuard) << "padding";
  }
  for (size_t i = needed; i < workspace.size(); ++i) ASSERT_EQ(workspace[i], kGuard) << "workspace";
}

TEST(Gemm, EqualsThreeLoops) {
  const int64_t sizes[] = {1, 2, 3, 7, 8, 17, 33};
  for (int64_t m : sizes) {
    for (int64_t n : sizes) {
      for (int64_t k : sizes) {
        for (int transposes = 0; transposes < 4; ++transposes) {
          const GemmShape shape{(transposes & 1) != 0, (transposes & 2) != 0, m, n, k};
          check(shape, shape, 0);
          check(shape, shape, kPadding);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(Gemm, EqualsThreeLoopsInLargeShapes) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    const bool ta = (transposes & 1) != 0;
    const bool tb = (transposes & 2) != 0;
    for (const GemmShape& shape : {GemmShape{ta, tb, 32, 128, 784}, GemmShape{ta, tb, 301, 65, 33},
                                   GemmShape{ta, tb, 5, 3, 2000}, GemmShape{ta, tb, 130, 700, 9}}) {
      check(shape, shape, 0);
      if (HasFatalFailure()) return;
    }
  }
}

// A tile of rows, or a batch that is not full, runs in the workspace of the whole.
TEST(Gemm, StaysInsideTheWorkspaceOfALargerShape) {
  const GemmShape largest{true, false, 784, 64, 32};
  for (int64_t m : {1, 16, 272, 512, 783, 784}) {
    for (int64_t k : {1, 12, 31, 32}) {
      check({true, false, m, 64, k}, largest, 0);
      if (HasFatalFailure()) return;
    }
  }
  const GemmShape forward{false, false, 128, 512, 784};
  for (int64_t m : {1, 7, 96, 127}) {
    check({false, false, m, 512, 784}, forward, 0);
    if (HasFatalFailure()) return;
  }
}

TEST(Gemm, GivesZerosForAnEmptySum) {
  std::vector<float> c(6, kGuard);
  const GemmShape shape{false, false, 2, 3, 0};
  std::vector<float> workspace(gemmWorkspace(shape) + 1);
  gemm(shape, shape, {c.data(), 0}, {c.data(), 3}, c.data(), 3, workspace.data());
  EXPECT_EQ(c, std::vector<float>(6, 0.0f));
}

TEST(Gemm, KeepsNaNVisible) {
  Matrix a(3, 4, 0, 1);
  Matrix b(4, 5, 0, 2);
  a.at(1, 2) = std::numeric_limits<float>::quiet_NaN();
  Matrix c(3, 5, 0, 3);
  const GemmShape shape{false, false, 3, 5, 4};
  std::vector<float> workspace(gemmWorkspace(shape));
  gemm(shape, shape, {a.data.data(), 4}, {b.data.data(), 5}, c.data.data(), 5, workspace.data());
  for (int64_t column = 0; column < 5; ++column) {
    EXPECT_EQ(c.at(0, column), c.at(0, column));
    EXPECT_NE(c.at(1, column), c.at(1, column));
  }
}

}  // namespace
}  // namespace tabtrain::kernels
