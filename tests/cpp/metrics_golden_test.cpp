// Every metric against Keras, and what 'accuracy' and other strings become:
// tests/golden/metrics.json.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "golden.h"
#include "graph_runner.h"
#include "layers/layer.h"
#include "metrics/metric.h"

namespace tabtrain::testing {
namespace {

std::vector<GoldenCase> casesOf(const std::string& kind) {
  std::vector<GoldenCase> cases = goldenCases("metrics.json");
  std::erase_if(cases, [&](const GoldenCase& c) { return c.json.at("kind") != kind; });
  return cases;
}

float resultOf(const Metric& metric) {
  GraphRunner runner;
  return runner.run({metric.result(runner.graph())})[0][0];
}

class MetricUpdates : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(MetricUpdates, EqualKerasAfterEachBatch) {
  const Json& golden = GetParam().json;
  const Json& first = golden["updates"][0];
  const auto shapeOf = [&](const char* key) {
    const Tensor tensor = goldenTensor(first[key]);
    return Shape::batched({tensor.shape.begin() + 1, tensor.shape.end()});
  };
  const auto metric = makeMetric(golden["metric"], shapeOf("y_true"), shapeOf("y_pred"));
  EXPECT_EQ(withoutNewerDefaults(metric->toJson()), golden["metric"]);
  metric->createState("metrics/0");
  const auto expectResult = [&](const Json& expected) {
    const float actual = resultOf(*metric);
    const double value = goldenNumber(expected);
    EXPECT_TRUE(std::isnan(value) ? std::isnan(actual) : isClose(actual, value))
        << "expected " << value << ", got " << actual;
  };
  if (golden.contains("initial")) expectResult(golden["initial"]);

  for (const Json& update : golden["updates"]) {
    GraphRunner runner;
    const Expr yTrue = runner.feed(goldenTensor(update["y_true"]));
    const Expr yPred = runner.feed(goldenTensor(update["y_pred"]));
    Expr weights;
    if (!update["sample_weight"].is_null()) {
      weights = runner.feed(goldenTensor(update["sample_weight"]));
    }
    metric->update(yTrue, yPred, weights);
    runner.run({});
    expectResult(update["result"]);
  }
}

INSTANTIATE_TEST_SUITE_P(Metrics, MetricUpdates, ::testing::ValuesIn(casesOf("updates")), caseName);

class MetricStrings : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(MetricStrings, BecomeKerasMetric) {
  const Json& golden = GetParam().json;
  const auto units = golden["output_units"].get<int64_t>();
  const auto labels = golden["labels"].get<std::string>();
  Tensor yTrue{{4}, DType::Float32, std::vector<double>(4)};
  if (labels != "rank1") yTrue.shape.push_back(labels == "column" ? 1 : units);
  if (labels == "full") yTrue.values.resize(static_cast<size_t>(4 * units));
  GraphRunner runner;
  const Expr target = runner.feed(yTrue);
  const Expr prediction =
      runner.feed({4, units}, std::vector<double>(static_cast<size_t>(4 * units)));

  const auto metric = makeMetric(golden["metric"], target.shape(), prediction.shape());
  metric->createState("metrics/0");
  if (golden.contains("fails")) {
    EXPECT_THROW(metric->update(target, prediction, {}), Error);
    return;
  }
  // Keras wraps most functions in one class, and has other names for some of them.
  if (golden["class_name"] == "MeanMetricWrapper") {
    auto function = golden["function"].get<std::string>();
    if (function == "log_cosh") function = "log_cosh_error";
    if (function == "cosine_proximity") function = "cosine_similarity";
    EXPECT_EQ(snakeCase(metric->className()), function);
  } else {
    EXPECT_EQ(metric->className(), golden["class_name"]);
  }
  EXPECT_EQ(metric->name(), golden["metrics_names"][1]);
}

INSTANTIATE_TEST_SUITE_P(Metrics, MetricStrings, ::testing::ValuesIn(casesOf("resolve")), caseName);

TEST(MetricsGolden, EveryCaseIsOfAKindThatIsTested) {
  size_t tested = 0;
  // `names` is about the names that compile gives to several metrics.
  for (const char* kind : {"updates", "resolve", "names"}) tested += casesOf(kind).size();
  EXPECT_EQ(tested, goldenCases("metrics.json").size());
}

}  // namespace
}  // namespace tabtrain::testing
