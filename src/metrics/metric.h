#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/class_registry.h"
#include "graph/expr.h"
#include "losses/arguments.h"

namespace tabtrain {

/// A metric with state over batches, which the graph of a step updates and a small graph of its own
/// reads. Its state is variables, so saving it needs no code here.
class Metric {
 public:
  /// `isNumbered` says that Keras numbers the default name: the second such metric is "auc_1".
  Metric(ConfigReader& reader, const char* defaultName, bool isNumbered = false);
  virtual ~Metric() = default;

  const std::string& className() const { return className_; }
  /// What logs and history call it.
  const std::string& name() const { return name_; }
  void setName(std::string name) { name_ = std::move(name); }
  bool isNumbered() const { return isNumbered_; }
  Json toJson() const;

  /// The shape of the predictions, [batch, ...], which is known before the state is created.
  void setPredictionShape(Shape shape) { predictionShape_ = std::move(shape); }
  /// Creates the state under a structural path ("train/metrics/0"). Throws Unsupported where the
  /// metric would have more than one value.
  virtual void createState(const std::string& path) = 0;
  /// Records the update for one batch; `weights` is [batch] or empty.
  virtual void update(Expr yTrue, Expr yPred, Expr weights) const = 0;
  /// The metric's value, float32 [], from its state.
  virtual Expr result(Graph& graph) const = 0;

  const std::vector<std::unique_ptr<Variable>>& state() const { return state_; }

 protected:
  virtual Json ownConfig() const { return Json::object(); }
  /// Whether Keras writes the keys of `ownConfig` before name and dtype.
  virtual bool ownConfigIsFirst() const { return false; }
  /// What Keras 2.8 does not know, where it is not at its default.
  virtual Json newerConfig() const { return Json::object(); }
  Variable& addState(const std::string& path, const std::string& name,
                     const std::vector<int64_t>& sizes);
  /// A tensor that graphs read and nobody changes.
  Variable& addConstant(const std::string& path, const std::string& name,
                        const std::vector<int64_t>& sizes, Variable::Fill fill);
  const Shape& predictionShape() const { return predictionShape_; }
  /// The extent of the predictions' last axis; throws InvalidArgument unless they are [batch, n].
  int64_t outputs() const;
  /// Throws Unsupported, naming `argument`, unless there is a single output.
  void requireOneOutput(const char* argument) const;

 private:
  std::string className_;
  std::string name_;
  bool isNumbered_;
  Shape predictionShape_;
  std::vector<std::unique_ptr<Variable>> state_;
  std::vector<std::unique_ptr<Variable>> constants_;
};

/// `weights` [batch] over all elements of `shape` [batch, ...].
Expr spreadWeights(Expr weights, const Shape& shape);

/// variable += value.
void accumulate(Variable& variable, Expr value);

/// The mean of a value per sample: total / count (keras/metrics, `MeanMetricWrapper`).
class MeanMetric : public Metric {
 public:
  using Metric::Metric;
  void createState(const std::string& path) override;
  void update(Expr yTrue, Expr yPred, Expr weights) const override;
  Expr result(Graph& graph) const override;

 protected:
  /// [batch] or [batch, ...].
  virtual Expr perSample(Expr yTrue, Expr yPred) const = 0;
  /// 0 for values that do not count, in the shape of `perSample`; empty where all do.
  virtual Expr mask(Expr /*yTrue*/, Expr /*yPred*/) const { return {}; }

 private:
  Variable* total_ = nullptr;
  Variable* count_ = nullptr;
};

/// From a name or a config. "accuracy", "acc", "crossentropy" and "ce" become the kind that fits
/// the predictions and targets (keras/engine/compile_utils.py, `_get_metric_object`), shown under
/// the name that was given. Throws UnknownClass, InvalidArgument.
std::unique_ptr<Metric> makeMetric(const Json& json, const Shape& target, const Shape& prediction);

/// What logs will call the metric of a name or config, if the names in `taken` are: a numbered name
/// becomes one that is not. Throws as `makeMetric` does.
std::string metricName(const Json& json, const std::vector<std::string>& taken = {});

/// The class names of all metrics.
std::vector<std::string> metricNames();

// The functions of metrics that no loss has. Each is documented at its definition.
Expr accuracy(Expr yTrue, Expr yPred, const Arguments&);
Expr binaryAccuracy(Expr yTrue, Expr yPred, const Arguments&);
Expr categoricalAccuracy(Expr yTrue, Expr yPred, const Arguments&);
Expr sparseCategoricalAccuracy(Expr yTrue, Expr yPred, const Arguments&);
Expr topKCategoricalAccuracy(Expr yTrue, Expr yPred, const Arguments&);
Expr sparseTopKCategoricalAccuracy(Expr yTrue, Expr yPred, const Arguments&);

}  // namespace tabtrain
