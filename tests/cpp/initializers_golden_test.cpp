// Every initializer against Keras: its own values for a seed, distributions, configs:
// tests/golden/initializers.json.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/shape.h"
#include "checkpoint_fixtures.h"
#include "golden.h"
#include "initializers/initializer.h"

namespace tabtrain::testing {
namespace {

// Classes of Keras that this version does not have.
const std::set<std::string> kMissing = {"LecunUniform", "LecunNormal", "VarianceScaling"};

std::vector<float> draw(const Initializer& initializer, const std::vector<int64_t>& shape,
                        uint64_t counter) {
  std::vector<float> values(static_cast<size_t>(elementCount(shape)));
  initializer.fill(values, shape, PhiloxStream(streamKey(1, "layers/0/kernel"), counter));
  return values;
}

/// Holds for Keras's own values too: see `verify` in make_initializers.py.
void expectDistribution(const std::vector<float>& values, const Json& expected) {
  const std::string kind = expected["distribution"];
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  double mean = expected.value("mean", 0.0);
  double std = expected.value("std", expected.value("stddev", 0.0));
  if (kind == "constant") {
    EXPECT_EQ(*least, expected["value"].get<float>());
    EXPECT_EQ(*greatest, expected["value"].get<float>());
    return;
  }
  if (kind == "uniform") {
    const double low = expected["low"];
    const double high = expected["high"];
    EXPECT_GE(*least, static_cast<float>(low));
    EXPECT_LT(*greatest, static_cast<float>(high) * 1.0000001f);
    mean = (low + high) / 2;
    std = (high - low) / std::sqrt(12.0);
  } else if (kind == "truncated") {
    const double limit = 2 * expected["stddev"].get<double>() * 1.000001;
    EXPECT_LE(*greatest - mean, limit);
    EXPECT_GE(*least - mean, -limit);
  } else {
    ASSERT_EQ(kind, "normal");
  }
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const double actualMean = sum / n;
  const double actualStd = std::sqrt(squares / n - actualMean * actualMean);
  EXPECT_LT(std::abs(actualMean - mean), 5 * std / std::sqrt(n));
  EXPECT_LT(std::abs(actualStd / std - 1), 5 / std::sqrt(2 * n));
}

class InitializerGolden : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(InitializerGolden, EqualsKeras) {
  const Json& golden = GetParam().json;
  const Json& config = golden["initializer"];
  if (kMissing.contains(config["class_name"].get<std::string>())) {
    EXPECT_EQ(codeOf([&] { makeInitializer(config, "initializer"); }), ErrorCode::UnknownClass);
    return;
  }
  const auto initializer = makeInitializer(config, "initializer");
  EXPECT_EQ(initializer->toJson(), config);

  if (golden["kind"] == "values_seed_7") {
    const std::vector<double> expected =
        goldenTensor({{"shape", {16}}, {"dtype", "float32"}, {"values", golden["values"]}}).values;
    const auto values = draw(*initializer, golden["shape"], /*counter=*/0);
    const std::span<const float> start(values.data(), expected.size());
    const bool isUniform = config["class_name"].get<std::string>().ends_with("Uniform");
    // Uniform values are equal to the last bit; sines and logarithms of two libraries are not.
    expectClose(start, expected, "values", isUniform ? Tolerance{0, 0} : Tolerance{2e-6, 1e-7});
    // The seed alone decides.
    EXPECT_EQ(values, draw(*initializer, golden["shape"], /*counter=*/9));
    return;
  }
  ASSERT_EQ(golden["kind"], "distribution");
  for (const Json& expected : golden["expected"]) {
    std::vector<float> values;
    // Many draws of the same shape: the spread of the mean is small then.
    for (uint64_t counter = 0; counter < 20; ++counter) {
      const auto more = draw(*initializer, expected["shape"], counter);
      values.insert(values.end(), more.begin(), more.end());
    }
    expectDistribution(values, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Initializers, InitializerGolden,
                         ::testing::ValuesIn(goldenCases("initializers.json")), caseName);

}  // namespace
}  // namespace tabtrain::testing
