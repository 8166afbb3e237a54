#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "kernels/confusion.h"
#include "losses/loss.h"
#include "metrics/metric.h"

/// Metrics of true and false positives and negatives: keras/metrics/confusion_metrics.py.
namespace tabtrain {
namespace {

using kernels::Count;
using Thresholds = std::vector<double>;

constexpr std::array kCountNames = {"true_positives", "false_positives", "true_negatives",
                                    "false_negatives"};
constexpr unsigned kAllCounts = 15;

/// n thresholds from 0 to 1, the first and the last moved outwards by `margin`.
Thresholds evenThresholds(int64_t n, double margin) {
  Thresholds thresholds;
  for (int64_t i = 0; i < n; ++i) {
    thresholds.push_back(static_cast<double>(i) / static_cast<double>(n - 1));
  }
  thresholds.front() -= margin;
  thresholds.back() += margin;
  return thresholds;
}

/// keras/utils/metrics_utils.py, `is_evenly_distributed_thresholds`.
bool areEven(const Thresholds& thresholds) {
  const Thresholds even = evenThresholds(static_cast<int64_t>(thresholds.size()), 0.0);
  for (size_t i = 0; i < even.size(); ++i) {
    if (std::abs(thresholds[i] - even[i]) > 1.01e-7 + 1e-5 * even[i]) return false;
  }
  return thresholds.size() > 2;
}

Thresholds readThresholds(ConfigReader& reader) {
  const Json& json = reader.any("thresholds");
  Thresholds thresholds;
  for (const Json& value : json.is_array() ? json : Json::array({json})) {
    const double threshold = value.is_number() ? value.get<double>() : -1.0;
    if (!(threshold >= 0.0 && threshold <= 1.0)) {
      reader.fail("thresholds", "numbers between 0 and 1");
    }
    thresholds.push_back(threshold);
  }
  return thresholds;
}

/// Counts for each threshold, as much of them as a metric needs.
class ConfusionMetric : public Metric {
 public:
  ConfusionMetric(ConfigReader& reader, const char* name, unsigned counts)
      : Metric(reader, name, true), counts_(counts) {}

  void createState(const std::string& path) override {
    const auto size = static_cast<int64_t>(thresholds_.size());
    for (size_t i = 0; i < kCountNames.size(); ++i) {
      if (counts_ >> i & 1) variables_[i] = &addState(path, kCountNames[i], {size});
    }
    constant_ = &addConstant(path, "thresholds", {size}, [t = thresholds_](std::span<float> out) {
      for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(t[i]);
    });
  }

  void update(Expr yTrue, Expr yPred, Expr weights) const override {
    yTrue = matchRank(yTrue, yPred);
    std::vector<Expr> inputs = {yTrue, fromLogits_ ? sigmoid(yPred) : yPred,
                                yPred.graph->read(*constant_)};
    if (weights) inputs.push_back(weights);
    const auto counts = yPred.graph->apply(
        "ConfusionCounts", inputs,
        {{"top_k", topK_.value_or(0)}, {"class_id", classId_.value_or(-1)}, {"is_even", isEven_}});
    for (size_t i = 0; i < counts.size(); ++i) {
      if (variables_[i] != nullptr) accumulate(*variables_[i], counts[i]);
    }
  }

 protected:
  /// A number or a list of one, since logs hold one value for each metric.
  void readThreshold(ConfigReader& reader, double fallback) {
    json_ = reader.any("thresholds");
    thresholds_ = json_.is_null() ? Thresholds{fallback} : readThresholds(reader);
    if (thresholds_.size() == 1) return;
    throw Error(ErrorCode::Unsupported,
                className() +
                    ": thresholds: expected one threshold, since logs hold one number, "
                    "got " +
                    json_.dump().substr(0, 100));
  }
  Expr count(Graph& graph, int which) const {
    return graph.read(*variables_[static_cast<size_t>(which)]);
  }
  /// The share of `which` in itself and `other`, [thresholds].
  Expr share(Graph& graph, int which, int other) const {
    const Expr part = count(graph, which);
    return divideNoNan(part, part + count(graph, other));
  }

  Json json_;  // thresholds as they were given
  Thresholds thresholds_;
  bool isEven_ = false;
  bool fromLogits_ = false;
  std::optional<int64_t> topK_;
  std::optional<int64_t> classId_;

