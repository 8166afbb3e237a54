#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace tabtrain::kernels {

/// One elementwise step over `count` contiguous elements: `out[i] = f(in[0][i], in[1][i], ...)`.
/// `out` may be one of the inputs. Operations that need the position (random numbers) take
/// `begin`, the flat index of element 0; those with a parameter or a state take `context`.
struct ElementwiseArgs {
  float* out;
  const float* in[3];
  int64_t count;
  int64_t begin;
  const void* context;
};
using ElementwiseKernel = void (*)(const ElementwiseArgs&) noexcept;

// One input.
void negate(const ElementwiseArgs&) noexcept;
void absolute(const ElementwiseArgs&) noexcept;
void sign(const ElementwiseArgs&) noexcept;
void square(const ElementwiseArgs&) noexcept;
void squareRoot(const ElementwiseArgs&) noexcept;
void reciprocalSquareRoot(const ElementwiseArgs&) noexcept;
void exponential(const ElementwiseArgs&) noexcept;
void logarithm(const ElementwiseArgs&) noexcept;
void logarithm1p(const ElementwiseArgs&) noexcept;
void hyperbolicTangent(const ElementwiseArgs&) noexcept;
void sigmoid(const ElementwiseArgs&) noexcept;
void relu(const ElementwiseArgs&) noexcept;
/// Towards zero, as a cast to an integer.
void truncate(const ElementwiseArgs&) noexcept;
void roundDown(const ElementwiseArgs&) noexcept;
void errorFunction(const ElementwiseArgs&) noexcept;
/// x, and exp(x) - 1 where x < 0.
void elu(const ElementwiseArgs&) noexcept;
/// log(1 + exp(x)) without overflow.
void softplus(const ElementwiseArgs&) noexcept;
void copy(const ElementwiseArgs&) noexcept;

// Two inputs. Comparisons give 1.0 or 0.0.
void add(const ElementwiseArgs&) noexcept;
void subtract(const ElementwiseArgs&) noexcept;
void multiply(const ElementwiseArgs&) noexcept;
void divide(const ElementwiseArgs&) noexcept;
/// a / b, and 0 where b is 0 (tf.math.divide_no_nan).
void divideNoNan(const ElementwiseArgs&) noexcept;
void maximum(const ElementwiseArgs&) noexcept;
void minimum(const ElementwiseArgs&) noexcept;
void power(const ElementwiseArgs&) noexcept;
void equal(const ElementwiseArgs&) noexcept;
void greater(const ElementwiseArgs&) noexcept;
void greaterEqual(const ElementwiseArgs&) noexcept;

/// in[0] != 0 ? in[1] : in[2].
void select(const ElementwiseArgs&) noexcept;

/// How an operand lines up with the elements of a result: element `i` of the result takes element
/// `(i / repeat) % period`, plus `(i / block) * period` where `block` is not 0. Over [rows, n], a
/// bias is {1, n}, a column {n, rows}, a scalar {1, 1}; [b, 1, c] over [b, t, c] is {1, c, t * c}.
struct BroadcastPattern {
  int64_t repeat = 1;
  int64_t period = 1;
  int64_t block = 0;
};

/// Writes elements [begin, begin + count) of the broadcast operand as float32.
void expand(const void* data, DType dtype, BroadcastPattern pattern, int64_t begin, int64_t count,
            float* out) noexcept;

/// out[i] = float(data[i]).
void toFloat(const void* data, DType dtype, int64_t count, float* out) noexcept;

}  // namespace tabtrain::kernels
