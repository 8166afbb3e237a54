// Elementwise kernels against the function of one element, and broadcasting against index
// arithmetic.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/elementwise.h"

namespace tabtrain::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct UnaryCase {
  const char* name;
  ElementwiseKernel kernel;
  double (*function)(double);
  float low, high;
};

struct BinaryCase {
  const char* name;
  ElementwiseKernel kernel;
  double (*function)(double, double);
};

/// Values over [low, high], more than a SIMD unit's, not a multiple of one.
std::vector<float> spread(float low, float high) {
  std::vector<float> values;
  for (int i = 0; i < 1003; ++i)
    values.push_back(low + (high - low) * static_cast<float>(i) / 1002);
  return values;
}

/// Runs a kernel over copies of the inputs that are followed by guards, out of place and in place.
std::vector<float> run(ElementwiseKernel kernel, const std::vector<std::vector<float>>& inputs) {
  const size_t count = inputs[0].size();
  std::vector<float> out(count + 3, 77.0f);
  ElementwiseArgs args{};
  args.out = out.data();
  for (size_t i = 0; i < inputs.size(); ++i) args.in[i] = inputs[i].data();
  args.count = static_cast<int64_t>(count);
  kernel(args);
  for (size_t i = count; i < out.size(); ++i) EXPECT_EQ(out[i], 77.0f) << "wrote behind the end";
  out.resize(count);

  std::vector<float> inPlace = inputs[0];
  args.in[0] = inPlace.data();
  args.out = inPlace.data();
  kernel(args);
  EXPECT_EQ(std::memcmp(inPlace.data(), out.data(), count * sizeof(float)), 0) << "in place";
  return out;
}

bool same(float actual, double expected) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  return std::abs(actual - expected) <= 4e-7 * std::abs(expected) + 1e-37;
}

const UnaryCase kUnary[] = {
    {"negate", negate, [](double x) { return -x; }, -5, 5},
    {"absolute", absolute, [](double x) { return std::abs(x); }, -5, 5},
    {"sign", sign, [](double x) { return x > 0   ? 1.0
                                         : x < 0 ? -1.0
                                                 : 0.0; }, -5, 5},
    {"square", square, [](double x) { return x * x; }, -5, 5},
    {"squareRoot", squareRoot, [](double x) { return std::sqrt(x); }, 0, 90},
    {"reciprocalSquareRoot", reciprocalSquareRoot, [](double x) { return 1 / std::sqrt(x); }, 1e-3f,
     90},
    {"exponential", exponential, [](double x) { return std::exp(x); }, -80, 80},
    {"logarithm", logarithm, [](double x) { return std::log(x); }, 1e-7f, 0.9f},
    {"logarithm", logarithm, [](double x) { return std::log(x); }, 1.1f, 1e6f},
    {"logarithm1p", logarithm1p, [](double x) { return std::log1p(x); }, 0, 1},
    {"logarithm1p", logarithm1p, [](double x) { return std::log1p(x); }, 1e-6f, 1e-4f},
    {"hyperbolicTangent", hyperbolicTangent, [](double x) { return std::tanh(x); }, -12, 12},
    {"sigmoid", sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -40, 40},
    {"relu", relu, [](double x) { return x < 0 ? 0.0 : x; }, -5, 5},
    {"copy", copy, [](double x) { return x; }, -5, 5},
};

TEST(ElementwiseKernels, OfOneInputEqualTheirFunctions) {
  for (const UnaryCase& c : kUnary) {
    const std::vector<float> in = spread(c.low, c.high);
    const std::vector<float> out = run(c.kernel, {in});
    for (size_t i = 0; i < in.size(); ++i) {
      ASSERT_TRUE(same(out[i], c.function(in[i]))) << c.name << "(" << in[i] << ") = " << out[i];
    }
  }
}

TEST(ElementwiseKernels, KeepNaNAndLimits) {
  for (const UnaryCase& c : kUnary) {
    EXPECT_TRUE(std::isnan(run(c.kernel, {std::vector<float>(9, kNaN)})[8])) << c.name;
  }
  EXPECT_EQ(run(exponential, {{kInfinity, -kInfinity, 0.0f, 200.0f, -200.0f}}),
            (std::vector<float>{kInfinity, 0.0f, 1.0f, kInfinity, 0.0f}));
  EXPECT_EQ(run(logarithm, {{0.0f, 1.0f, kInfinity}}),
            (std::vector<float>{-kInfinity, 0.0f, kInfinity}));
  EXPECT_TRUE(std::isnan(run(logarithm, {{-1.0f}})[0]));
  EXPECT_TRUE(std::isnan(run(squareRoot, {{-1.0f}})[0]));
  EXPECT_EQ(run(sigmoid, {{kInfinity, -kInfinity}}), (std::vector<float>{1.0f, 0.0f}));
  EXPECT_EQ(run(hyperbolicTangent, {{kInfinity, -kInfinity}}), (std::vector<float>{1.0f, -1.0f}));
  EXPECT_EQ(run(reciprocalSquareRoot, {{0.0f, kInfinity}}), (std::vector<float>{kInfinity, 0.0f}));
}

