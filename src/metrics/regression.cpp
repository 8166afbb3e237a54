#include <algorithm>
#include <limits>

#include "base/error.h"
#include "losses/loss.h"
#include "metrics/metric.h"

/// keras/metrics/regression_metrics.py.
namespace tabtrain {
namespace {

/// sqrt of the mean of (yPred - y)^2 over all elements.
class RootMeanSquaredError : public MeanMetric {
 public:
  explicit RootMeanSquaredError(ConfigReader& reader)
      : MeanMetric(reader, "root_mean_squared_error") {}
  Expr result(Graph& graph) const override { return squareRoot(MeanMetric::result(graph)); }

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return square(yPred - matchRank(yTrue, yPred));
  }
};

/// The mean of |y - yPred| / normalizer, a number or one for each output; 0 where that is 0.
class MeanRelativeError : public MeanMetric {
 public:
  explicit MeanRelativeError(ConfigReader& reader)
      : MeanMetric(reader, "mean_relative_error", true), json_(reader.any("normalizer")) {
    const Json list = json_.is_array() ? json_ : Json::array({json_});
    for (const Json& value : list) {
      if (!value.is_number()) reader.fail("normalizer", "a number or a list of numbers");
      normalizer_.push_back(value.get<float>());
    }
    if (normalizer_.empty()) reader.fail("normalizer", "a number or a list of numbers");
  }
  void createState(const std::string& path) override {
    MeanMetric::createState(path);
    variable_ = &addConstant(path, "normalizer", {static_cast<int64_t>(normalizer_.size())},
                             [values = normalizer_](std::span<float> out) {
                               std::copy(values.begin(), values.end(), out.begin());
                             });
  }

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override {
    const Expr error = absolute(matchRank(yTrue, yPred) - yPred);
    const auto count = static_cast<int64_t>(normalizer_.size());
    require(
        count == 1 || yPred.shape().back() == Dim{count, false},
        [&] {
          return "MeanRelativeError: normalizer: expected a number for each output of " +
                 yPred.shape().toString() + ", got " + std::to_string(count);
        },
        ErrorCode::ShapeMismatch);
    return divideNoNan(error, yPred.graph->read(*variable_));
  }
  Json ownConfig() const override { return {{"normalizer", json_}}; }

 private:
  Json json_;
  std::vector<float> normalizer_;
  Variable* variable_ = nullptr;
};

/// 1 - sum((y - yPred)^2) / sum((y - mean(y))^2) for each output, then their mean; adjusted for
/// `num_regressors` where there are enough values.
class R2Score : public Metric {
 public:
  explicit R2Score(ConfigReader& reader)
      : Metric(reader, "r2_score"),
        aggregation_(reader.any("class_aggregation")),
        regressors_(reader.integer("num_regressors", 0, 0)) {
    if (!reader.has("class_aggregation")) aggregation_ = "uniform_average";
    if (!aggregation_.is_null() && aggregation_ != "uniform_average" &&
        aggregation_ != "variance_weighted_average") {
      reader.fail("class_aggregation",
                  "null, \"uniform_average\" or \"variance_weighted_average\"");
    }
  }
  void createState(const std::string& path) override {
    if (aggregation_.is_null()) requireOneOutput("class_aggregation");
    const int64_t count = outputs();
    samples_ = &addState(path, "num_samples", {});
    squaredSum_ = &addState(path, "squared_sum", {count});
    sum_ = &addState(path, "sum", {count});
    residual_ = &addState(path, "residual", {count});
    count_ = &addState(path, "count", {count});
  }
  void update(Expr yTrue, Expr yPred, Expr weights) const override {
    yTrue = matchRank(yTrue, yPred);
    const Expr weight = weights ? spreadWeights(weights, yTrue.shape())
                                : broadcastTo(yTrue.graph->constant(1.0f), yTrue.shape());
    const Expr weighted = yTrue * weight;
    accumulate(*sum_, sum(weighted, 0, 1));
    accumulate(*squaredSum_, sum(yTrue * weighted, 0, 1));
    accumulate(*residual_, sum(square(yTrue - yPred) * weight, 0, 1));
    accumulate(*count_, sum(weight, 0, 1));
    accumulate(*samples_, yTrue.graph->batchSize() * static_cast<float>(outputs()));
  }
  Expr result(Graph& graph) const override {
    const Expr zero = graph.constant(0.0f);
    const Expr sums = graph.read(*sum_);
    const Expr total = graph.read(*squaredSum_) - sums * (sums / graph.read(*count_));
    Expr scores = 1.0f - graph.read(*residual_) / total;
    const Expr infinity = graph.constant(std::numeric_limits<float>::infinity());
    scores = select(equal(absolute(scores), infinity), zero, scores);
    const bool isMean = aggregation_ != "variance_weighted_average";
    const Expr score = isMean ? meanAll(scores) : sumAll(total * scores) / sumAll(total);
    if (regressors_ == 0) return score;
    const Expr others = graph.read(*samples_) - 1.0f;
    const Expr left = others - static_cast<float>(regressors_);
    return select(greater(left, zero), 1.0f - (1.0f - score) * others / left, score);
  }

 protected:
  Json ownConfig() const override {
    return {{"class_aggregation", aggregation_}, {"num_regressors", regressors_}};
  }

 private:
  Json aggregation_;
  int64_t regressors_;
  Variable* samples_ = nullptr;
  Variable* squaredSum_ = nullptr;
  Variable* sum_ = nullptr;
  Variable* residual_ = nullptr;
  Variable* count_ = nullptr;
};

}  // namespace

std::unique_ptr<Metric> makeRootMeanSquaredError(ConfigReader& reader) {
  return std::make_unique<RootMeanSquaredError>(reader);
}
std::unique_ptr<Metric> makeMeanRelativeError(ConfigReader& reader) {
  return std::make_unique<MeanRelativeError>(reader);
}
std::unique_ptr<Metric> makeR2Score(ConfigReader& reader) {
  return std::make_unique<R2Score>(reader);
}

}  // namespace tabtrain
