#include "base/error.h"
#include "losses/loss.h"
#include "metrics/metric.h"

namespace tabtrain {
namespace {

/// (1 + beta^2) precision recall / (beta^2 precision + recall), of each class or of all together,
/// then an average. What is predicted is the greatest of a sample, or all above `threshold`.
/// tf-keras's metrics/f_score_metrics.py.
class FBetaScore : public Metric {
 public:
  FBetaScore(ConfigReader& reader, const char* name, bool takesBeta)
      : Metric(reader, name),
        takesBeta_(takesBeta),
        average_(reader.any("average")),
        threshold_(reader.any("threshold")) {
    const bool isKnown =
        average_.is_null() || average_ == "micro" || average_ == "macro" || average_ == "weighted";
    if (!isKnown) reader.fail("average", "null, \"micro\", \"macro\" or \"weighted\"");
    if (takesBeta) beta_ = reader.number("beta", 1.0, 0.0);
    if (beta_ == 0.0) reader.fail("beta", "a number above 0");
    if (!threshold_.is_null() && reader.number("threshold", 0.0, 0.0, 1.0) == 0.0) {
      reader.fail("threshold", "null or a number above 0 and up to 1");
    }
  }

  void createState(const std::string& path) override {
    if (average_.is_null()) requireOneOutput("average");
    std::vector<int64_t> sizes = {outputs()};
    if (average_ == "micro") sizes.clear();
    const char* names[] = {"true_positives", "false_positives", "false_negatives",
                           "intermediate_weights"};
    for (size_t i = 0; i < 4; ++i) counts_[i] = &addState(path, names[i], sizes);
  }

  void update(Expr yTrue, Expr yPred, Expr weights) const override {
    yTrue = matchRank(yTrue, yPred);
    const auto constant = [&](double x) { return yPred.graph->constant(static_cast<float>(x)); };
    const Expr predicted = threshold_.is_null()
                               ? greaterEqual(yPred, maxOver(yPred, 1, 2, true)) *
                                     greater(absolute(yPred), constant(1e-9))
                               : greater(yPred, constant(threshold_.get<double>()));
    const Expr values[] = {predicted * yTrue, predicted * (1.0f - yTrue),
                           (1.0f - predicted) * yTrue, yTrue};
    for (size_t i = 0; i < 4; ++i) {
      const Expr value =
          weights ? values[i] * spreadWeights(weights, values[i].shape()) : values[i];
      accumulate(*counts_[i], average_ == "micro" ? sumAll(value) : sum(value, 0, 1));
    }
  }

  Expr result(Graph& graph) const override {
    const auto count = [&](size_t i) { return graph.read(*counts_[i]); };
    const Expr precision = divideNoNan(count(0), count(0) + count(1));
    const Expr recall = divideNoNan(count(0), count(0) + count(2));
    const auto square = static_cast<float>(beta_ * beta_);
    const Expr score =
        divideNoNan(precision * recall, precision * square + recall) * (1.0f + square);
    if (average_ == "micro") return score;
    if (average_ != "weighted") return meanAll(score);
    return sumAll(score * divideNoNan(count(3), sumAll(count(3))));
  }

 protected:
  Json ownConfig() const override {
    Json config = {{"average", average_}};
    if (takesBeta_) config["beta"] = beta_;
    config["threshold"] = threshold_;
    return config;
  }

 private:
  bool takesBeta_;
  Json average_;
  double beta_ = 1.0;
  Json threshold_;
  Variable* counts_[4] = {};
};

}  // namespace

std::unique_ptr<Metric> makeFBetaScore(ConfigReader& reader) {
  return std::make_unique<FBetaScore>(reader, "fbeta_score", true);
}
std::unique_ptr<Metric> makeF1Score(ConfigReader& reader) {
  return std::make_unique<FBetaScore>(reader, "f1_score", false);
}

}  // namespace tabtrain