const BinaryCase kBinary[] = {
    {"add", add, [](double a, double b) { return a + b; }},
    {"subtract", subtract, [](double a, double b) { return a - b; }},
    {"multiply", multiply, [](double a, double b) { return a * b; }},
    {"divide", divide, [](double a, double b) { return a / b; }},
    {"divideNoNan", divideNoNan, [](double a, double b) { return b == 0 ? 0 : a / b; }},
    {"maximum", maximum,
     [](double a, double b) { return std::isnan(a)            ? a
                                     : std::isnan(b) || b > a ? b
                                                              : a; }},
    {"minimum", minimum,
     [](double a, double b) { return std::isnan(a)            ? a
                                     : std::isnan(b) || b < a ? b
                                                              : a; }},
    {"power", power, [](double a, double b) { return std::pow(a, b); }},
    {"equal", equal, [](double a, double b) { return a == b ? 1.0 : 0.0; }},
    {"greater", greater, [](double a, double b) { return a > b ? 1.0 : 0.0; }},
    {"greaterEqual", greaterEqual, [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
};

TEST(ElementwiseKernels, OfTwoInputsEqualTheirFunctions) {
  const std::vector<float> values = {0.0f, -0.0f, 1.0f,   -1.0f,     0.5f,       -2.5f,
                                     3.0f, 1e10f, 1e-10f, kInfinity, -kInfinity, kNaN};
  std::vector<float> a;
  std::vector<float> b;
  for (float x : values) {
    for (float y : values) {
      a.push_back(x);
      b.push_back(y);
    }
  }
  for (const BinaryCase& c : kBinary) {
    const std::vector<float> out = run(c.kernel, {a, b});
    for (size_t i = 0; i < a.size(); ++i) {
      // What float32 cannot hold becomes infinite or 0 there.
      const double expected = static_cast<float>(c.function(a[i], b[i]));
      EXPECT_TRUE(same(out[i], expected))
          << c.name << "(" << a[i] << ", " << b[i] << ") = " << out[i] << ", not " << expected;
    }
  }
}

TEST(ElementwiseKernels, SelectTakesTheSecondWhereTheFirstIsNotZero) {
  EXPECT_EQ(run(select, {{1.0f, 0.0f, -2.0f, -0.0f}, {1, 2, 3, 4}, {5, 6, 7, 8}}),
            (std::vector<float>{1, 6, 3, 8}));
}

template <typename T>
std::vector<float> converted(DType dtype, const std::vector<T>& values) {
  std::vector<float> out(values.size());
  toFloat(values.data(), dtype, static_cast<int64_t>(values.size()), out.data());
  return out;
}

TEST(ElementwiseKernels, ToFloatReadsEveryDtype) {
  EXPECT_EQ(converted<float>(DType::Float32, {0.1f, -2}), (std::vector<float>{0.1f, -2}));
  EXPECT_EQ(converted<double>(DType::Float64, {0.1, -2}), (std::vector<float>{0.1f, -2}));
  EXPECT_EQ(converted<int32_t>(DType::Int32, {-7, 1 << 20}), (std::vector<float>{-7, 1048576}));
  EXPECT_EQ(converted<int64_t>(DType::Int64, {-7, int64_t{1} << 40}),
            (std::vector<float>{-7, 1099511627776.0f}));
  EXPECT_EQ(converted<uint8_t>(DType::Uint8, {0, 255}), (std::vector<float>{0, 255}));
  EXPECT_EQ(converted<uint8_t>(DType::Bool, {0, 1}), (std::vector<float>{0, 1}));
}

// Element i takes element (i / repeat) % period, plus (i / block) * period.
void checkExpand(BroadcastPattern pattern, int64_t elements) {
  std::vector<int32_t> source;
  for (int i = 0; i < 200; ++i) source.push_back(i * 3 + 1);
  for (int64_t begin = 0; begin < elements; begin += 5) {
    for (int64_t count : {int64_t{1}, int64_t{4}, elements - begin}) {
      if (begin + count > elements) continue;
      std::vector<float> out(static_cast<size_t>(count) + 1, -1.0f);
      expand(source.data(), DType::Int32, pattern, begin, count, out.data());
      for (int64_t i = 0; i < count; ++i) {
        const int64_t position = begin + i;
        int64_t index = position / pattern.repeat % pattern.period;
        if (pattern.block != 0) index += position / pattern.block * pattern.period;
        ASSERT_EQ(out[static_cast<size_t>(i)],
                  static_cast<float>(source[static_cast<size_t>(index)]))
            << pattern.repeat << "/" << pattern.period << "/" << pattern.block << " at "
            << position;
      }
      ASSERT_EQ(out.back(), -1.0f) << "wrote behind the end";
    }
  }
}

TEST(ElementwiseKernels, ExpandFollowsThePattern) {
  for (int64_t repeat : {1, 2, 7}) {
    for (int64_t period : {1, 3, 10}) {
      checkExpand({repeat, period, 0}, 60);
      for (int64_t times : {1, 2, 4}) checkExpand({repeat, period, repeat * period * times}, 60);
    }
  }
}

}  // namespace
}  // namespace tabtrain::kernels
