// What the golden cases of layers leave open: names, configs, weights' paths, refusals.
#include "layers/layer.h"

#include <gtest/gtest.h>

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
            "Dense: activation: expected one of linear, relu, sigmoid, softmax, tanh, elu, "
            "exponential, gelu, hard_sigmoid, leaky_relu, log_softmax, mish, relu6, selu, silu, "
            "softplus, softsign, swish, celu, glu, hard_shrink, hard_silu, hard_swish, hard_tanh, "
            "log_sigmoid, soft_shrink, sparse_plus, sparse_sigmoid, sparsemax, squareplus, "
            "tanh_shrink, ReLU, LeakyReLU, ELU, ThresholdedReLU, Softmax; got unknown \"gelu2\"");
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

TEST(ActivityRegularization, AddsASamplesShare) {
  const auto layer = makeLayer({"ActivityRegularization", {{"l1", 0.5}, {"l2", 0.25}}});
  GraphRunner runner;
  const Expr x = runner.feed({2, 3}, {1, -2, 3, 0, 4, -5});
  Variable step("step", "step", DType::Int64, {}, false);
  std::vector<Expr> losses;
  layer->call({runner.graph(), true, step, 1, &losses}, x);
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_FLOAT_EQ(runner.run(losses)[0][0], (0.5f * 15 + 0.25f * 55) / 2);
}

TEST(Normalization, StartsFromWhatAnEarlierAdaptFound) {
  const Json adapted = {{"mean", {1, 2}}, {"variance", {4, 9}}, {"count", 7}};
  const auto layer = makeLayer({"Normalization", {{"name", "n"}, {"adapted", adapted}}});
  layer->buildAt("layers/0", Shape::batched({3, 2}), 1);
  EXPECT_EQ(layer->weights()[0]->floats()[1], 2.0f);
  EXPECT_EQ(layer->weights()[1]->floats()[0], 4.0f);
  EXPECT_EQ(layer->weights()[2]->int64(), 7);
  EXPECT_FALSE(layer->config().contains("adapted"));
  EXPECT_EQ(refusal([&] { layer->buildAt("layers/0", Shape::batched({3}), 1); },
                    ErrorCode::InvalidArgument),
            "n: mean: expected 3 numbers, as the axes of the input, got [1,2]");
}

TEST(Layers, ActivationsThatAreLayers) {
  const auto apply = [](const Json& activation) {
    const auto layer = makeLayer({"Activation", {{"activation", activation}}});
    GraphRunner runner;
    const Expr x = runner.feed({2}, {-1, 2});
    Variable step("step", "step", DType::Int64, {}, false);
    return runner.run({layer->call({runner.graph(), false, step, 1}, x)})[0];
  };
  EXPECT_EQ(apply("LeakyReLU"), (std::vector<float>{-0.3f, 2}));
  EXPECT_EQ(apply({{"class_name", "LeakyReLU"}, {"config", {{"alpha", 0.5}}}}),
            (std::vector<float>{-0.5f, 2}));
  // Keras 3's name of the argument.
  EXPECT_EQ(apply({{"class_name", "LeakyReLU"}, {"config", {{"negative_slope", 0.25}}}}),
            (std::vector<float>{-0.25f, 2}));
  const auto layer = makeLayer({"Dense", {{"units", 1}, {"activation", "ELU"}}});
  EXPECT_EQ(layer->config()["activation"]["class_name"], "ELU");
  EXPECT_EQ(layer->config()["activation"]["config"]["name"], "elu");
}

