#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/class_registry.h"
#include "graph/expr.h"

namespace tabtrain {

/// A metric with state over batches, which the graph of a step updates and a small graph of its own
/// reads. Its state is variables, so saving it needs no code here.
class Metric {
 public:
  Metric(ConfigReader& reader, const char* defaultName);
  virtual ~Metric() = default;

  virtual const char* className() const = 0;
  /// What logs and history call it.
  const std::string& name() const { return name_; }
  void setName(std::string name) { name_ = std::move(name); }
  Json toJson() const;

  /// Creates the state under a structural path ("train/metrics/0").
  virtual void createState(const std::string& path) = 0;
  /// Records the update for one batch; `weights` is [batch] or empty.
  virtual void update(Expr yTrue, Expr yPred, Expr weights) const = 0;
  /// The metric's value, float32 [], from its state.
  virtual Expr result(Graph& graph) const = 0;

  const std::vector<std::unique_ptr<Variable>>& state() const { return state_; }

 protected:
  virtual Json ownConfig() const { return Json::object(); }
  Variable& addState(const std::string& path, const std::string& name,
                     const std::vector<int64_t>& sizes);

 private:
  std::string name_;
  std::vector<std::unique_ptr<Variable>> state_;
};

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

 private:
  Variable* total_ = nullptr;
  Variable* count_ = nullptr;
};

/// From a name or a config. "accuracy", "acc", "crossentropy" and "ce" become the kind that fits
/// the predictions and targets (keras/engine/compile_utils.py, `_get_metric_object`), shown under
/// the name that was given. Throws UnknownClass, InvalidArgument.
std::unique_ptr<Metric> makeMetric(const Json& json, const Shape& target, const Shape& prediction);

/// What logs will call the metric of a name or config; throws as `makeMetric` does.
std::string metricName(const Json& json);

}  // namespace tabtrain
