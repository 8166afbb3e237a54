#include "checkpoint/widen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

using testing::toFloats;

template <typename Number>
std::vector<float> widened(TensorflowDType dtype, const std::vector<Number>& numbers) {
  Bytes bytes(numbers.size() * sizeof(Number));
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return toFloats(toFloat32(dtype, bytes));
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(CheckpointWiden, TakesEachHalfAsTheNumberThatItIs) {
  const std::vector<uint16_t> halves = {0x3c00, 0xc000, 0x0001, 0x8000, 0x7bff, 0x7c00};
  const std::vector<float> expected = {1, -2, std::ldexp(1.0f, -24), -0.0f, 65504, kInfinity};
  EXPECT_EQ(widened(TensorflowDType::Half, halves), expected);
  EXPECT_TRUE(std::isnan(widened<uint16_t>(TensorflowDType::Half, {0x7e00})[0]));
}

TEST(CheckpointWiden, TakesBfloat16AsTheUpperHalfOfAFloat) {
  const std::vector<uint16_t> stored = {0x3f80, 0xc000, 0x0001, 0xff80};
  const std::vector<float> expected = {1, -2, std::ldexp(1.0f, -133), -kInfinity};
  EXPECT_EQ(widened(TensorflowDType::Bfloat16, stored), expected);
}

TEST(CheckpointWiden, RoundsDoubles) {
  const std::vector<double> stored = {1.0 / 3, -0.0, 1e-300, 1e300};
  const std::vector<float> expected = {1.0f / 3, -0.0f, 0, kInfinity};
  EXPECT_EQ(widened(TensorflowDType::Double, stored), expected);
}

}  // namespace
}  // namespace tabtrain
