// A hundred training steps on MNIST against Keras, per optimizer: tests/golden/trajectories.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "classifier.h"
#include "golden.h"
#include "mnist.h"

namespace tabtrain::testing {
namespace {

constexpr int64_t kBatch = 32;
constexpr int kEpochs = 10;

/// The start of every trajectory, see the header of the golden files.
void fillPattern(Variable& kernel) {
  for (int64_t i = 0; i < kernel.count(); ++i) {
    const auto unit = static_cast<float>(static_cast<double>(i * 7919 % 1009) / 1009.0 - 0.5);
    kernel.floats()[i] = unit * 0.1f;
  }
}

/// Averages begin as the weights are at the first step; here they were made before the weights got
/// their values.
void startAverages(const Optimizer& optimizer, const std::vector<Variable*>& weights) {
  const std::vector<std::string> names = optimizer.slotNames();
  if (std::find(names.begin(), names.end(), "average") == names.end()) return;
  size_t i = 0;
  for (const Variable* weight : weights) {
    if (!weight->trainable()) continue;
    std::copy_n(weight->floats(), weight->count(), optimizer.slots("average")[i++]->floats());
  }
}

class Trajectory : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(Trajectory, EqualsKeras) {
  const Json& golden = GetParam().json;
  const auto samples = golden["samples"].get<int64_t>();
  const Digits digits = mnistDigits(samples);
  Classifier classifier(golden["model_config"]["config"]["layers"], golden["optimizer"], kBatch);
  for (Variable* weight : classifier.weights()) {
    if (weight->name().ends_with("kernel")) fillPattern(*weight);
  }
  startAverages(classifier.optimizer(), classifier.weights());
  const float* images = digits.images.data();
  const int32_t* labels = digits.labels.data();

  size_t step = 0;
  int close = 0;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    for (int64_t begin = 0; begin < samples; begin += kBatch, ++step) {
      const int64_t rows = std::min(kBatch, samples - begin);
      const auto result = classifier.train(images + begin * 784, labels + begin, rows);
      const double loss = goldenNumber(golden["step_loss"].at(step));
      if (isClose(result.loss, loss, {1e-5, 0})) ++close;
      ASSERT_TRUE(isClose(result.loss, loss, {1e-4, 0}))
          << "step " << step << ": expected " << loss << ", got " << result.loss;
      ASSERT_TRUE(isClose(result.accuracy, goldenNumber(golden["step_accuracy"].at(step))))
          << "step " << step;
    }
  }
  ASSERT_EQ(step, golden["step_loss"].size());
  EXPECT_GE(close, static_cast<int>(step) * 95 / 100) << "losses within 1e-5";
  EXPECT_EQ(classifier.optimizer().iterations().int64(), static_cast<int64_t>(step));

  double loss = 0;
  double accuracy = 0;
  for (int64_t begin = 0; begin < samples; begin += kBatch) {
    const int64_t rows = std::min(kBatch, samples - begin);
    const auto result = classifier.evaluate(images + begin * 784, labels + begin, rows);
    loss += static_cast<double>(result.loss) * static_cast<double>(rows);
    accuracy += static_cast<double>(result.accuracy) * static_cast<double>(rows);
  }
  const auto n = static_cast<double>(samples);
  EXPECT_TRUE(isClose(loss / n, goldenNumber(golden["evaluate"][0]), {1e-4, 0})) << loss / n;
  EXPECT_TRUE(isClose(accuracy / n, goldenNumber(golden["evaluate"][1]))) << accuracy / n;

  const auto weights = classifier.weights();
  ASSERT_EQ(weights.size(), golden["weights"].size());
  for (size_t i = 0; i < weights.size(); ++i) {
    const Json& expected = golden["weights"][i];
    ASSERT_EQ(weights[i]->sizes(), expected["shape"]);
    double sum = 0;
    double absoluteSum = 0;
    for (int64_t e = 0; e < weights[i]->count(); ++e) {
      sum += static_cast<double>(weights[i]->floats()[e]);
      absoluteSum += std::abs(static_cast<double>(weights[i]->floats()[e]));
    }
    const auto scale = expected["abs_sum"].get<double>();
    EXPECT_TRUE(isClose(sum, expected["sum"].get<double>(), {0, 1e-5 * scale}))
        << weights[i]->path() << ": sum " << sum << ", expected " << expected["sum"];
    EXPECT_TRUE(isClose(absoluteSum, scale, {1e-5, 0}))
        << weights[i]->path() << ": absolute sum " << absoluteSum << ", expected " << scale;
    std::vector<double> first;
    for (const Json& value : expected["first"]) first.push_back(goldenNumber(value));
    expectClose({weights[i]->floats(), first.size()}, first, weights[i]->path(), {1e-4, 1e-6});
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Trajectory, ::testing::ValuesIn(goldenTrajectories()),
                         caseName);

}  // namespace
}  // namespace tabtrain::testing
