// What the golden cases of layers leave open: names, configs, weights' paths, refusals, dropout.
#include "layers/layer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "checkpoint_fixtures.h"
#include "graph_runner.h"

namespace tabtrain::testing {
namespace {

std::string refusal(const std::function<void()>& run, ErrorCode expected) {
  std::string message;
  EXPECT_EQ(codeOf(run, &message), expected);
  return message;
}

TEST(Layers, NumberedNamesAreSnakeCase) {
  EXPECT_EQ(snakeCase("Dense"), "dense");
  EXPECT_EQ(snakeCase("BatchNormalization"), "batch_normalization");
  EXPECT_EQ(snakeCase("InputLayer"), "input_layer");
  EXPECT_EQ(snakeCase("LSTM"), "lstm");
  EXPECT_EQ(snakeCase("GRUCell"), "gru_cell");
  EXPECT_EQ(snakeCase("Conv2D"), "conv2d");
}

TEST(Layers, BatchInputShapes) {
  EXPECT_EQ(parseBatchShape({nullptr, 28, 28}, "x"), (std::vector<int64_t>{28, 28}));
  EXPECT_EQ(parseBatchShape(Json::array({nullptr}), "x"), (std::vector<int64_t>{}));
  EXPECT_EQ(batchShapeJson({28, 28}), Json({nullptr, 28, 28}));
  for (const Json& bad : {Json(3), Json::array(), Json({nullptr, 0}), Json({nullptr, 2.5}),
                          Json({nullptr, nullptr}), Json({nullptr, "a"})}) {
    const std::string message =
        refusal([&] { parseBatchShape(bad, "batch_input_shape"); }, ErrorCode::InvalidArgument);
    EXPECT_TRUE(message.starts_with("batch_input_shape: expected null (the batch) followed by "))
        << message;
  }
}

TEST(Layers, ConfigsKeepWhatIsGiven) {
  const auto layer = makeLayer({"Dense",
                                {{"name", "mine"},
                                 {"trainable", false},
                                 {"batch_input_shape", {nullptr, 4}},
                                 {"units", 3},
                                 {"kernel_initializer", "he_normal"}}});
  EXPECT_EQ(layer->config()["name"], "mine");
  EXPECT_EQ(layer->config()["trainable"], false);
  EXPECT_EQ(layer->config()["batch_input_shape"], Json({nullptr, 4}));
  EXPECT_EQ(layer->config()["kernel_initializer"]["class_name"], "HeNormal");
  EXPECT_EQ(layer->config()["activation"], "linear");
}

TEST(Layers, WeightsAreNamedByLayerAndKeyedByPath) {
  const auto layer = makeLayer({"Dense", {{"name", "mine"}, {"units", 3}}});
  EXPECT_FALSE(layer->isBuilt());
  layer->buildAt("layers/4", Shape::batched({2}), 1);
  EXPECT_TRUE(layer->isBuilt());
  ASSERT_EQ(layer->weights().size(), 2u);
  EXPECT_EQ(layer->weights()[0]->name(), "mine/kernel");
  EXPECT_EQ(layer->weights()[0]->path(), "layers/4/kernel");
  EXPECT_EQ(layer->weights()[1]->path(), "layers/4/bias");
  EXPECT_EQ(layer->countParams(), 9);
}

TEST(Layers, InitialWeightsAreAFunctionOfSeedAndPath) {
  const auto kernel = [](const std::string& path, uint64_t seed) {
    const auto layer = makeLayer({"Dense", {{"units", 3}}});
    layer->buildAt(path, Shape::batched({2}), seed);
    const float* values = layer->weights()[0]->floats();
    return std::vector<float>(values, values + 6);
  };
  EXPECT_EQ(kernel("layers/0", 1), kernel("layers/0", 1));
  EXPECT_NE(kernel("layers/0", 1), kernel("layers/0", 2));
  EXPECT_NE(kernel("layers/0", 1), kernel("layers/1", 1));
}

TEST(Layers, RefuseWhatTheyDoNotHave) {
  EXPECT_EQ(refusal(
                [] {
                  makeLayer({"Conv9D", Json::object()});
                },
                ErrorCode::UnknownClass)
                .substr(0, 53),
            "layer: expected one of InputLayer, Dense, Activation,");
  EXPECT_EQ(refusal(
                [] {
                  makeLayer({"Dense", Json::object()});
                },
                ErrorCode::InvalidArgument),
            "Dense: units: expected an integer of at least 1, got nothing");
  EXPECT_EQ(refusal(
                [] {
                  makeLayer({"Dense", {{"units", 2}, {"activation", "gelu2"}}});
                },
                ErrorCode::UnknownClass),
            "Dense: activation: expected one of linear, relu, sigmoid, softmax, tanh; got unknown "
            "\"gelu2\"");
  EXPECT_EQ(refusal(
                [] {
                  makeLayer({"Dense", {{"units", 2}, {"kernel_initializer", "x"}}});
                },
                ErrorCode::UnknownClass)
                .substr(0, 42),
            "Dense: kernel_initializer: expected one of");
  EXPECT_EQ(refusal(
                [] {
                  makeLayer({"Dense", {{"units", 2}, {"bias_regularizer", "l3"}}});
                },
                ErrorCode::UnknownClass),
            "Dense: bias_regularizer: expected one of L1, L2, L1L2, OrthogonalRegularizer; got "
            "unknown \"l3\"");
  refusal([] { makeLayer({"Dropout", {{"rate", 1.5}}}); }, ErrorCode::InvalidArgument);
  refusal([] { makeLayer({"Activation", Json::object()}); }, ErrorCode::InvalidArgument);
  refusal([] { makeLayer({"InputLayer", Json::object()}); }, ErrorCode::InvalidArgument);
  refusal([] { makeLayer({"Flatten", {{"size", 1}}}); }, ErrorCode::InvalidArgument);
  const auto dense = makeLayer({"Dense", {{"name", "d"}, {"units", 2}}});
  EXPECT_EQ(
      refusal([&] { dense->buildAt("layers/0", Shape::batched({}), 1); }, ErrorCode::ShapeMismatch),
      "d: expected an input of shape (None, ..., features), got (None,)");
}

/// Ones through Dropout in training, at `count` steps.
std::vector<float> dropped(const Json& config, int64_t count = 0,
                           const std::string& path = "layers/1") {
  const auto layer = makeLayer({"Dropout", config});
  GraphRunner runner;
  const Expr x = runner.feed({100, 50}, std::vector<double>(5000, 1.0));
  layer->buildAt(path, x.shape(), 1);
  Variable step("step", "step", DType::Int64, {}, false);
  step.int64() = count;
  return runner.run({layer->call({runner.graph(), /*training=*/true, step, /*seed=*/9}, x)})[0];
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

TEST(Dropout, DrawsAnewForEachStepPathAndSeed) {
  const auto first = dropped({{"rate", 0.5}});
  EXPECT_EQ(dropped({{"rate", 0.5}}), first);
  EXPECT_NE(dropped({{"rate", 0.5}}, 1), first);
  EXPECT_NE(dropped({{"rate", 0.5}}, 0, "layers/2"), first);
  EXPECT_NE(dropped({{"rate", 0.5}, {"seed", 3}}), first);
}

}  // namespace
}  // namespace tabtrain::testing