 private:
  unsigned counts_;
  std::array<Variable*, kCountNames.size()> variables_{};
  Variable* constant_ = nullptr;
};

/// TruePositives, FalsePositives, TrueNegatives, FalseNegatives.
class CountMetric : public ConfusionMetric {
 public:
  CountMetric(ConfigReader& reader, Count which)
      : ConfusionMetric(reader, kCountNames[which], 1u << which), which_(which) {
    readThreshold(reader, 0.5);
  }
  Expr result(Graph& graph) const override { return sumAll(count(graph, which_)); }

 protected:
  Json ownConfig() const override { return {{"thresholds", json_}}; }

 private:
  Count which_;
};

/// Precision and Recall: true positives over them and `other`.
class TruePositiveShare : public ConfusionMetric {
 public:
  TruePositiveShare(ConfigReader& reader, const char* name, Count other)
      : ConfusionMetric(reader, name, 1u << kernels::kTruePositives | 1u << other), other_(other) {
    topK_ = reader.optionalInteger("top_k", 1, kMaxClass);
    classId_ = reader.optionalInteger("class_id", 0, kMaxClass);
    readThreshold(reader, topK_ ? -1e10 : 0.5);
  }
  Expr result(Graph& graph) const override {
    return sumAll(share(graph, kernels::kTruePositives, other_));
  }

 protected:
  Json ownConfig() const override {
    const auto json = [](const std::optional<int64_t>& x) { return x ? Json(*x) : Json(); };
    return {{"thresholds", json_}, {"top_k", json(topK_)}, {"class_id", json(classId_)}};
  }

 private:
  Count other_;
};

/// A share of counts: the first over the first and the second.
struct Rate {
  const char* name;
  Count part, rest;
};
constexpr Rate kSensitivity = {"sensitivity", kernels::kTruePositives, kernels::kFalseNegatives};
constexpr Rate kRecall = {"recall", kernels::kTruePositives, kernels::kFalseNegatives};
constexpr Rate kSpecificity = {"specificity", kernels::kTrueNegatives, kernels::kFalsePositives};
constexpr Rate kPrecision = {"precision", kernels::kTruePositives, kernels::kFalsePositives};

/// The best of one rate over the thresholds at which the other is at least as asked.
class RateAtRate : public ConfusionMetric {
 public:
  RateAtRate(ConfigReader& reader, const char* name, Rate best, Rate asked)
      : ConfusionMetric(reader, name, kAllCounts),
        best_(best),
        asked_(asked),
        atLeast_(reader.number(asked.name, std::nullopt, 0.0, 1.0)) {
    const int64_t count = reader.integer("num_thresholds", 200, 1, kMaxClass);
    classId_ = reader.optionalInteger("class_id", 0, kMaxClass);
    isEven_ = count > 1;
    thresholds_ = isEven_ ? evenThresholds(count, 0.0) : Thresholds{0.5};
  }
  Expr result(Graph& graph) const override {
    const Expr isFeasible = greaterEqual(share(graph, asked_.part, asked_.rest),
                                         graph.constant(static_cast<float>(atLeast_)));
    const Expr best = share(graph, best_.part, best_.rest);
    return maxOver(select(isFeasible, best, graph.constant(0.0f)), 0, 1);
  }

 protected:
  Json ownConfig() const override {
    return {{"class_id", classId_ ? Json(*classId_) : Json()},
            {"num_thresholds", thresholds_.size()},
            {asked_.name, atLeast_}};
  }

