#include <array>
#include <cctype>

#include "metrics/metric.h"

namespace tabtrain {

// Each is defined in the file of its class.
std::unique_ptr<Metric> makeAccuracy(ConfigReader& reader);
std::unique_ptr<Metric> makeBinaryAccuracy(ConfigReader& reader);
std::unique_ptr<Metric> makeCategoricalAccuracy(ConfigReader& reader);
std::unique_ptr<Metric> makeSparseCategoricalAccuracy(ConfigReader& reader);
std::unique_ptr<Metric> makeMeanSquaredErrorMetric(ConfigReader& reader);
std::unique_ptr<Metric> makeSparseCategoricalCrossentropyMetric(ConfigReader& reader);
std::unique_ptr<Metric> makeCategoricalCrossentropyMetric(ConfigReader& reader);
std::unique_ptr<Metric> makeBinaryCrossentropyMetric(ConfigReader& reader);

namespace {

const std::array kRows = {
    ClassRow<Metric>{"Accuracy", {}, makeAccuracy},
    ClassRow<Metric>{"BinaryAccuracy", {"binary_accuracy"}, makeBinaryAccuracy},
    ClassRow<Metric>{"CategoricalAccuracy", {"categorical_accuracy"}, makeCategoricalAccuracy},
    ClassRow<Metric>{"SparseCategoricalAccuracy",
                     {"sparse_categorical_accuracy"},
                     makeSparseCategoricalAccuracy},
    ClassRow<Metric>{
        "MeanSquaredError", {"mean_squared_error", "mse", "MSE"}, makeMeanSquaredErrorMetric},
    ClassRow<Metric>{"SparseCategoricalCrossentropy",
                     {"sparse_categorical_crossentropy"},
                     makeSparseCategoricalCrossentropyMetric},
    ClassRow<Metric>{
        "CategoricalCrossentropy", {"categorical_crossentropy"}, makeCategoricalCrossentropyMetric},
    ClassRow<Metric>{"BinaryCrossentropy", {"binary_crossentropy"}, makeBinaryCrossentropyMetric},
};

// In any case of letters, as in Keras.
std::string lower(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

bool isAccuracy(const std::string& name) {
  return lower(name) == "accuracy" || lower(name) == "acc";
}
bool isCrossentropy(const std::string& name) {
  return lower(name) == "crossentropy" || lower(name) == "ce";
}

}  // namespace

std::string metricName(const Json& json) {
  const ClassConfig config = parseClassConfig(json, "metrics");
  const bool dependsOnShapes = isAccuracy(config.className) || isCrossentropy(config.className);
  if (json.is_string() && dependsOnShapes) return config.className;
  const auto metric = makeFromConfig<Metric>(kRows, config, "metrics");
  return json.is_string() ? config.className : metric->name();
}

std::unique_ptr<Metric> makeMetric(const Json& json, const Shape& target, const Shape& prediction) {
  ClassConfig config = parseClassConfig(json, "metrics");
  if (!json.is_string()) return makeFromConfig<Metric>(kRows, config, "metrics");
  const std::string given = config.className;
  const bool isKind = isAccuracy(given) || isCrossentropy(given);
  if (isKind) {
    const bool binary = prediction.back().isOne();
    const bool sparse = target.rank() < prediction.rank() || target.back().isOne();
    const std::string labels = binary ? "Binary" : sparse ? "SparseCategorical" : "Categorical";
    config.className = labels + (isAccuracy(given) ? "Accuracy" : "Crossentropy");
  }
  auto metric = makeFromConfig<Metric>(kRows, config, "metrics");
  // A class has a name of its own; a function is shown as it was given.
  if (isKind || given != metric->className()) metric->setName(given);
  return metric;
}

}  // namespace tabtrain
