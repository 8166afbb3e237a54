#include <algorithm>
#include <array>
#include <cctype>

#include "losses/loss.h"
#include "losses/recorded.h"
#include "metrics/metric.h"

namespace tabtrain {

// Each is defined in the file of its family.
std::unique_ptr<Metric> makeRootMeanSquaredError(ConfigReader& reader);
std::unique_ptr<Metric> makeMeanRelativeError(ConfigReader& reader);
std::unique_ptr<Metric> makeR2Score(ConfigReader& reader);
std::unique_ptr<Metric> makeF1Score(ConfigReader& reader);
std::unique_ptr<Metric> makeFBetaScore(ConfigReader& reader);
std::unique_ptr<Metric> makeTruePositives(ConfigReader& reader);
std::unique_ptr<Metric> makeFalsePositives(ConfigReader& reader);
std::unique_ptr<Metric> makeTrueNegatives(ConfigReader& reader);
std::unique_ptr<Metric> makeFalseNegatives(ConfigReader& reader);
std::unique_ptr<Metric> makePrecision(ConfigReader& reader);
std::unique_ptr<Metric> makeRecall(ConfigReader& reader);
std::unique_ptr<Metric> makeSensitivityAtSpecificity(ConfigReader& reader);
std::unique_ptr<Metric> makeSpecificityAtSensitivity(ConfigReader& reader);
std::unique_ptr<Metric> makePrecisionAtRecall(ConfigReader& reader);
std::unique_ptr<Metric> makeRecallAtPrecision(ConfigReader& reader);
std::unique_ptr<Metric> makeAuc(ConfigReader& reader);
std::unique_ptr<Metric> makeIoU(ConfigReader& reader);
std::unique_ptr<Metric> makeBinaryIoU(ConfigReader& reader);
std::unique_ptr<Metric> makeMeanIoU(ConfigReader& reader);
std::unique_ptr<Metric> makeOneHotIoU(ConfigReader& reader);
std::unique_ptr<Metric> makeOneHotMeanIoU(ConfigReader& reader);

namespace {

/// The mean of a function of targets, predictions and arguments.
class FunctionMetric : public MeanMetric {
 public:
  FunctionMetric(ConfigReader& reader, const char* name, ValueFunction function, unsigned which)
      : MeanMetric(reader, name),
        function_(function),
        which_(which),
        arguments_(readArguments(reader, which)) {}

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override {
    return function_(yTrue, yPred, arguments_);
  }
  Expr mask(Expr yTrue, Expr yPred) const override { return validMask(yTrue, yPred, arguments_); }
  Json ownConfig() const override { return writeArguments(arguments_, which_); }

 private:
  ValueFunction function_;
  unsigned which_;
  Arguments arguments_;
};

class RecordedMetric : public MeanMetric {
 public:
  RecordedMetric(ConfigReader& reader, RecordedFunction function)
      : MeanMetric(reader, ""), function_(std::move(function)) {}

 protected:
  Expr perSample(Expr yTrue, Expr yPred) const override { return function_(yTrue, yPred); }

