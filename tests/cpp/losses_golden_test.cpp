// Every loss against what a compiled Keras model computed: tests/golden/losses.json.
#include <gtest/gtest.h>

#include <map>

#include "checkpoint_fixtures.h"
#include "golden.h"
#include "graph/autodiff.h"
#include "graph_runner.h"
#include "layers/activations.h"
#include "losses/loss.h"

namespace tabtrain::testing {
namespace {

// What Keras computes and this version refuses on purpose, with the code of its error.
const std::map<std::string, ErrorCode> kRefused = {
    // Keras repeats one target over three predictions, which is hardly ever meant.
    {"mse-broadcast-labels", ErrorCode::ShapeMismatch},
};

/// A model gives its losses weights of shape [batch].
Tensor withoutColumn(Tensor tensor) {
  if (tensor.shape.size() == 2 && tensor.shape[1] == 1) tensor.shape.pop_back();
  return tensor;
}

class LossGolden : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(LossGolden, EqualsKeras) {
  const Json& golden = GetParam().json;
  const auto loss = makeLoss(golden["loss"]);
  EXPECT_EQ(withoutNewerDefaults(loss->toJson()), golden["loss"]);

  GraphRunner runner;
  const Expr z = runner.feed(goldenTensor(golden["y_pred"]));
  const Expr yPred = findActivation(golden.value("head", Json()), "head").apply(z);
  const Expr yTrue = runner.feed(goldenTensor(golden["y_true"]));
  Expr weights;
  if (!golden["sample_weight"].is_null()) {
    weights = runner.feed(withoutColumn(goldenTensor(golden["sample_weight"])));
  }
  const auto refused = kRefused.find(golden["name"].get<std::string>());
  if (refused != kRefused.end()) {
    EXPECT_EQ(codeOf([&] { loss->value(yTrue, yPred, weights); }), refused->second);
    return;
  }
  const Expr value = loss->value(yTrue, yPred, weights);
  EXPECT_EQ(value.shape(), Shape());
  const auto results = runner.run({value, gradients(value, {z}).at(0)});
  constexpr Tolerance kTolerance = {1e-5, 1e-7};
  expectClose(results[0], {goldenNumber(golden["value"])}, "value", kTolerance);
  expectClose(results[1], goldenTensor(golden["gradient"]).values, "gradient", kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Losses, LossGolden, ::testing::ValuesIn(goldenCases("losses.json")),
                         caseName);

}  // namespace
}  // namespace tabtrain::testing
