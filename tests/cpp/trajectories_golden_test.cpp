// A hundred training steps on MNIST against Keras, per optimizer: tests/golden/trajectories.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "golden.h"
#include "graph/autodiff.h"
#include "graph/executable.h"
#include "layers/layer.h"
#include "losses/loss.h"
#include "metrics/metric.h"
#include "mnist.h"
#include "optimizers/optimizer.h"

namespace tabtrain::testing {
namespace {

constexpr int64_t kBatch = 32;
constexpr int kEpochs = 10;

std::vector<GoldenCase> trajectories() {
  const std::string root = std::string(TABTRAIN_TESTS_DIR) + "/golden/trajectories";
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".json") continue;
    paths.push_back(std::filesystem::relative(entry.path(), root).string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<GoldenCase> cases;
  for (const std::string& path : paths) {
    for (GoldenCase& golden : goldenCases("trajectories/" + path)) cases.push_back(golden);
  }
  return cases;
}

/// A stack of layers, a loss, a metric and, for training, an optimizer, traced into one step.
class Classifier {
 public:
  explicit Classifier(const Json& golden) : step_("step", "step", DType::Int64, {}, false) {
    Shape shape;
    for (const Json& json : golden["model_config"]["config"]["layers"]) {
      auto layer = makeLayer(parseClassConfig(json, "layer"));
      if (layer->inputSizes()) shape = Shape::batched(*layer->inputSizes());
      layer->buildAt("layers/" + std::to_string(layers_.size()), shape, /*seed=*/1);
      for (Variable* weight : layer->orderedWeights()) {
        if (weight->name().ends_with("kernel")) fillPattern(*weight);
      }
      Graph scratch;
      const CallContext context{scratch, false, step_, 1};
      shape = layer->call(context, scratch.input("x", {DType::Float32, shape})).shape();
      layers_.push_back(std::move(layer));
    }
    Json optimizer = golden["optimizer"];
    optimizer["config"]["is_legacy_optimizer"] = golden["legacy"];
    optimizer_ = makeOptimizer(optimizer);
    loss_ = makeLoss(
        {{"class_name", "SparseCategoricalCrossentropy"}, {"config", {{"from_logits", true}}}});
    accuracy_ = makeMetric("sparse_categorical_accuracy", Shape::batched({}), shape);
    accuracy_->createState("metrics/0");
    train_ = compile(/*training=*/true);
    evaluate_ = compile(/*training=*/false);
  }

  struct Result {
    float loss;
    float accuracy;
  };

  Result train(const Digits& digits, int64_t begin, int64_t rows) {
    return run(*train_, digits, begin, rows);
  }
  Result evaluate(const Digits& digits, int64_t begin, int64_t rows) {
    return run(*evaluate_, digits, begin, rows);
  }

  /// Keras's `model.weights`.
  std::vector<Variable*> weights() const {
    std::vector<Variable*> all;
    for (const auto& layer : layers_) {
      const auto own = layer->orderedWeights();
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  }
  const Optimizer& optimizer() const { return *optimizer_; }

 private:
  /// The start of every trajectory, see the header of the golden files.
  static void fillPattern(Variable& kernel) {
    for (int64_t i = 0; i < kernel.count(); ++i) {
      const auto unit = static_cast<float>(static_cast<double>(i * 7919 % 1009) / 1009.0 - 0.5);
      kernel.floats()[i] = unit * 0.1f;
    }
  }

  std::unique_ptr<Executable> compile(bool training) {
    auto graph = std::make_shared<Graph>();
    Expr x = graph->input("x", {DType::Float32, Shape::batched({784})});
    const Expr y = graph->input("y", {DType::Int32, Shape::batched({})});
    const CallContext context{*graph, training, step_, 1};
    for (const auto& layer : layers_) x = layer->call(context, x);
    const Expr loss = loss_->value(y, x, {});
    accuracy_->update(y, x, {});
    if (training) {
      std::vector<Variable*> trainable;
      for (Variable* weight : weights()) {
        if (weight->trainable()) trainable.push_back(weight);
      }
      optimizer_->build(trainable);
      std::vector<Expr> reads;
      for (Variable* weight : trainable) reads.push_back(graph->read(*weight));
      optimizer_->apply(*graph, trainable, gradients(loss, reads));
    }
    return std::make_unique<Executable>(graph, std::vector<Expr>{loss}, kBatch);
  }

  Result run(Executable& step, const Digits& digits, int64_t begin, int64_t rows) {
    for (const auto& state : accuracy_->state()) *state->floats() = 0.0f;
    std::memcpy(step.input(0), digits.images.data() + begin * 784,
                static_cast<size_t>(rows) * 784 * sizeof(float));
    std::memcpy(step.input(1), digits.labels.data() + begin,
                static_cast<size_t>(rows) * sizeof(int32_t));
    step.run(rows);
    return {*step.fetch(0), *accuracy_->state()[0]->floats() / *accuracy_->state()[1]->floats()};
  }

  Variable step_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Metric> accuracy_;
  std::unique_ptr<Executable> train_;
  std::unique_ptr<Executable> evaluate_;
};

class Trajectory : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(Trajectory, EqualsKeras) {
  const Json& golden = GetParam().json;
  const auto samples = golden["samples"].get<int64_t>();
  const Digits digits = mnistDigits(samples);
  Classifier classifier(golden);

  size_t step = 0;
  int close = 0;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    for (int64_t begin = 0; begin < samples; begin += kBatch, ++step) {
      const auto result = classifier.train(digits, begin, std::min(kBatch, samples - begin));
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
    const auto result = classifier.evaluate(digits, begin, rows);
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
    const double scale = expected["abs_sum"];
    EXPECT_TRUE(isClose(sum, expected["sum"], {0, 1e-5 * scale}))
        << weights[i]->path() << ": sum " << sum << ", expected " << expected["sum"];
    EXPECT_TRUE(isClose(absoluteSum, scale, {1e-5, 0}))
        << weights[i]->path() << ": absolute sum " << absoluteSum << ", expected " << scale;
    std::vector<double> first;
    for (const Json& value : expected["first"]) first.push_back(goldenNumber(value));
    expectClose({weights[i]->floats(), first.size()}, first, weights[i]->path(), {1e-4, 1e-6});
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Trajectory, ::testing::ValuesIn(trajectories()), caseName);

}  // namespace
}  // namespace tabtrain::testing
