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

std::vector<float> draw(const Initializer& initializer, const std::vector<int64_t>& shape,
                        uint64_t counter) {
  std::vector<float> values(static_cast<size_t>(elementCount(shape)));
  initializer.fill(values, shape, PhiloxStream(streamKey(1, "layers/0/kernel"), counter));
  return values;
}

/// Holds for Keras's own values too: see `verify` in make_initializers.py.
void expectDistribution(const std::vector<float>& values, const Json& expected) {
  const std::string kind = expected["distribution"].get<std::string>();
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  double mean = expected.value("mean", 0.0);
  double std = expected.value("std", expected.value("stddev", 0.0));
  if (kind == "constant") {
    EXPECT_EQ(*least, expected["value"].get<float>());
    EXPECT_EQ(*greatest, expected["value"].get<float>());
    return;
  }
  if (kind == "uniform") {
    const double low = expected["low"].get<double>();
    const double high = expected["high"].get<double>();
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
  const auto initializer = makeInitializer(config, "initializer");
  EXPECT_EQ(initializer->toJson(), config);

  if (golden["kind"] == "values_seed_7") {
    const std::vector<double> expected =
        goldenTensor({{"shape", {16}}, {"dtype", "float32"}, {"values", golden["values"]}}).values;
    const auto values =
        draw(*initializer, golden["shape"].get<std::vector<int64_t>>(), /*counter=*/0);
    const std::span<const float> start(values.data(), expected.size());
    const bool isUniform = config["class_name"].get<std::string>().ends_with("Uniform") ||
                           config["config"].value("distribution", "") == "uniform";
    // Uniform values are equal to the last bit; sines and logarithms of two libraries are not.
    Tolerance tolerance = isUniform ? Tolerance{0, 0} : Tolerance{2e-6, 1e-7};
    if (config["class_name"] == "Orthogonal") tolerance = {1e-5, 2e-6};
    expectClose(start, expected, "values", tolerance);
    // The seed alone decides.
    EXPECT_EQ(values,
              draw(*initializer, golden["shape"].get<std::vector<int64_t>>(), /*counter=*/9));
    return;
  }
  if (golden["kind"] == "matrix") {
    expectClose(
        draw(*initializer, golden["shape"].get<std::vector<int64_t>>(), 0),
        goldenTensor(
            {{"shape", golden["shape"]}, {"dtype", "float32"}, {"values", golden["values"]}})
            .values,
        "values");
    return;
  }
  ASSERT_EQ(golden["kind"], "distribution");
  for (const Json& expected : golden["expected"]) {
    std::vector<float> values;
    // Many draws of the same shape: the spread of the mean is small then.
    for (uint64_t counter = 0; counter < 20; ++counter) {
      const auto more = draw(*initializer, expected["shape"].get<std::vector<int64_t>>(), counter);
      values.insert(values.end(), more.begin(), more.end());
    }
    expectDistribution(values, expected);
  }
}

// A class without cases would be untested.
TEST(InitializerGoldenCases, AreThereForAllClasses) {
  std::set<std::string> classes;
  for (const GoldenCase& golden : goldenCases("initializers.json")) {
    classes.insert(golden.json["initializer"]["class_name"].get<std::string>());
  }
  for (const std::string& name : initializerNames()) EXPECT_TRUE(classes.contains(name)) << name;
}

TEST(Orthogonal, VectorsAreOrthonormalTimesTheGain) {
  const auto initializer =
      makeInitializer({{"class_name", "Orthogonal"}, {"config", {{"gain", 2}}}}, "x");
  for (const auto& [rows, columns] :
       {std::pair<size_t, size_t>{60, 7}, {7, 60}, {40, 40}, {1, 9}}) {
    SCOPED_TRACE(rows);
    const auto values =
        draw(*initializer, {static_cast<int64_t>(rows), static_cast<int64_t>(columns)}, 0);
    const bool isWide = rows < columns;
    const size_t count = std::min(rows, columns);
    const auto at = [&](size_t vector, size_t i) {
      return static_cast<double>(isWide ? values[vector * columns + i]
                                        : values[i * columns + vector]);
    };
    for (size_t a = 0; a < count; ++a) {
      for (size_t b = 0; b <= a; ++b) {
        double product = 0;
        for (size_t i = 0; i < std::max(rows, columns); ++i) product += at(a, i) * at(b, i);
        EXPECT_NEAR(product, a == b ? 4.0 : 0.0, 1e-5);
      }
    }
  }
}

TEST(Initializers, RefuseBadArguments) {
  const auto refuse = [](const char* className, const Json& config) {
    return codeOf([&] { makeInitializer(ClassConfig{className, config}.toJson(), "x"); });
  };
  EXPECT_EQ(refuse("VarianceScaling", {{"scale", 0}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(refuse("VarianceScaling", {{"mode", "fan"}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(refuse("VarianceScaling", {{"distribution", "x"}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(refuse("LecunNormal", {{"scale", 2}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(refuse("Identity", {{"seed", 2}}), ErrorCode::InvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Initializers, InitializerGolden,
                         ::testing::ValuesIn(goldenCases("initializers.json")), caseName);

}  // namespace
}  // namespace tabtrain::testing
