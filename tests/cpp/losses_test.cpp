// What the golden cases of losses and metrics leave open: refusals and the checks of labels.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "checkpoint_fixtures.h"
#include "graph_runner.h"
#include "losses/loss.h"
#include "metrics/metric.h"

namespace tabtrain::testing {
namespace {

TEST(Losses, AreKnownByNameAndAlias) {
  const std::map<std::string, std::vector<std::string>> kAliases = {
      {"SparseCategoricalCrossentropy", {"sparse_categorical_crossentropy"}},
      {"CategoricalCrossentropy", {"categorical_crossentropy"}},
      {"BinaryCrossentropy", {"binary_crossentropy", "bce", "BCE"}},
      {"CategoricalFocalCrossentropy", {"categorical_focal_crossentropy"}},
      {"BinaryFocalCrossentropy", {"binary_focal_crossentropy"}},
      {"MeanSquaredError", {"mean_squared_error", "mse", "MSE"}},
      {"MeanAbsoluteError", {"mean_absolute_error", "mae", "MAE"}},
      {"MeanAbsolutePercentageError", {"mean_absolute_percentage_error", "mape", "MAPE"}},
      {"MeanSquaredLogarithmicError", {"mean_squared_logarithmic_error", "msle", "MSLE"}},
      {"CosineSimilarity", {"cosine_similarity"}},
      {"Huber", {"huber", "huber_loss"}},
      {"LogCosh", {"log_cosh", "logcosh"}},
      {"Poisson", {"poisson"}},
      {"KLDivergence", {"kl_divergence", "kullback_leibler_divergence", "kld", "KLD"}},
      {"Hinge", {"hinge"}},
      {"SquaredHinge", {"squared_hinge"}},
      {"CategoricalHinge", {"categorical_hinge"}}};
  for (const std::string& name : lossNames()) {
    ASSERT_TRUE(kAliases.contains(name)) << name;
    EXPECT_EQ(makeLoss(name)->className(), name);
    for (const std::string& alias : kAliases.at(name)) {
      // What has an alias in a loss has the same one as a metric.
      EXPECT_EQ(makeLoss(alias)->className(), name);
      EXPECT_EQ(metricName(alias), alias);
    }
  }
  EXPECT_EQ(codeOf([] { makeLoss("hinge2"); }), ErrorCode::UnknownClass);
}

TEST(Losses, RefuseWhatTheyDoNotHave) {
  const auto make = [](const Json& config) {
    return codeOf([&] {
      makeLoss({{"class_name", "SparseCategoricalCrossentropy"}, {"config", config}});
    });
  };
  EXPECT_EQ(make({{"reduction", "mean"}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(make({{"ignore_class", 0.5}}), ErrorCode::InvalidArgument);
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
  for (const char* name : {"accuracy", "acc", "ce", "crossentropy", "mse"}) {
    EXPECT_EQ(metricName(name), name);
  }
  EXPECT_EQ(metricName("BinaryAccuracy"), "binary_accuracy");
  EXPECT_EQ(codeOf([] { metricName("auc2"); }), ErrorCode::UnknownClass);
  EXPECT_EQ(codeOf([] {
              metricName({{"class_name", "BinaryAccuracy"}, {"config", {{"threshold", "a"}}}});
            }),
            ErrorCode::InvalidArgument);
}

TEST(Metrics, AreNumberedWhereKerasNumbersThem) {
  EXPECT_EQ(metricName("AUC", {"loss"}), "auc");
  EXPECT_EQ(metricName("AUC", {"loss", "auc"}), "auc_1");
  EXPECT_EQ(metricName("Precision", {"precision", "precision_1"}), "precision_2");
  EXPECT_EQ(metricName({{"class_name", "AUC"}, {"config", {{"name", "auc"}}}}, {"auc"}), "auc");
  EXPECT_EQ(metricName("RootMeanSquaredError", {"root_mean_squared_error"}),
            "root_mean_squared_error");
}

/// The error of a metric whose state is created for four outputs.
ErrorCode codeOfState(const Json& metric, std::string* message) {
  const Shape shape = Shape::batched({4});
  return codeOf([&] { makeMetric(metric, shape, shape)->createState("metrics/0"); }, message);
}

TEST(Metrics, RefuseToHaveSeveralValues) {
  std::string message;
  EXPECT_EQ(codeOfState("F1Score", &message), ErrorCode::Unsupported);
  EXPECT_EQ(message,
            "F1Score: average: expected an average over the 4 outputs, since logs hold one number, "
            "got null");
  const Json score = {{"class_name", "R2Score"}, {"config", {{"class_aggregation", nullptr}}}};
  EXPECT_EQ(codeOfState(score, &message), ErrorCode::Unsupported);
  const Json recall = {{"class_name", "Recall"}, {"config", {{"thresholds", {0.2, 0.4}}}}};
  EXPECT_EQ(codeOfState(recall, &message), ErrorCode::Unsupported);
  EXPECT_EQ(
      message,
      "Recall: thresholds: expected one threshold, since logs hold one number, got [0.2,0.4]");
}

TEST(Metrics, SayWhichOfTheirArgumentsDoNotFitTheModel) {
  GraphRunner runner;
  const Expr y = runner.feed({2, 3}, std::vector<double>(6));
  const auto update = [&](const Json& json) {
    const auto metric = makeMetric(json, y.shape(), y.shape());
    metric->createState("metrics/0");
    metric->update(y, y, {});
  };
  std::string message;
  const Json precision = {{"class_name", "Precision"}, {"config", {{"class_id", 3}}}};
  EXPECT_EQ(codeOf([&] { update(precision); }, &message), ErrorCode::InvalidArgument);
  EXPECT_EQ(message, "class_id: expected one of the 3 classes of the predictions, got 3");
  const Json relative = {{"class_name", "MeanRelativeError"}, {"config", {{"normalizer", {1, 2}}}}};
  EXPECT_EQ(codeOf([&] { update(relative); }, &message), ErrorCode::ShapeMismatch);
}

TEST(Metrics, OfClassesAreNaNForWhatIsNone) {
  for (const double label : {-1.0, 2.0}) {
    const Json json = {{"class_name", "MeanIoU"}, {"config", {{"num_classes", 2}}}};
    const auto metric = makeMetric(json, Shape::batched({1}), Shape::batched({1}));
    metric->createState("metrics/0");
    GraphRunner step;
    const Expr yPred = step.feed({3, 1}, {0, 1, 1});
    metric->update(step.feed({3, 1}, {0, label, 1}), yPred, {});
    step.run({});
    GraphRunner reader;
    EXPECT_TRUE(std::isnan(reader.run({metric->result(reader.graph())})[0][0])) << label;
  }
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
