// What the golden cases of losses and metrics leave open: refusals and the checks of labels.
#include <gtest/gtest.h>

#include "checkpoint_fixtures.h"
#include "graph_runner.h"
#include "losses/loss.h"
#include "metrics/metric.h"

namespace tabtrain::testing {
namespace {

TEST(Losses, AreKnownByNameAndAlias) {
  for (const auto& [alias, className] :
       {std::pair{"mse", "MeanSquaredError"}, std::pair{"mean_squared_error", "MeanSquaredError"},
        std::pair{"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"},
        std::pair{"categorical_crossentropy", "CategoricalCrossentropy"},
        std::pair{"binary_crossentropy", "BinaryCrossentropy"}}) {
    EXPECT_STREQ(makeLoss(alias)->className(), className);
    EXPECT_STREQ(makeLoss(className)->className(), className);
  }
  EXPECT_EQ(codeOf([] { makeLoss("hinge2"); }), ErrorCode::UnknownClass);
}

TEST(Losses, RefuseWhatTheyDoNotHave) {
  const auto make = [](const Json& config) {
    return codeOf([&] {
      makeLoss({{"class_name", "SparseCategoricalCrossentropy"}, {"config", config}});
    });
  };
  EXPECT_EQ(make({{"reduction", "none"}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(make({{"ignore_class", 3}}), ErrorCode::Unsupported);
  EXPECT_EQ(make({{"from_logits", 1}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(make({{"label_smoothing", 0.1}}), ErrorCode::InvalidArgument);
}

TEST(Losses, SayWhichShapesTheyWant) {
  GraphRunner runner;
  const Expr yPred = runner.feed({2, 3}, std::vector<double>(6));
  const Expr yTrue = runner.feed({2, 2}, std::vector<double>(4));
  std::string message;
  EXPECT_EQ(codeOf([&] { makeLoss("mse")->value(yTrue, yPred, {}); }, &message),
            ErrorCode::ShapeMismatch);
  EXPECT_EQ(message,
            "y: expected targets of the shape of the predictions (None, 3), got (None, 2)");
  EXPECT_EQ(codeOf([&] { makeLoss("sparse_categorical_crossentropy")->value(yTrue, yPred, {}); },
                   &message),
            ErrorCode::ShapeMismatch);
  EXPECT_EQ(message,
            "y: expected class indices of shape (None,) or (None, 1) for predictions (None, 3), "
            "got (None, 2)");
}

TEST(Losses, OfClassIndicesSayHowManyThereAre) {
  const Shape prediction = Shape::batched({7});
  EXPECT_EQ(makeLoss("sparse_categorical_crossentropy")->classes(prediction), 7);
  EXPECT_EQ(makeLoss("categorical_crossentropy")->classes(prediction), std::nullopt);
  EXPECT_EQ(makeLoss("mse")->classes(prediction), std::nullopt);
}

TEST(Losses, AreMeansOverTheRowsOfThisBatch) {
  GraphRunner runner;
  const Expr yPred = runner.feed({3, 2}, {1, 1, 2, 2, 3, 3});
  const Expr yTrue = runner.feed({3, 2}, std::vector<double>(6));
  EXPECT_FLOAT_EQ(runner.run({makeLoss("mse")->value(yTrue, yPred, {})})[0][0], 14.0f / 3);
}

TEST(Metrics, AreCheckedBeforeShapesAreKnown) {
  for (const char* name : {"accuracy", "acc", "ce", "crossentropy", "mse", "BinaryAccuracy"}) {
    EXPECT_EQ(metricName(name), name);
  }
  EXPECT_EQ(codeOf([] { metricName("auc2"); }), ErrorCode::UnknownClass);
  EXPECT_EQ(codeOf([] {
              metricName({{"class_name", "BinaryAccuracy"}, {"config", {{"threshold", "a"}}}});
            }),
            ErrorCode::InvalidArgument);
}

TEST(Metrics, KeepTheirStateInNamedVariables) {
  const auto metric = makeMetric("mse", Shape::batched({1}), Shape::batched({1}));
  metric->createState("train/metrics/0");
  ASSERT_EQ(metric->state().size(), 2u);
  EXPECT_EQ(metric->state()[0]->path(), "train/metrics/0/total");
  EXPECT_EQ(metric->state()[1]->path(), "train/metrics/0/count");
}

}  // namespace
}  // namespace tabtrain::testing
