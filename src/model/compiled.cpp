#include "model/compiled.h"

#include <algorithm>

namespace tabtrain {
namespace {

float readLossWeight(const Json& json) {
  const Json& value = json.is_array() && json.size() == 1 ? json[0] : json;
  require(value.is_number(), [&] {
    return "loss_weights: expected a number, or a list of one, got " + json.dump().substr(0, 100);
  });
  return value.get<float>();
}

}  // namespace

Compiled::Compiled(const Json& json) {
  ConfigReader reader("compile", json);
  optimizer_ = makeOptimizer(reader.any("optimizer"));
  loss_ = makeLoss(reader.any("loss"));
  const Json& weights = reader.any("loss_weights");
  if (!weights.is_null()) lossWeight_ = readLossWeight(weights);
  addMetrics(reader.any("metrics"), false);
  addMetrics(reader.any("weighted_metrics"), true);
  reader.finish();
}

void Compiled::addMetrics(const Json& list, bool isWeighted) {
  if (list.is_null()) return;
  require(list.is_array(),
          [&] { return "metrics: expected a list, got " + list.dump().substr(0, 100); });
  for (const Json& json : list) {
    std::string name = metricName(json, metricsNames());
    const auto names = metricsNames();
    const auto isTaken = [&] { return std::find(names.begin(), names.end(), name) != names.end(); };
    if (isWeighted && isTaken()) name = "weighted_" + name;  // as Keras does
    require(!isTaken(),
            [&] { return "metrics: expected unique names, got \"" + name + "\" twice"; });
    metrics_.push_back({json, std::move(name), isWeighted});
  }
}

std::vector<std::string> Compiled::metricsNames() const {
  std::vector<std::string> names = {"loss"};
  for (const MetricChoice& metric : metrics_) names.push_back(metric.name);
  return names;
}

}  // namespace tabtrain