 private:
  Rate best_, asked_;
  double atLeast_;
};

/// The place in `choices` of the list that holds the spelling that was given.
int64_t readChoice(ConfigReader& reader, const char* key, const char* fallback,
                   std::initializer_list<std::initializer_list<const char*>> choices,
                   const char* expected) {
  const std::string given = reader.string(key, fallback);
  int64_t index = 0;
  for (const auto& spellings : choices) {
    if (std::find(spellings.begin(), spellings.end(), given) != spellings.end()) return index;
    ++index;
  }
  reader.fail(key, expected);
}

/// The area under the ROC, precision-recall or precision-recall-gain curve.
class Auc : public ConfusionMetric {
 public:
  explicit Auc(ConfigReader& reader) : ConfusionMetric(reader, "auc", kAllCounts) {
    curve_ = readChoice(reader, "curve", "ROC",
                        {{"ROC", "roc"}, {"PR", "pr"}, {"PR_GAIN", "pr_gain", "prgain", "PRGAIN"}},
                        "\"ROC\", \"PR\" or \"PR_GAIN\"");
    summation_ = readChoice(
        reader, "summation_method", "interpolation",
        {{"interpolation", "Interpolation"}, {"majoring", "Majoring"}, {"minoring", "Minoring"}},
        "\"interpolation\", \"majoring\" or \"minoring\"");
    const int64_t count = reader.integer("num_thresholds", 200, 2, kMaxClass);
    isEven_ = true;
    json_ = reader.any("thresholds");
    if (json_.is_null()) {
      thresholds_ = evenThresholds(count, 1e-7);
    } else {
      thresholds_ = readThresholds(reader);
      std::sort(thresholds_.begin(), thresholds_.end());
      json_ = thresholds_;
      thresholds_.insert(thresholds_.begin(), 0.0);
      thresholds_.push_back(1.0);
      isEven_ = areEven(thresholds_);
      thresholds_.front() -= 1e-7;
      thresholds_.back() += 1e-7;
    }
    fromLogits_ = reader.boolean("from_logits", false);
    reader.unsupported("multi_label", false);
    reader.unsupported("num_labels");
    reader.unsupported("label_weights");
  }
  Expr result(Graph& graph) const override {
    std::vector<Expr> counts;
    for (int i = 0; i < kernels::kCounts; ++i) counts.push_back(count(graph, i));
    return apply("AreaUnderCurve", counts, {{"curve", curve_}, {"summation", summation_}});
  }

 protected:
  Json ownConfig() const override {
    constexpr std::array kCurves = {"ROC", "PR", "PR_GAIN"};
    constexpr std::array kMethods = {"interpolation", "majoring", "minoring"};
    Json config = {{"num_thresholds", thresholds_.size()},
                   {"curve", kCurves[static_cast<size_t>(curve_)]},
                   {"summation_method", kMethods[static_cast<size_t>(summation_)]},
                   {"multi_label", false},
                   {"label_weights", nullptr}};
    if (fromLogits_) config["from_logits"] = true;
    if (!json_.is_null()) config["thresholds"] = json_;
    return config;
  }

 private:
  int64_t curve_;
  int64_t summation_;
};

}  // namespace

std::unique_ptr<Metric> makeTruePositives(ConfigReader& reader) {
  return std::make_unique<CountMetric>(reader, kernels::kTruePositives);
}
std::unique_ptr<Metric> makeFalsePositives(ConfigReader& reader) {
  return std::make_unique<CountMetric>(reader, kernels::kFalsePositives);
}
std::unique_ptr<Metric> makeTrueNegatives(ConfigReader& reader) {
  return std::make_unique<CountMetric>(reader, kernels::kTrueNegatives);
}
std::unique_ptr<Metric> makeFalseNegatives(ConfigReader& reader) {
  return std::make_unique<CountMetric>(reader, kernels::kFalseNegatives);
}
std::unique_ptr<Metric> makePrecision(ConfigReader& reader) {
  return std::make_unique<TruePositiveShare>(reader, "precision", kernels::kFalsePositives);
}
std::unique_ptr<Metric> makeRecall(ConfigReader& reader) {
  return std::make_unique<TruePositiveShare>(reader, "recall", kernels::kFalseNegatives);
}
std::unique_ptr<Metric> makeSensitivityAtSpecificity(ConfigReader& reader) {
  return std::make_unique<RateAtRate>(reader, "sensitivity_at_specificity", kSensitivity,
                                      kSpecificity);
}
std::unique_ptr<Metric> makeSpecificityAtSensitivity(ConfigReader& reader) {
  return std::make_unique<RateAtRate>(reader, "specificity_at_sensitivity", kSpecificity,
                                      kSensitivity);
}
std::unique_ptr<Metric> makePrecisionAtRecall(ConfigReader& reader) {
  return std::make_unique<RateAtRate>(reader, "precision_at_recall", kPrecision, kRecall);
}
std::unique_ptr<Metric> makeRecallAtPrecision(ConfigReader& reader) {
  return std::make_unique<RateAtRate>(reader, "recall_at_precision", kRecall, kPrecision);
}
std::unique_ptr<Metric> makeAuc(ConfigReader& reader) { return std::make_unique<Auc>(reader); }

}  // namespace tabtrain
