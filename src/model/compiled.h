#pragma once

#include <memory>
#include <string>
#include <vector>

#include "losses/loss.h"
#include "metrics/metric.h"
#include "optimizers/optimizer.h"

namespace tabtrain {

/// What `compile` chose: optimizer, loss, metrics.
class Compiled {
 public:
  /// From `{"optimizer", "loss", "metrics", "loss_weights"?, "weighted_metrics"?}`, each a name or
  /// a config. Throws UnknownClass, InvalidArgument.
  explicit Compiled(const Json& json);

  Optimizer& optimizer() const { return *optimizer_; }
  const Loss& loss() const { return *loss_; }
  /// The factor on the loss.
  float lossWeight() const { return lossWeight_; }

  struct MetricChoice {
    Json json;
    std::string name;  // in logs
    bool isWeighted;   // whether sample weights count
  };
  const std::vector<MetricChoice>& metrics() const { return metrics_; }
  /// "loss" and the metrics: the order of logs.
  std::vector<std::string> metricsNames() const;
  /// What the constructor takes, with all arguments of every object; names stay names.
  Json toJson() const;

 private:
  void addMetrics(const Json& list, bool isWeighted);

  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Loss> loss_;
  Json lossName_;
  Json lossWeights_;
  float lossWeight_ = 1.0f;
  std::vector<MetricChoice> metrics_;
};

}  // namespace tabtrain
