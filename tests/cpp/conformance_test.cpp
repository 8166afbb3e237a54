// What every class of every registry must do, whatever it is: one test for all, driven by the
// registries and by the configs that real Keras wrote into the golden files.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>
#include <set>

#include "constraints/constraint.h"
#include "golden.h"
#include "graph_runner.h"
#include "initializers/initializer.h"
#include "layers/layer.h"
#include "losses/loss.h"
#include "metrics/metric.h"
#include "model/model.h"
#include "optimizers/optimizer.h"
#include "regularizers/regularizer.h"

namespace tabtrain::testing {
namespace {

/// Makes an object of a class config and gives its config back.
using Make = Json (*)(const Json& object);

template <auto make>
Json throughReader(const Json& object) {
  const Json config = {{"argument", object}};
  ConfigReader reader("Layer", config);
  return make(reader, "argument")->toJson();
}

struct Kind {
  const char* name;
  std::vector<std::string> classes;
  const char* goldenFile;
  const char* field;
  Make make;
};

std::vector<Kind> kinds() {
  return {
      {"layer", layerNames(), "layers.json", "layer",
       [](const Json& object) { return makeLayer(parseClassConfig(object, "layer"))->toJson(); }},
      {"loss", lossNames(), "losses.json", "loss",
       [](const Json& object) { return makeLoss(object)->toJson(); }},
      {"metric", metricNames(), "metrics.json", "metric",
       [](const Json& object) {
         const Shape shape = Shape::batched({3});
         return makeMetric(object, shape, shape)->toJson();
       }},
      {"initializer", initializerNames(), "initializers.json", "initializer",
       [](const Json& object) { return makeInitializer(object, "initializer")->toJson(); }},
      {"regularizer", regularizerNames(), "regularizers.json", "object",
       throughReader<makeRegularizer>},
      {"constraint", constraintNames(), "regularizers.json", "object",
       throughReader<makeConstraint>},
      {"optimizer", optimizerNames(), "trajectories", "optimizer",
       [](const Json& object) { return makeOptimizer(object)->toJson(); }},
  };
}

/// The cases of a file, or of all files of both directories of trajectories.
std::vector<GoldenCase> casesOf(const Kind& kind) {
  if (std::string(kind.goldenFile) != "trajectories") return goldenCases(kind.goldenFile);
  return goldenTrajectories();
}

/// The configs of a class in the golden files, without repetitions.
std::map<std::string, std::vector<Json>> configsOf(const Kind& kind) {
  std::map<std::string, std::vector<Json>> configs;
  for (const GoldenCase& golden : casesOf(kind)) {
    if (!golden.json.contains(kind.field)) continue;
    // Regularizers and constraints share a file.
    const std::string field = kind.field;
    if (field == "object" && golden.json["kind"] != kind.name) continue;
    const Json& object = golden.json[kind.field];
    if (!object.is_object() || !object.contains("class_name")) continue;
    auto& list = configs[object["class_name"].get<std::string>()];
    if (std::find(list.begin(), list.end(), object) == list.end()) list.push_back(object);
  }
  return configs;
}

/// What making `object` is refused with, and its sentence; nothing where it is not refused.
std::optional<std::pair<ErrorCode, std::string>> refusal(Make make, const Json& object) {
  try {
    make(object);
    return std::nullopt;
  } catch (const Error& error) {
    return std::pair(error.code(), std::string(error.what()));
  }
}

// Classes without a computation of their own to compare.
const std::set<std::string> kStructural = {"Sequential"};

TEST(Conformance, EveryClassIsComparedWithKeras) {
  for (const Kind& kind : kinds()) {
    EXPECT_FALSE(kind.classes.empty()) << kind.name;
    const auto configs = configsOf(kind);
    for (const std::string& name : kind.classes) {
      if (kStructural.contains(name)) continue;
      EXPECT_TRUE(configs.contains(name)) << kind.name << " " << name << " has no golden case";
    }
  }
}

TEST(Conformance, EveryConfigGoesThrough) {
  for (const Kind& kind : kinds()) {
    for (const auto& [name, configs] : configsOf(kind)) {
      for (const Json& object : configs) {
        SCOPED_TRACE(object.dump());
        const Json made = kind.make(object);
        EXPECT_EQ(kind.make(made), made);
        EXPECT_EQ(made["class_name"], name);
      }
    }
  }
}

TEST(Conformance, EveryClassRefusesAnUnknownArgument) {
  for (const Kind& kind : kinds()) {
    for (const auto& [name, configs] : configsOf(kind)) {
      Json object = configs.front();
      object["config"]["no_such_argument"] = 1;
      const auto refused = refusal(kind.make, object);
      ASSERT_TRUE(refused) << object.dump();
      EXPECT_EQ(refused->first, ErrorCode::InvalidArgument) << object.dump();
      EXPECT_NE(refused->second.find(name + ": expected only the arguments"), std::string::npos)
          << refused->second;
      EXPECT_NE(refused->second.find("no_such_argument"), std::string::npos) << refused->second;
    }
  }
}

TEST(Conformance, EveryArgumentRefusesWhatIsNoValue) {
  const Json wrong = {{"neither", {"a number", "a name"}}};
  for (const Kind& kind : kinds()) {
    for (const auto& [name, configs] : configsOf(kind)) {
      for (const auto& item : configs.front()["config"].items()) {
        Json object = configs.front();
        object["config"][item.first] = wrong;
        SCOPED_TRACE(object.dump());
        const auto refused = refusal(kind.make, object);
        ASSERT_TRUE(refused) << name << ": " << item.first;
        const auto& [code, sentence] = *refused;
        EXPECT_TRUE(code == ErrorCode::InvalidArgument || code == ErrorCode::UnknownClass ||
                    code == ErrorCode::Unsupported)
            << sentence;
        EXPECT_NE(sentence.find(item.first), std::string::npos) << sentence;
        EXPECT_NE(sentence.find("got"), std::string::npos) << sentence;
      }
    }
  }
}

struct OutOfRange {
  const char* kind;
  const char* className;
  const char* argument;
  Json value;
};

TEST(Conformance, EveryRangeIsChecked) {
  const std::vector<OutOfRange> table = {
      {"layer", "Dense", "units", 0},
      {"layer", "Dense", "units", 1.5},
      {"layer", "Dropout", "rate", 1.5},
      {"layer", "AlphaDropout", "rate", -0.1},
      {"layer", "GaussianDropout", "rate", 2},
      {"layer", "GaussianNoise", "stddev", -1},
      {"layer", "BatchNormalization", "momentum", 2},
      {"layer", "BatchNormalization", "epsilon", -1},
      {"layer", "LayerNormalization", "epsilon", -1},
      {"layer", "RepeatVector", "n", 0},
      {"layer", "Permute", "dims", {1, 1}},
      {"layer", "Reshape", "target_shape", {-1, -1}},
      {"layer", "Reshape", "target_shape", {0}},
      {"layer", "ReLU", "max_value", -1},
      {"layer", "ReLU", "negative_slope", -1},
      {"layer", "ThresholdedReLU", "theta", -1},
      {"layer", "Flatten", "data_format", "channels"},
      {"loss", "MeanSquaredError", "reduction", "mean"},
      {"loss", "BinaryCrossentropy", "label_smoothing", 2},
      {"loss", "CategoricalCrossentropy", "label_smoothing", -1},
      {"metric", "AUC", "num_thresholds", 1},
      {"metric", "AUC", "curve", "AOC"},
      {"metric", "AUC", "summation_method", "middle"},
      {"metric", "Precision", "thresholds", 1.5},
      {"metric", "Recall", "top_k", 0},
      {"metric", "PrecisionAtRecall", "recall", 2},
      {"metric", "SensitivityAtSpecificity", "specificity", -1},
      {"metric", "TopKCategoricalAccuracy", "k", 0},
      {"metric", "FBetaScore", "beta", -1},
      {"metric", "F1Score", "average", "mean"},
      {"optimizer", "Adam", "beta_1", 1.5},
      {"optimizer", "Adam", "learning_rate", -1},
      {"optimizer", "Adam", "epsilon", -1},
      {"optimizer", "SGD", "momentum", 2},
      {"optimizer", "RMSprop", "rho", 2},
      {"optimizer", "Adagrad", "initial_accumulator_value", -1},
      {"optimizer", "Ftrl", "learning_rate_power", 1},
      {"optimizer", "Nadam", "clipnorm", -1},
      {"initializer", "RandomNormal", "stddev", -1},
      {"initializer", "VarianceScaling", "scale", -1},
      {"initializer", "VarianceScaling", "mode", "fan"},
      {"initializer", "VarianceScaling", "distribution", "even"},
      {"regularizer", "OrthogonalRegularizer", "mode", "diagonals"},
      {"constraint", "MaxNorm", "max_value", -1},
      {"constraint", "MinMaxNorm", "rate", 2},
  };
  std::map<std::string, std::pair<Make, std::map<std::string, std::vector<Json>>>> byKind;
  for (const Kind& kind : kinds()) byKind[kind.name] = {kind.make, configsOf(kind)};
  for (const OutOfRange& row : table) {
    const auto& [make, configs] = byKind.at(row.kind);
    Json object = configs.at(row.className).front();
    object["config"][row.argument] = row.value;
    SCOPED_TRACE(object.dump());
    const auto refused = refusal(make, object);
    EXPECT_TRUE(refused);
    if (!refused) continue;
    EXPECT_EQ(refused->first, ErrorCode::InvalidArgument);
    const std::string start = std::string(row.className) + ": " + row.argument + ": expected ";
    EXPECT_EQ(refused->second.substr(0, start.size()), start) << refused->second;
    const std::string end = ", got " + row.value.dump();
    EXPECT_TRUE(refused->second.ends_with(end)) << refused->second;
  }
}

/// A compiled model of one layer of a golden case and a Dense layer.
std::shared_ptr<Model> modelWith(const Json& golden, uint64_t seed) {
  Json layer = golden["layer"];
  const auto shape = golden["input"]["shape"].get<std::vector<int64_t>>();
  layer["config"]["batch_input_shape"] = batchShapeJson({shape.begin() + 1, shape.end()});
  const Json config = {
      {"class_name", "Sequential"},
      {"config",
       {{"layers",
         {layer,
          {{"class_name", "Flatten"}, {"config", {{"name", "last_flatten"}}}},
          {{"class_name", "Dense"}, {"config", {{"name", "last_dense"}, {"units", 2}}}}}}}}};
  auto model = std::make_shared<Model>(config.dump(), seed);
  model->compile({{"optimizer", "adam"}, {"loss", "mse"}});
  return model;
}

void train(const std::shared_ptr<Model>& model, const Json& golden, int64_t epochs) {
  const Tensor input = goldenTensor(golden["input"]);
  const auto x = std::make_shared<tabtrain::Tensor>(DType::Float32, input.shape);
  writeElements(x->bytes().data(), DType::Float32, input.values);
  const auto y =
      std::make_shared<tabtrain::Tensor>(DType::Float32, std::vector<int64_t>{input.shape[0], 2});
  const auto run = model->fit(FitOptions({{"epochs", epochs}, {"shuffle", false}}), {x, y, nullptr},
                              std::nullopt);
  while (run->next() != FitStep::TrainEnd) {
  }
}

void expectSameWeights(const Model& a, const Model& b) {
  const auto left = a.weights();
  const auto right = b.weights();
  ASSERT_EQ(left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    EXPECT_EQ(std::memcmp(left[i]->data(), right[i]->data(), left[i]->bytes().size()), 0)
        << left[i]->name();
  }
}

class LayerInAModel : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(LayerInAModel, TrainsAndGoesThroughACheckpoint) {
  const Json& golden = GetParam().json;
  if (golden["layer"]["class_name"] == "InputLayer") return;  // it cannot have one before it
  const auto model = modelWith(golden, 1);
  train(model, golden, 2);
  const BundleFiles files = model->saveCheckpoint(OptimizerLayout::Auto);

  const auto other = modelWith(golden, 2);
  const std::vector<Bytes> shards = {files.data};
  const RestorePlan plan =
      other->loadCheckpoint(Bundle(files.index, {shards.begin(), shards.end()}));
  EXPECT_TRUE(plan.missingInFile.empty());
  expectSameWeights(*model, *other);
}

/// The first case of each layer.
std::vector<GoldenCase> oneOfEach() {
  std::vector<GoldenCase> cases;
  std::set<std::string> seen;
  for (const GoldenCase& golden : goldenCases("layers.json")) {
    if (seen.insert(golden.json["layer"]["class_name"].get<std::string>()).second)
      cases.push_back(golden);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Conformance, LayerInAModel, ::testing::ValuesIn(oneOfEach()), caseName);

}  // namespace
}  // namespace tabtrain::testing
