#include "losses/smoothed_crossentropy.h"
#include "metrics/metric.h"

/// Metrics that are the mean of a loss function: keras/metrics/regression_metrics.py,
/// probabilistic_metrics.py.
namespace tabtrain {
namespace {

class MeanSquaredErrorMetric : public MeanMetric {
 public:
  explicit MeanSquaredErrorMetric(ConfigReader& reader)
      : MeanMetric(reader, "mean_squared_error") {}
  const char* className() const override { return "MeanSquaredError"; }

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override { return meanSquaredError(yTrue, yPred); }
};

class SparseCategoricalCrossentropyMetric : public MeanMetric {
 public:
  explicit SparseCategoricalCrossentropyMetric(ConfigReader& reader)
      : MeanMetric(reader, "sparse_categorical_crossentropy"),
        fromLogits_(reader.boolean("from_logits", false)) {
    reader.unsupported("ignore_class");
    reader.unsupported("axis", -1);
  }
  const char* className() const override { return "SparseCategoricalCrossentropy"; }

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return sparseCategoricalCrossentropy(yTrue, yPred, fromLogits_);
  }
  Json ownConfig() const override { return {{"from_logits", fromLogits_}, {"axis", -1}}; }

 private:
  bool fromLogits_;
};

/// Categorical and binary cross-entropy take the same arguments.
class SmoothedCrossentropyMetric : public MeanMetric {
 public:
  SmoothedCrossentropyMetric(ConfigReader& reader, const char* className, const char* name,
                             SmoothedCrossentropy::Function function)
      : MeanMetric(reader, name),
        className_(className),
        function_(function),
        fromLogits_(reader.boolean("from_logits", false)),
        labelSmoothing_(reader.number("label_smoothing", 0.0, 0.0, 1.0)) {
    reader.unsupported("axis", -1);
  }
  const char* className() const override { return className_; }

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return function_(yTrue, yPred, fromLogits_, labelSmoothing_);
  }
  Json ownConfig() const override {
    return {{"from_logits", fromLogits_}, {"label_smoothing", labelSmoothing_}};
  }

 private:
  const char* className_;
  SmoothedCrossentropy::Function function_;
  bool fromLogits_;
  double labelSmoothing_;
};

}  // namespace

std::unique_ptr<Metric> makeMeanSquaredErrorMetric(ConfigReader& reader) {
  return std::make_unique<MeanSquaredErrorMetric>(reader);
}
std::unique_ptr<Metric> makeSparseCategoricalCrossentropyMetric(ConfigReader& reader) {
  return std::make_unique<SparseCategoricalCrossentropyMetric>(reader);
}
std::unique_ptr<Metric> makeCategoricalCrossentropyMetric(ConfigReader& reader) {
  return std::make_unique<SmoothedCrossentropyMetric>(
      reader, "CategoricalCrossentropy", "categorical_crossentropy", categoricalCrossentropy);
}
std::unique_ptr<Metric> makeBinaryCrossentropyMetric(ConfigReader& reader) {
  return std::make_unique<SmoothedCrossentropyMetric>(reader, "BinaryCrossentropy",
                                                      "binary_crossentropy", binaryCrossentropy);
}

}  // namespace tabtrain