TEST(Layers, RefuseBadArguments) {
  struct Case {
    const char* className;
    Json config;
    const char* says;
  };
  for (const Case& c : {
           Case{"Reshape", Json::object(), "Reshape: target_shape: expected a list of extents"},
           Case{"Reshape", {{"target_shape", {-1, -1}}}, "Reshape: target_shape: expected"},
           Case{"Reshape", {{"target_shape", {2, -3}}}, "Reshape: target_shape: expected"},
           Case{"Reshape", {{"target_shape", {0, -1}}}, "Reshape: target_shape: expected"},
           Case{"Permute", {{"dims", {1, 3}}}, "Permute: dims: expected a list of the axes from 1"},
           Case{"Permute", {{"dims", {1, 1}}}, "Permute: dims: expected"},
           Case{"RepeatVector", {{"n", 0}}, "RepeatVector: n: expected an integer of at least 1"},
           Case{"Rescaling", Json::object(), "Rescaling: scale: expected a number or a list"},
           Case{"Rescaling", {{"scale", {{1, 2}, {3}}}}, "Rescaling: scale: expected a number or"},
           Case{"Rescaling", {{"scale", "x"}}, "Rescaling: scale: expected a number or"},
           Case{"Normalization", {{"mean", 1}}, "Normalization: variance: expected mean and"},
           Case{"Normalization", {{"axis", "x"}}, "Normalization: axis: expected null, an integer"},
           Case{"LayerNormalization", {{"axis", 1.5}}, "LayerNormalization: axis: expected an"},
           Case{"LayerNormalization", {{"axis", Json::array()}}, "LayerNormalization: axis: expec"},
           Case{"Softmax", {{"axis", "x"}}, "Softmax: axis: expected an integer or a list"},
           Case{"ReLU", {{"max_value", -1}}, "ReLU: max_value: expected a number of at least 0"},
           Case{"ReLU", {{"threshold", nullptr}}, "ReLU: threshold: expected a number of at leas"},
           Case{"LeakyReLU", {{"alpha", nullptr}}, "LeakyReLU: alpha: expected a number"},
           Case{"ThresholdedReLU", {{"theta", -1}}, "ThresholdedReLU: theta: expected a number of"},
           Case{"PReLU", {{"shared_axes", {0}}}, "PReLU: shared_axes: expected null, or axes"},
           Case{"GaussianNoise", Json::object(), "GaussianNoise: stddev: expected a number of at"},
           Case{"GaussianDropout", {{"rate", 2}}, "GaussianDropout: rate: expected a number betw"},
           Case{"Dropout", {{"rate", 0}, {"noise_shape", 3}}, "Dropout: noise_shape: expected a"},
           Case{"Flatten", {{"data_format", "x"}}, "Flatten: data_format: expected \"channels_l"},
           Case{"ActivityRegularization", {{"l1", "x"}}, "ActivityRegularization: l1: expected a"},
       }) {
    SCOPED_TRACE(c.says);
    const std::string message = refusal(
        [&] {
          makeLayer({c.className, c.config});
        },
        ErrorCode::InvalidArgument);
    EXPECT_TRUE(message.starts_with(c.says)) << message;
  }
}

TEST(Layers, RefuseInputsThatDoNotFit) {
  struct Case {
    const char* className;
    Json config;
    std::vector<int64_t> sizes;
    const char* says;
  };
  for (const Case& c : {
           Case{"Reshape", {{"target_shape", {5}}}, {2, 3}, "n: target_shape: expected as many"},
           Case{"Reshape", {{"target_shape", {4, -1}}}, {2, 3}, "n: target_shape: expected as ma"},
           Case{"Permute", {{"dims", {2, 1}}}, {2}, "n: expected an input with 2 axes behind"},
           Case{"RepeatVector", {{"n", 2}}, {2, 3}, "n: expected an input of shape (None, featu"},
           Case{"Rescaling", {{"scale", {1, 2}}}, {3}, "Mul: expected shapes that broadcast"},
           Case{"Rescaling", {{"scale", {{{1}}}}}, {3}, "n: expected an input that scale and"},
           Case{"Normalization", {{"axis", {1, -1}}}, {3}, "n: axis: expected different axes"},
           Case{"Normalization", {{"axis", 0}}, {3}, "n: axis: expected different axes behind"},
           Case{"Normalization",
                {{"mean", {1, 2}}, {"variance", 1}},
                {3},
                "BroadcastTo: expected shapes that broadcast"},
           Case{"LayerNormalization", {{"axis", 3}}, {3}, "n: axis: expected different axes behi"},
           Case{"UnitNormalization", {{"axis", -3}}, {3}, "n: axis: expected different axes behi"},
           Case{"Softmax", Json::object(), {}, "n: axis: expected different axes behind the"},
           Case{"PReLU", {{"shared_axes", {2}}}, {3}, "n: shared_axes: expected axes of an input"},
           Case{"SpatialDropout1D", {{"rate", 0}}, {3}, "n: expected an input of shape (None, st"},
           Case{"Dropout",
                {{"rate", 0}, {"noise_shape", {nullptr, 2}}},
                {3},
                "n: expected an input that noise_shape [null,2] fits, null for the batch"},
           Case{"Activation", {{"activation", "glu"}}, {3}, "glu: expected an even last axis"},
           Case{"Dense",
                {{"units", 2}, {"bias_initializer", "orthogonal"}},
                {3},
                "l/bias: Orthogonal: expected a weight with at least two axes, got shape (2,)"},
           Case{"PReLU",
                {{"alpha_initializer", "identity"}},
                {3},
                "l/alpha: Identity: expected a weight with two axes, got shape (3,)"},
       }) {
    SCOPED_TRACE(c.says);
    Json config = c.config;
    config["name"] = "n";
    const auto layer = makeLayer({c.className, config});
    GraphRunner runner;
    const Expr x = runner.graph().input("x", {DType::Float32, Shape::batched(c.sizes)});
    Variable step("step", "step", DType::Int64, {}, false);
    const std::string message = refusal(
        [&] {
          layer->buildAt("l", x.shape(), 1);
          layer->call({runner.graph(), false, step, 1}, x);
        },
        ErrorCode::ShapeMismatch);
    EXPECT_TRUE(message.starts_with(c.says)) << message;
  }
}

}  // namespace
}  // namespace tabtrain::testing
