#include "kernels/elementwise.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstring>

namespace tabtrain::kernels {
namespace {

using ConstArray = Eigen::Map<const Eigen::ArrayXf>;
using Array = Eigen::Map<Eigen::ArrayXf>;

Array out(const ElementwiseArgs& a) { return Array(a.out, a.count); }
template <int kIndex>
ConstArray in(const ElementwiseArgs& a) {
  return ConstArray(a.in[kIndex], a.count);
}

template <typename T>
void convert(const void* data, int64_t count, float* result) {
  const T* source = static_cast<const T*>(data);
  for (int64_t i = 0; i < count; ++i) result[i] = static_cast<float>(source[i]);
}

template <typename T>
float loadOne(const void* data, int64_t index) {
  return static_cast<float>(static_cast<const T*>(data)[index]);
}

float load(const void* data, DType dtype, int64_t index) {
  switch (dtype) {
    case DType::Float32:
      return loadOne<float>(data, index);
    case DType::Float64:
      return loadOne<double>(data, index);
    case DType::Int32:
      return loadOne<int32_t>(data, index);
    case DType::Int64:
      return loadOne<int64_t>(data, index);
    case DType::Uint8:
    case DType::Bool:
      return loadOne<uint8_t>(data, index);
  }
  return 0;
}

}  // namespace

void negate(const ElementwiseArgs& a) noexcept { out(a) = -in<0>(a); }
void absolute(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).abs(); }
void sign(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).sign(); }
void square(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).square(); }
void squareRoot(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).sqrt(); }
void reciprocalSquareRoot(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).sqrt().inverse(); }
void exponential(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).exp(); }
void logarithm(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).log(); }
void logarithm1p(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).log1p(); }
void hyperbolicTangent(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).tanh(); }
void sigmoid(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a).logistic(); }

void errorFunction(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) a.out[i] = std::erf(a.in[0][i]);
}
void elu(const ElementwiseArgs& a) noexcept {
  out(a) = (in<0>(a) < 0.0f).select(in<0>(a).expm1(), in<0>(a));
}
void softplus(const ElementwiseArgs& a) noexcept {
  out(a) = in<0>(a).max(0.0f) + (-in<0>(a).abs()).exp().log1p();
}

// A NaN must stay visible: max(NaN, 0) may be either in SIMD, so the comparison decides.
void relu(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) a.out[i] = a.in[0][i] < 0.0f ? 0.0f : a.in[0][i];
}

void truncate(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) a.out[i] = std::trunc(a.in[0][i]);
}

void roundDown(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) a.out[i] = std::floor(a.in[0][i]);
}

void copy(const ElementwiseArgs& a) noexcept {
  if (a.out != a.in[0]) std::memmove(a.out, a.in[0], static_cast<size_t>(a.count) * sizeof(float));
}

void add(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a) + in<1>(a); }
void subtract(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a) - in<1>(a); }
void multiply(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a) * in<1>(a); }
void divide(const ElementwiseArgs& a) noexcept { out(a) = in<0>(a) / in<1>(a); }
void divideNoNan(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) {
    a.out[i] = a.in[1][i] == 0.0f ? 0.0f : a.in[0][i] / a.in[1][i];
  }
}
// A NaN on either side wins.
void maximum(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) {
    const float x = a.in[0][i];
    a.out[i] = x > a.in[1][i] || x != x ? x : a.in[1][i];
  }
}
void minimum(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) {
    const float x = a.in[0][i];
    a.out[i] = x < a.in[1][i] || x != x ? x : a.in[1][i];
  }
}
void power(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) a.out[i] = std::pow(a.in[0][i], a.in[1][i]);
}
void equal(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) a.out[i] = a.in[0][i] == a.in[1][i] ? 1.0f : 0.0f;
}
void greater(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) a.out[i] = a.in[0][i] > a.in[1][i] ? 1.0f : 0.0f;
}
void greaterEqual(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) a.out[i] = a.in[0][i] >= a.in[1][i] ? 1.0f : 0.0f;
}
void select(const ElementwiseArgs& a) noexcept {
  for (int64_t i = 0; i < a.count; ++i) a.out[i] = a.in[0][i] != 0.0f ? a.in[1][i] : a.in[2][i];
}

void toFloat(const void* data, DType dtype, int64_t count, float* result) noexcept {
  switch (dtype) {
    case DType::Float32:
      std::memmove(result, data, static_cast<size_t>(count) * sizeof(float));
      return;
    case DType::Float64:
      return convert<double>(data, count, result);
    case DType::Int32:
      return convert<int32_t>(data, count, result);
    case DType::Int64:
      return convert<int64_t>(data, count, result);
    case DType::Uint8:
    case DType::Bool:
      return convert<uint8_t>(data, count, result);
  }
}

void expand(const void* data, DType dtype, BroadcastPattern pattern, int64_t begin, int64_t count,
            float* result) noexcept {
  int64_t done = 0;
  while (done < count) {
    const int64_t position = begin + done;
    const int64_t base = pattern.block == 0 ? 0 : position / pattern.block * pattern.period;
    const int64_t index = position / pattern.repeat % pattern.period;
    const bool isRun = pattern.repeat == 1 && pattern.period > 1;
    // The elements until the pattern takes its next step: a stretch of equal or of successive ones.
    int64_t run = isRun ? pattern.period - index : pattern.repeat - position % pattern.repeat;
    if (pattern.period == 1)
      run = pattern.block == 0 ? count : pattern.block - position % pattern.block;
    run = std::min(run, count - done);
    if (isRun) {
      toFloat(
          static_cast<const std::byte*>(data) + static_cast<size_t>(base + index) * itemSize(dtype),
          dtype, run, result + done);
    } else {
      std::fill_n(result + done, run, load(data, dtype, base + index));
    }
    done += run;
  }
}

}  // namespace tabtrain::kernels
