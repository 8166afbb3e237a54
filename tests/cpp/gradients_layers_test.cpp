// The gradients of layers, activations and losses against differences.
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "graph_runner.h"
#include "layers/activations.h"
#include "layers/layer.h"
#include "losses/loss.h"

namespace tabtrain::testing {
namespace {

/// In training mode, with respect to the input and every trainable weight.
void checkLayer(const std::string& className, const Json& config, const std::vector<int64_t>& shape,
                DifferenceOptions options = {}) {
  SCOPED_TRACE(className + " " + config.dump());
  const auto layer = makeLayer({className, config});
  layer->buildAt("layers/0", Shape::batched({shape.begin() + 1, shape.end()}), /*seed=*/3);
  Variable step("step", "step", DType::Int64, {}, false);
  std::vector<Variable*> trainable;
  for (Variable* weight : layer->orderedWeights()) {
    if (weight->trainable()) trainable.push_back(weight);
  }
  checkGradient(
      {spreadTensor(shape, -2, 2)},
      [&](const auto& x) {
        return layer->call({*x[0].graph, /*training=*/true, step, /*seed=*/3}, x[0]);
      },
      trainable, options);
}

TEST(LayerGradients, OfDenseWithEveryActivation) {
  // The step is too small to reach relu's kink from any of these values.
  for (const char* activation : {"linear", "relu", "sigmoid", "softmax", "tanh"}) {
    checkLayer("Dense", {{"units", 3}, {"activation", activation}}, {4, 5},
               {.step = 0.002, .tolerance = {2e-3, 1e-3}});
  }
  checkLayer("Dense", {{"units", 2}, {"use_bias", false}}, {3, 2, 4});
}

TEST(LayerGradients, OfActivations) {
  for (const std::string& activation : activationNames()) {
    if (activation == "sparsemax") continue;  // too many kinks; see the golden cases
    checkLayer("Activation", {{"activation", activation}}, {3, 2, 4},
               {.step = 0.001, .tolerance = {3e-3, 3e-3}});
  }
}

TEST(LayerGradients, OfDropoutAndFlatten) {
  checkLayer("Dropout", {{"rate", 0.4}}, {5, 7});
  checkLayer("Flatten", Json::object(), {3, 2, 2});
}

TEST(LayerGradients, OfNoise) {
  checkLayer("SpatialDropout1D", {{"rate", 0.4}}, {5, 3, 4});
  checkLayer("AlphaDropout", {{"rate", 0.4}}, {5, 7});
  checkLayer("GaussianDropout", {{"rate", 0.4}}, {5, 7});
  checkLayer("GaussianNoise", {{"stddev", 1.5}}, {5, 7});
}

TEST(LayerGradients, OfParametricActivations) {
  const DifferenceOptions options = {.step = 0.001, .tolerance = {3e-3, 3e-3}};
  checkLayer("ReLU", {{"max_value", 1.2}, {"negative_slope", 0.3}, {"threshold", 0.4}}, {3, 5},
             options);
  checkLayer("LeakyReLU", Json::object(), {3, 5}, options);
  checkLayer("ELU", {{"alpha", 0.4}}, {3, 5}, options);
  checkLayer("ThresholdedReLU", {{"theta", 0.7}}, {3, 5}, options);
  const Json shared = {{"alpha_initializer", "he_normal"}, {"shared_axes", {1}}};
  checkLayer("PReLU", shared, {3, 2, 4}, options);
  checkLayer("Softmax", {{"axis", 1}}, {3, 4, 2}, options);
  checkLayer("Softmax", {{"axis", {1, 3}}}, {2, 3, 2, 2}, options);
}

TEST(LayerGradients, OfShapesAndNormalizations) {
  checkLayer("Reshape", {{"target_shape", {-1, 2}}}, {3, 2, 4});
  checkLayer("Permute", {{"dims", {2, 3, 1}}}, {2, 3, 2, 4});
  checkLayer("RepeatVector", {{"n", 3}}, {4, 5});
  checkLayer("Flatten", {{"data_format", "channels_first"}}, {2, 3, 2, 2});
  checkLayer("Rescaling", {{"scale", {0.5, -2, 3}}, {"offset", 1}}, {4, 3});
  checkLayer("Normalization", {{"mean", 1}, {"variance", {2, 3, 4}}}, {4, 3});
  checkLayer("LayerNormalization", Json::object(), {4, 5});
  checkLayer("LayerNormalization", {{"axis", 1}, {"scale", false}}, {2, 3, 4});
  checkLayer("LayerNormalization", {{"axis", {1, 3}}}, {2, 3, 2, 2});
  checkLayer("UnitNormalization", {{"axis", {1, 2}}}, {2, 3, 4});
}

TEST(LayerGradients, OfBatchNormalization) {
  checkLayer("BatchNormalization", Json::object(), {6, 3});
  checkLayer("BatchNormalization", {{"axis", 1}}, {3, 2, 4});
  checkLayer("BatchNormalization", {{"scale", false}}, {2, 3, 4});
  checkLayer("BatchNormalization", {{"axis", 1}, {"center", false}}, {2, 2, 3, 2});
  checkLayer("BatchNormalization", Json::object(), {2, 2, 2, 3});
  checkLayer("BatchNormalization", {{"trainable", false}}, {4, 3});
}

/// With respect to the predictions; `weighted` by sample.
void checkLoss(const std::string& className, const Json& config, const Tensor& yTrue,
               const Tensor& yPred) {
  SCOPED_TRACE(className + " " + config.dump());
  const auto loss = makeLoss(ClassConfig{className, config}.toJson());
  const Tensor weights = {{yPred.rows()}, DType::Uint8, {1, 2, 0, 3}};
  const DifferenceOptions options = {.step = 0.005};
  checkGradient(
      {yPred, yTrue}, [&](const auto& x) { return loss->value(x[1], x[0], {}); }, {}, options);
  checkGradient(
      {yPred, yTrue, weights},
      [&](const auto& x) { return loss->value(x[1], x[0], toFloat(x[2])); }, {}, options);
}

TEST(LossGradients, OfEveryLoss) {
  const Tensor logits = spreadTensor({4, 3}, -2, 2);
  const Tensor probabilities = spreadTensor({4, 3}, 0.1, 0.9);
  const Tensor labels = {{4}, DType::Int32, {0, 2, 1, 2}};
  const Tensor oneHot = {{4, 3}, DType::Uint8, {1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1}};
  for (const bool fromLogits : {true, false}) {
    const Tensor& yPred = fromLogits ? logits : probabilities;
    checkLoss("SparseCategoricalCrossentropy", {{"from_logits", fromLogits}}, labels, yPred);
    for (const double smoothing : {0.0, 0.2}) {
      const Json config = {{"from_logits", fromLogits}, {"label_smoothing", smoothing}};
      checkLoss("CategoricalCrossentropy", config, oneHot, yPred);
      checkLoss("BinaryCrossentropy", config, oneHot, yPred);
    }
  }
  const Tensor aboveZero = {{4, 3}, DType::Uint8, {1, 2, 3, 1, 2, 1, 1, 3, 2, 2, 1, 1}};
  for (const std::string& name : lossNames()) {
    const bool ofClasses = makeLoss(name)->classes(Shape::batched({3})).has_value();
    // Percentages of 0 are too large for differences.
    const bool isShare = name == "MeanAbsolutePercentageError";
    const Tensor& yTrue = ofClasses ? labels : isShare ? aboveZero : oneHot;
    checkLoss(name, Json::object(), yTrue, probabilities);
    checkLoss(name, {{"reduction", "sum"}}, yTrue, probabilities);
  }
  for (const char* name :
       {"MeanSquaredError", "MeanAbsoluteError", "LogCosh", "CosineSimilarity"}) {
    checkLoss(name, Json::object(), oneHot, logits);
  }
  checkLoss("Huber", {{"delta", 0.3}}, oneHot, logits);
  checkLoss("SparseCategoricalCrossentropy", {{"ignore_class", 2}}, labels, probabilities);
  for (const char* name : {"BinaryFocalCrossentropy", "CategoricalFocalCrossentropy"}) {
    checkLoss(name, {{"from_logits", true}, {"gamma", 1.5}, {"alpha", 0.4}}, oneHot, logits);
  }
  checkLoss("BinaryFocalCrossentropy", {{"apply_class_balancing", true}}, oneHot, probabilities);
}

}  // namespace
}  // namespace tabtrain::testing
