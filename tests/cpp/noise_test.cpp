// Layers that draw random numbers in training: their statistics and their streams.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph_runner.h"
#include "layers/layer.h"

namespace tabtrain::testing {
namespace {

/// [100, 5, 10] of `in` through a layer in training, at `count` steps.
std::vector<float> noised(const std::string& className, const Json& config, int64_t count = 0,
                          const std::string& path = "layers/1", double in = 1.0) {
  const auto layer = makeLayer({className, config});
  GraphRunner runner;
  const Expr x = runner.feed({100, 5, 10}, std::vector<double>(5000, in));
  layer->buildAt(path, x.shape(), 1);
  Variable step("step", "step", DType::Int64, {}, false);
  step.int64() = count;
  return runner.run({layer->call({runner.graph(), /*training=*/true, step, /*seed=*/9}, x)})[0];
}

std::vector<float> dropped(const Json& config) { return noised("Dropout", config); }

std::pair<double, double> meanAndDeviation(const std::vector<float>& values) {
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const auto n = static_cast<double>(values.size());
  return {sum / n, std::sqrt(squares / n - sum / n * (sum / n))};
}

TEST(Dropout, DropsTheRateAndScalesTheRest) {
  for (const double rate : {0.1, 0.5, 0.9}) {
    const auto out = dropped({{"rate", rate}});
    const auto zeros = std::count(out.begin(), out.end(), 0.0f);
    EXPECT_NEAR(static_cast<double>(zeros) / 5000, rate, 0.03);
    const auto scale = static_cast<float>(1 / (1 - rate));
    EXPECT_EQ(std::count(out.begin(), out.end(), scale), 5000 - zeros);
  }
  EXPECT_EQ(dropped({{"rate", 1}}), std::vector<float>(5000, 0.0f));
}

TEST(Noise, IsDrawnAnewForEachStepPathAndSeed) {
  for (const char* className : {"Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianDropout"}) {
    SCOPED_TRACE(className);
    const auto first = noised(className, {{"rate", 0.5}});
    EXPECT_EQ(noised(className, {{"rate", 0.5}}), first);
    EXPECT_NE(noised(className, {{"rate", 0.5}}, 1), first);
    EXPECT_NE(noised(className, {{"rate", 0.5}}, 0, "layers/2"), first);
    EXPECT_NE(noised(className, {{"rate", 0.5}, {"seed", 3}}), first);
  }
}

TEST(Noise, OfWholeChannels) {
  const auto channels = noised("SpatialDropout1D", {{"rate", 0.4}});
  EXPECT_EQ(channels, noised("Dropout", {{"rate", 0.4}, {"noise_shape", {nullptr, 1, 10}}}));
  int64_t zeros = 0;
  for (size_t i = 0; i < channels.size(); ++i) {
    // The same as in the first of the five steps.
    EXPECT_EQ(channels[i], channels[i / 50 * 50 + i % 10]);
    zeros += channels[i] == 0.0f ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(zeros) / 5000, 0.4, 0.08);
  // One mask for all samples.
  const auto shared = noised("Dropout", {{"rate", 0.4}, {"noise_shape", {1, nullptr, nullptr}}});
  for (size_t i = 0; i < shared.size(); ++i) EXPECT_EQ(shared[i], shared[i % 50]);
}

TEST(Noise, OfNormalNumbers) {
  const auto noise = noised("GaussianNoise", {{"stddev", 2}}, 0, "layers/1", 3.0);
  const auto [mean, deviation] = meanAndDeviation(noise);
  EXPECT_NEAR(mean, 3.0, 5 * 2 / std::sqrt(5000.0));
  EXPECT_NEAR(deviation, 2.0, 0.1);
  // Beyond two deviations lie 4.6 %.
  const auto far = std::count_if(noise.begin(), noise.end(),
                                 [](float value) { return std::abs(value - 3.0f) > 4.0f; });
  EXPECT_NEAR(static_cast<double>(far) / 5000, 0.0455, 0.015);
  EXPECT_NE(noised("GaussianNoise", {{"stddev", 2}}, 1, "layers/1", 3.0), noise);

  const auto factors = noised("GaussianDropout", {{"rate", 0.2}}, 0, "layers/1", 2.0);
  const auto [factorMean, factorDeviation] = meanAndDeviation(factors);
  EXPECT_NEAR(factorMean, 2.0, 0.08);
  EXPECT_NEAR(factorDeviation, 2 * std::sqrt(0.2 / 0.8), 0.05);
}

TEST(Noise, OfAlphaDropoutKeepsMeanAndVariance) {
  const double rate = 0.3;
  const auto out = noised("AlphaDropout", {{"rate", rate}}, 0, "layers/1", 0.5);
  // Two values: a * 0.5 + b and a * limit + b.
  const double limit = -1.7580993408473766;
  const double a = std::pow((1 - rate) * (1 + rate * limit * limit), -0.5);
  const double b = -a * limit * rate;
  int64_t droppedCount = 0;
  for (const double value : out) {
    const bool isDropped = value < 0;
    EXPECT_NEAR(value, isDropped ? a * limit + b : a * 0.5 + b, 1e-6);
    droppedCount += isDropped ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(droppedCount) / 5000, rate, 0.03);
}

}  // namespace
}  // namespace tabtrain::testing
