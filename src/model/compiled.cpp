#include "model/compiled.h"

#include <algorithm>

#include "losses/recorded.h"

namespace tabtrain {
namespace {

float readLossWeight(const Json& json) {
  const Json& value = json.is_array() && json.size() == 1 ? json[0] : json;
  require(value.is_number(), [&] {
    return "loss_weights: expected a number, or a list of one, got " + json.dump().substr(0, 100);
  });
  return value.get<float>();
}

/// What Keras keeps as a name: a name, or a function that is none of Keras's. Else null.
Json nameAlone(const Json& json) {
  if (RecordedFunction::is(json)) return json["class_name"];
  return json.is_string() ? json : Json();
}

}  // namespace

Compiled::Compiled(const Json& json) {
  ConfigReader reader("compile", json);
  optimizer_ = makeOptimizer(reader.any("optimizer"));
  loss_ = makeLoss(reader.any("loss"));
  lossName_ = nameAlone(reader.any("loss"));
  lossWeights_ = reader.any("loss_weights");
  if (!lossWeights_.is_null()) lossWeight_ = readLossWeight(lossWeights_);
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

Json Compiled::toJson() const {
  Json lists[] = {Json(), Json()};
  for (const MetricChoice& choice : metrics_) {
    Json& list = lists[choice.isWeighted ? 1 : 0];
    const Json name = nameAlone(choice.json);
    if (!name.is_null()) {
      list.push_back(name);
      continue;
    }
    const auto metric = makeMetric(choice.json, {}, {});
    if (!choice.isWeighted) metric->setName(choice.name);
    list.push_back(metric->toJson());
  }
  return {{"loss", lossName_.is_null() ? loss_->toJson() : lossName_},
          {"metrics", std::move(lists[0])},
          {"weighted_metrics", std::move(lists[1])},
          {"loss_weights", lossWeights_},
          {"optimizer", optimizer_->toJson()}};
}

std::vector<std::string> Compiled::metricsNames() const {
  std::vector<std::string> names = {"loss"};
  for (const MetricChoice& metric : metrics_) names.push_back(metric.name);
  return names;
}

}  // namespace tabtrain
