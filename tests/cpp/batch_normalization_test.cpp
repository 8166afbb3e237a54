// What the golden cases of BatchNormalization leave open: other axes, its config, what it refuses.
#include <gtest/gtest.h>

#include <cmath>

#include "checkpoint_fixtures.h"
#include "graph_runner.h"
#include "layers/layer.h"

namespace tabtrain::testing {
namespace {

std::unique_ptr<Layer> makeNormalization(Json config) {
  return makeLayer({"BatchNormalization", std::move(config)});
}

Tensor input(const std::vector<int64_t>& shape) {
  Tensor tensor{shape, DType::Float32, {}};
  for (int64_t i = 0; i < elementCount(shape); ++i) {
    tensor.values.push_back(static_cast<double>(i * 31 % 17) / 4);
  }
  return tensor;
}

struct Outcome {
  std::vector<float> output;
  std::vector<std::vector<float>> weights;
};

/// One call over `x`, then the weights.
Outcome run(const Json& config, const Tensor& x, bool training = true) {
  const auto layer = makeNormalization(config);
  GraphRunner runner;
  const Expr in = runner.feed(x);
  layer->buildAt("layers/0", in.shape(), 1);
  Variable step("step", "step", DType::Int64, {}, false);
  const Expr output = layer->call({runner.graph(), training, step, 1}, in);
  EXPECT_EQ(output.shape(), in.shape());
  Outcome outcome{runner.run({output})[0], {}};
  for (const Variable* weight : layer->orderedWeights()) {
    outcome.weights.emplace_back(weight->floats(), weight->floats() + weight->count());
  }
  return outcome;
}

/// [a, b, c] -> [a, c, b].
template <typename Values>
Values swapLastTwo(const Values& values, int64_t a, int64_t b, int64_t c) {
  Values result(values.size());
  for (int64_t i = 0; i < a * b * c; ++i) {
    const int64_t row = i / (b * c);
    const int64_t target = row * b * c + i % c * b + i / c % b;
    result[static_cast<size_t>(target)] = values[static_cast<size_t>(i)];
  }
  return result;
}

TEST(BatchNormalization, NormalizesAnyAxis) {
  const Tensor last = input({4, 5, 3});
  const Tensor middle{{4, 3, 5}, DType::Float32, swapLastTwo(last.values, 4, 5, 3)};
  const Outcome expected = run(Json::object(), last);
  const auto close = [](const std::vector<float>& actual, const std::vector<float>& wanted) {
    expectClose(actual, {wanted.begin(), wanted.end()}, "axis 1");
  };
  for (const Json& axis : {Json(1), Json(-2), Json({1})}) {
    const Outcome outcome = run({{"axis", axis}}, middle);
    close(outcome.output, swapLastTwo(expected.output, 4, 5, 3));
    for (size_t w = 0; w < 4; ++w) close(outcome.weights[w], expected.weights[w]);
  }
}

TEST(BatchNormalization, MovesTowardsTheUnbiasedVarianceWhereKerasHasAFusedKernel) {
  // Each channel holds 0 and 1 equally often: variance 1/4, unbiased n/4/(n-1).
  const auto movingVariance = [](const std::vector<int64_t>& shape, int64_t axis) {
    Tensor x{shape, DType::Float32, {}};
    int64_t inner = 1;
    for (size_t i = static_cast<size_t>(axis) + 1; i < shape.size(); ++i) inner *= shape[i];
    const int64_t channels = shape[static_cast<size_t>(axis)];
    for (int64_t i = 0; i < elementCount(shape); ++i) {
      const int64_t sample = i / (inner * channels) * inner + i % inner;
      x.values.push_back(static_cast<double>(sample % 2));
    }
    return run({{"axis", axis}, {"momentum", 0}}, x).weights[3][0];
  };
  EXPECT_FLOAT_EQ(movingVariance({8, 3}, 1), 0.25f);
  EXPECT_FLOAT_EQ(movingVariance({2, 4, 3}, 2), 0.25f);
  EXPECT_FLOAT_EQ(movingVariance({2, 2, 2, 3}, 3), 0.25f * 8 / 7);
  EXPECT_FLOAT_EQ(movingVariance({2, 3, 2, 2}, 1), 0.25f * 8 / 7);
  EXPECT_FLOAT_EQ(movingVariance({2, 2, 3, 2}, 2), 0.25f);
  EXPECT_FLOAT_EQ(movingVariance({2, 2, 2, 1, 3}, 4), 0.25f * 8 / 7);
  EXPECT_FLOAT_EQ(movingVariance({1, 1, 1, 3}, 3), 0.0f) << "of one sample";
}

TEST(BatchNormalization, DoesNotMoveOutsideOfTraining) {
  const Tensor x = input({4, 3});
  for (const Outcome& outcome : {run(Json::object(), x, /*training=*/false),
                                 run({{"trainable", false}}, x, /*training=*/true)}) {
    EXPECT_EQ(outcome.weights[2], (std::vector<float>{0, 0, 0}));
    EXPECT_EQ(outcome.weights[3], (std::vector<float>{1, 1, 1}));
    EXPECT_NEAR(outcome.output[1], x.values[1] / std::sqrt(1.001), 1e-6);
  }
}

TEST(BatchNormalization, UsesItsInitializers) {
  const auto constant = [](double value) {
    return Json{{"class_name", "Constant"}, {"config", {{"value", value}}}};
  };
  const Json config = {{"gamma_initializer", constant(2)},
                       {"beta_initializer", constant(3)},
                       {"moving_mean_initializer", constant(4)},
                       {"moving_variance_initializer", constant(5)}};
  const Outcome outcome = run(config, input({2, 2}), /*training=*/false);
  for (size_t w = 0; w < 4; ++w) {
    EXPECT_EQ(outcome.weights[w], std::vector<float>(2, static_cast<float>(w + 2)));
  }
}

TEST(BatchNormalization, ShowsItsAxisAsKerasDoes) {
  const auto axisOf = [](const Json& config, bool built) {
    const auto layer = makeNormalization(config);
    if (built) layer->buildAt("layers/0", Shape::batched({5, 3}), 1);
    return layer->config()["axis"];
  };
  EXPECT_EQ(axisOf(Json::object(), false), Json(-1));
  EXPECT_EQ(axisOf({{"axis", 1}}, false), Json(1));
  EXPECT_EQ(axisOf({{"axis", {2}}}, false), Json({2}));
  EXPECT_EQ(axisOf(Json::object(), true), Json({2}));
  EXPECT_EQ(axisOf({{"axis", {-2}}}, true), Json({1}));
}

TEST(BatchNormalization, NamesWhatTensorFlowTracks) {
  EXPECT_EQ(makeNormalization(Json::object())->trackedAttributes(),
            (std::vector<std::string>{"axis"}));
}

TEST(BatchNormalization, RefusesWhatItDoesNotHave) {
  std::string message;
  const auto refuse = [&](const Json& config) {
    return codeOf([&] { makeNormalization(config); }, &message);
  };
  EXPECT_EQ(refuse({{"axis", {1, 2}}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(message, "BatchNormalization: axis: expected an integer or a list of one, got [1,2]");
  EXPECT_EQ(refuse({{"axis", 1.5}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(refuse({{"momentum", 2}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(refuse({{"gamma_regularizer", "l3"}}), ErrorCode::UnknownClass);
  EXPECT_EQ(refuse({{"beta_constraint", {{"class_name", "MaxNorm"}, {"config", {{"axis", "x"}}}}}}),
            ErrorCode::InvalidArgument);
  EXPECT_EQ(message, "MaxNorm: axis: expected an integer or a list of integers, got \"x\"");
  for (int axis : {0, 3, -3, -4}) {
    const auto layer = makeNormalization({{"name", "bn"}, {"axis", axis}});
    EXPECT_EQ(codeOf(
                  [&] {
                    layer->buildAt("layers/0", Shape::batched({5, 3}), 1);
                  },
                  &message),
              ErrorCode::ShapeMismatch);
  }
  EXPECT_EQ(
      message,
      "bn: axis: expected an axis behind the batch of an input of shape (None, 5, 3), got -4");
}

}  // namespace
}  // namespace tabtrain::testing