 private:
  RecordedFunction function_;
};

std::unique_ptr<Metric> makeFunctionMetric(ConfigReader& reader, ValueFunction function,
                                           unsigned which);

template <ValueFunction kFunction, unsigned kWhich = 0>
std::unique_ptr<Metric> meanOf(ConfigReader& reader) {
  return makeFunctionMetric(reader, kFunction, kWhich);
}

constexpr unsigned kCrossentropy = kFromLogits | kLabelSmoothing | kNewerAxis;

/// Of the means of functions the first alias is the default name. A row in snake_case is a function
/// for which Keras has no metric class.
const std::array kRows = {
    ClassRow<Metric>{"Accuracy", {"accuracy"}, meanOf<accuracy>},
    ClassRow<Metric>{"BinaryAccuracy", {"binary_accuracy"}, meanOf<binaryAccuracy, kThreshold>},
    ClassRow<Metric>{"CategoricalAccuracy", {"categorical_accuracy"}, meanOf<categoricalAccuracy>},
    ClassRow<Metric>{"SparseCategoricalAccuracy",
                     {"sparse_categorical_accuracy"},
                     meanOf<sparseCategoricalAccuracy>},
    ClassRow<Metric>{"TopKCategoricalAccuracy",
                     {"top_k_categorical_accuracy"},
                     meanOf<topKCategoricalAccuracy, kK>},
    ClassRow<Metric>{"SparseTopKCategoricalAccuracy",
                     {"sparse_top_k_categorical_accuracy"},
                     meanOf<sparseTopKCategoricalAccuracy, kK>},
    ClassRow<Metric>{
        "MeanSquaredError", {"mean_squared_error", "mse", "MSE"}, meanOf<meanSquaredError>},
    ClassRow<Metric>{
        "MeanAbsoluteError", {"mean_absolute_error", "mae", "MAE"}, meanOf<meanAbsoluteError>},
    ClassRow<Metric>{"MeanAbsolutePercentageError",
                     {"mean_absolute_percentage_error", "mape", "MAPE"},
                     meanOf<meanAbsolutePercentageError>},
    ClassRow<Metric>{"MeanSquaredLogarithmicError",
                     {"mean_squared_logarithmic_error", "msle", "MSLE"},
                     meanOf<meanSquaredLogarithmicError>},
    ClassRow<Metric>{"RootMeanSquaredError", {}, makeRootMeanSquaredError},
    ClassRow<Metric>{"MeanRelativeError", {}, makeMeanRelativeError},
    ClassRow<Metric>{"R2Score", {}, makeR2Score},
    ClassRow<Metric>{"CosineSimilarity",
                     {"cosine_similarity", "cosine_proximity"},
                     meanOf<cosineSimilarity, kAxis>},
    ClassRow<Metric>{"LogCoshError", {"logcosh", "log_cosh", "LogCosh"}, meanOf<logCosh>},
    ClassRow<Metric>{"huber", {"huber", "huber_loss", "Huber"}, meanOf<huber, kDelta>},
    ClassRow<Metric>{"Poisson", {"poisson"}, meanOf<poisson>},
    ClassRow<Metric>{"KLDivergence",
                     {"kullback_leibler_divergence", "kl_divergence", "kld", "KLD"},
                     meanOf<klDivergence>},
    ClassRow<Metric>{"Hinge", {"hinge"}, meanOf<hinge>},
    ClassRow<Metric>{"SquaredHinge", {"squared_hinge"}, meanOf<squaredHinge>},
    ClassRow<Metric>{"CategoricalHinge", {"categorical_hinge"}, meanOf<categoricalHinge>},
    ClassRow<Metric>{"SparseCategoricalCrossentropy",
                     {"sparse_categorical_crossentropy"},
                     meanOf<sparseCategoricalCrossentropy, kFromLogits | kIgnoreClass | kAxis>},
    ClassRow<Metric>{"CategoricalCrossentropy",
                     {"categorical_crossentropy"},
                     meanOf<categoricalCrossentropy, kCrossentropy>},
    ClassRow<Metric>{"BinaryCrossentropy",
                     {"binary_crossentropy", "bce", "BCE"},
                     meanOf<binaryCrossentropy, kCrossentropy>},
    ClassRow<Metric>{"categorical_focal_crossentropy",
                     {"categorical_focal_crossentropy", "CategoricalFocalCrossentropy"},
                     meanOf<categoricalFocalCrossentropy, kCrossentropy | kAlpha | kGamma>},
    ClassRow<Metric>{"binary_focal_crossentropy",
                     {"binary_focal_crossentropy", "BinaryFocalCrossentropy"},
                     meanOf<binaryFocalCrossentropy, kCrossentropy | kClassBalancing | kGamma>},
    ClassRow<Metric>{"TruePositives", {}, makeTruePositives},
    ClassRow<Metric>{"FalsePositives", {}, makeFalsePositives},
    ClassRow<Metric>{"TrueNegatives", {}, makeTrueNegatives},
    ClassRow<Metric>{"FalseNegatives", {}, makeFalseNegatives},
    ClassRow<Metric>{"Precision", {}, makePrecision},
    ClassRow<Metric>{"Recall", {}, makeRecall},
    ClassRow<Metric>{"SensitivityAtSpecificity", {}, makeSensitivityAtSpecificity},
    ClassRow<Metric>{"SpecificityAtSensitivity", {}, makeSpecificityAtSensitivity},
    ClassRow<Metric>{"PrecisionAtRecall", {}, makePrecisionAtRecall},
    ClassRow<Metric>{"RecallAtPrecision", {}, makeRecallAtPrecision},
    ClassRow<Metric>{"AUC", {}, makeAuc},
    ClassRow<Metric>{"F1Score", {}, makeF1Score},
    ClassRow<Metric>{"FBetaScore", {}, makeFBetaScore},
    ClassRow<Metric>{"IoU", {}, makeIoU},
    ClassRow<Metric>{"BinaryIoU", {}, makeBinaryIoU},
    ClassRow<Metric>{"MeanIoU", {}, makeMeanIoU},
    ClassRow<Metric>{"OneHotIoU", {}, makeOneHotIoU},
    ClassRow<Metric>{"OneHotMeanIoU", {}, makeOneHotMeanIoU},
};

std::unique_ptr<Metric> makeFunctionMetric(ConfigReader& reader, ValueFunction function,
                                           unsigned which) {
  const ClassRow<Metric>* row = findRow<Metric>(kRows, reader.className());
  return std::make_unique<FunctionMetric>(reader, row->aliases[0], function, which);
}

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

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A class has a name of its own; a function is shown as it was given.
std::unique_ptr<Metric> makeNamed(const ClassConfig& config, bool isString) {
  if (config.config.contains(kRecorded)) {
    RecordedFunction function(config);
    ConfigReader reader(config.className, function.config());
    auto metric = std::make_unique<RecordedMetric>(reader, function);
    reader.finish();
    return metric;
  }
  auto metric = makeFromConfig<Metric>(kRows, config, "metrics");
  if (isString && config.className != metric->className()) metric->setName(config.className);
  return metric;
}

}  // namespace

std::string metricName(const Json& json, const std::vector<std::string>& taken) {
  const ClassConfig config = parseClassConfig(json, "metrics");
  const bool dependsOnShapes = isAccuracy(config.className) || isCrossentropy(config.className);
  if (json.is_string() && dependsOnShapes) return config.className;
  const auto metric = makeNamed(config, json.is_string());
  std::string name = metric->name();
  if (!metric->isNumbered()) return name;
  for (int i = 1; contains(taken, name); ++i) name = metric->name() + "_" + std::to_string(i);
  return name;
}

std::unique_ptr<Metric> makeMetric(const Json& json, const Shape& target, const Shape& prediction) {
  ClassConfig config = parseClassConfig(json, "metrics");
  const std::string given = config.className;
  const bool isKind = json.is_string() && (isAccuracy(given) || isCrossentropy(given));
  if (isKind) {
    const bool binary = prediction.back().isOne();
    const bool sparse = target.rank() < prediction.rank() || target.back().isOne();
    const std::string labels = binary ? "Binary" : sparse ? "SparseCategorical" : "Categorical";
    config.className = labels + (isAccuracy(given) ? "Accuracy" : "Crossentropy");
  }
  auto metric = makeNamed(config, json.is_string());
  if (isKind) metric->setName(given);
  metric->setPredictionShape(prediction);
  return metric;
}

std::vector<std::string> metricNames() {
  std::vector<std::string> names = classNames<Metric>(kRows);
  std::erase_if(names, [](const std::string& name) { return lower(name) == name; });
  return names;
}

}  // namespace tabtrain
