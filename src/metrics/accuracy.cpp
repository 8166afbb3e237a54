#include "losses/loss.h"
#include "metrics/metric.h"

/// The share of predictions that are right: keras/metrics/accuracy_metrics.py.
namespace tabtrain {
namespace {

/// yTrue == yPred, element by element.
class Accuracy : public MeanMetric {
 public:
  explicit Accuracy(ConfigReader& reader) : MeanMetric(reader, "accuracy") {}
  const char* className() const override { return "Accuracy"; }

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return equal(matchRank(yTrue, yPred), yPred);
  }
};

/// yTrue == (yPred > threshold), the mean over the last axis.
class BinaryAccuracy : public MeanMetric {
 public:
  explicit BinaryAccuracy(ConfigReader& reader)
      : MeanMetric(reader, "binary_accuracy"), threshold_(reader.number("threshold", 0.5)) {}
  const char* className() const override { return "BinaryAccuracy"; }

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override {
    const Expr threshold = yPred.graph->constant(static_cast<float>(threshold_));
    return meanLast(equal(matchRank(yTrue, yPred), greater(yPred, threshold)));
  }
  Json ownConfig() const override { return {{"threshold", threshold_}}; }

 private:
  double threshold_;
};

/// argmax(yTrue) == argmax(yPred) over the last axis.
class CategoricalAccuracy : public MeanMetric {
 public:
  explicit CategoricalAccuracy(ConfigReader& reader) : MeanMetric(reader, "categorical_accuracy") {}
  const char* className() const override { return "CategoricalAccuracy"; }

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return equal(argMax(matchRank(yTrue, yPred)), argMax(yPred));
  }
};

/// yTrue == argmax(yPred) over the last axis.
class SparseCategoricalAccuracy : public MeanMetric {
 public:
  explicit SparseCategoricalAccuracy(ConfigReader& reader)
      : MeanMetric(reader, "sparse_categorical_accuracy") {}
  const char* className() const override { return "SparseCategoricalAccuracy"; }

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return equal(classIndices(yTrue, yPred), argMax(yPred));
  }
};

}  // namespace

std::unique_ptr<Metric> makeAccuracy(ConfigReader& reader) {
  return std::make_unique<Accuracy>(reader);
}
std::unique_ptr<Metric> makeBinaryAccuracy(ConfigReader& reader) {
  return std::make_unique<BinaryAccuracy>(reader);
}
std::unique_ptr<Metric> makeCategoricalAccuracy(ConfigReader& reader) {
  return std::make_unique<CategoricalAccuracy>(reader);
}
std::unique_ptr<Metric> makeSparseCategoricalAccuracy(ConfigReader& reader) {
  return std::make_unique<SparseCategoricalAccuracy>(reader);
}

}  // namespace tabtrain
