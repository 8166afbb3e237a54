// Checkpoints that real TensorFlow and Keras wrote: read, written again, written from the state
// alone. Always the same bytes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <limits>

#include "checkpoint/checkpoint_state.h"
#include "checkpoint/keras_checkpoint.h"
#include "checkpoint/keras_optimizers.h"
#include "checkpoint/object_graph.h"
#include "checkpoint_fixtures.h"
#include "json_printing.h"

namespace tabtrain {
namespace {

using testing::readTestBundle;
using testing::readTestFile;

double numberOf(const Json& value) {
  if (!value.is_string()) return value.get<double>();
  if (value == "NaN") return std::nan("");
  return value == "Infinity" ? std::numeric_limits<double>::infinity()
                             : -std::numeric_limits<double>::infinity();
}

void expectSameFiles(const BundleFiles& written, const BundleFiles& real) {
  EXPECT_TRUE(written.index == real.index) << "index differs";
  EXPECT_TRUE(written.data == real.data) << "data differs";
}

OptimizerState optimizerOf(const std::string& className, bool legacy,
                           const std::vector<std::string>& slots, const ModelState& model) {
  OptimizerState optimizer;
  optimizer.className = optimizer.name = className;
  optimizer.generation = legacy ? OptimizerGeneration::Legacy : OptimizerGeneration::New;
  const KerasOptimizer* row = findKerasOptimizer(className);
  if (legacy) {
    for (const char* hyper : row->hypers) optimizer.hypers.emplace_back(hyper, 0.0f);
  } else {
    optimizer.hypers.emplace_back("learning_rate", 0.0f);
    if (row->newScalar != nullptr) optimizer.hypers.emplace_back(row->newScalar, 0.0f);
  }
  for (const std::string& name : slots) {
    OptimizerState::Slot slot{name, {}};
    for (const auto& layer : model.layers) {
      for (const auto& variable : layer.variables) {
        if (variable.trainable)
          slot.values.push_back({variable.value.dtype, variable.value.shape, {}});
      }
    }
    optimizer.slots.push_back(std::move(slot));
  }
  return optimizer;
}

NamedVariable variable(const std::string& layer, const std::string& attribute,
                       std::vector<int64_t> shape, bool trainable = true) {
  return {attribute, layer + "/" + attribute, {DType::Float32, std::move(shape), {}}, trainable};
}

LayerState batchNormalization(const std::string& name, int64_t width) {
  return {name,
          {variable(name, "gamma", {width}), variable(name, "beta", {width}),
           variable(name, "moving_mean", {width}, false),
           variable(name, "moving_variance", {width}, false)},
          {"axis"}};
}

/// The model of a golden case as a state without values.
ModelState wantedOf(const Json& expected, const std::string& version) {
  ModelState state;
  int64_t width = 5;
  for (const Json& layer : expected["model_config"]["config"]["layers"]) {
    const std::string className = layer["class_name"].get<std::string>();
    const std::string name = layer["config"]["name"].get<std::string>();
    if (className == "InputLayer") continue;
    if (className == "Dense") {
      const auto units = layer["config"]["units"].get<int64_t>();
      LayerState dense{name, {variable(name, "kernel", {width, units})}};
      if (layer["config"]["use_bias"].get<bool>())
        dense.variables.push_back(variable(name, "bias", {units}));
      state.layers.push_back(std::move(dense));
      width = units;
    } else if (className == "BatchNormalization") {
      state.layers.push_back(batchNormalization(name, width));
    } else {
      state.layers.push_back({name, {}});
    }
  }
  for (const Json& function : expected["functions"]) {
    state.fitted |= function == "train";
    state.evaluated |= function == "test";
  }
  state.rootEdge = version != "tf2.8";
  if (!expected["optimizer"].is_null()) {
    const Json& config = expected["optimizer"]["config"];
    const std::string className = config["name"].get<std::string>();
    std::vector<std::string> slots;
    const bool legacy = expected["case"].get<std::string>().starts_with("legacy");
    // The newer SGD keeps its last step there even if its momentum is 0.
    if (className == "SGD" && (!legacy || config["momentum"].get<double>() != 0.0))
      slots = {"momentum"};
    if (className == "Adam") slots = {"m", "v"};
    if (className == "Adam" && config["amsgrad"].get<bool>()) slots.push_back("vhat");
    state.optimizer = optimizerOf(className, legacy, slots, state);
  }
  return state;
}

void expectValues(const Json& array, DType dtype, ByteSpan bytes, const std::string& name) {
  const Json& values = array["values"];
  if (dtype == DType::Int64) {
    ByteReader reader(bytes, "test");
    for (const Json& value : values) {
      EXPECT_EQ(static_cast<int64_t>(reader.readFixed64()), value.get<int64_t>()) << name;
    }
    return;
  }
  const std::vector<float> floats = testing::toFloats(bytes);
  ASSERT_EQ(floats.size(), values.size()) << name;
  for (size_t i = 0; i < floats.size(); ++i) {
    const auto value = static_cast<float>(numberOf(values[i]));
    EXPECT_TRUE(floats[i] == value || (std::isnan(floats[i]) && std::isnan(value))) << name;
  }
}

class GoldenCheckpoint : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    directory_ = "golden/checkpoints/" + GetParam();
    version_ = GetParam().substr(0, GetParam().find('/'));
    const Bytes text = readTestFile(directory_ + "/expected.json");
    expected_ = Json::parse(asText(text))["cases"][0];
    files_ = readTestBundle(directory_ + "/" + expected_["prefix"].get<std::string>());
  }

  std::string directory_;
  std::string version_;
  Json expected_;
  BundleFiles files_;
};

TEST_P(GoldenCheckpoint, EveryEntryIsRead) {
  const Bundle bundle(files_.index, {files_.data});
  const auto listed = listVariables(files_.index);
  const Json& entries = expected_["entries"];
  ASSERT_EQ(listed.size(), entries.size());
  for (size_t i = 0; i < listed.size(); ++i) {
    EXPECT_EQ(listed[i].name, entries[i]["key"]);
    EXPECT_EQ(listed[i].dtype, entries[i]["dtype"]);
    EXPECT_EQ(Json(listed[i].shape), entries[i]["shape"]);
    const BundleEntry& entry = *bundle.find(listed[i].name);
    if (entry.dtype == TensorflowDType::String) continue;
    expectValues(entries[i], *toDType(entry.dtype), bundle.tensorBytes(entry), listed[i].name);
  }
}

TEST_P(GoldenCheckpoint, ObjectGraphIsRead) {
  const Bundle bundle(files_.index, {files_.data});
  const auto graph = parseObjectGraph(asBytes(bundle.strings(*bundle.find(kObjectGraphKey))[0]));
  const Json& nodes = expected_["object_graph"];
  ASSERT_EQ(graph.nodes.size(), nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    Json children = Json::array();
    for (const auto& child : graph.nodes[i].children)
      children.push_back(Json::array({child.name, child.node}));
    EXPECT_EQ(children, nodes[i]["children"]);
    Json slots = Json::array();
    for (const auto& slot : graph.nodes[i].slots) {
      slots.push_back(Json::array({slot.variable, slot.name, slot.slotVariable}));
    }
    EXPECT_EQ(slots, nodes[i].value("slot_variables", Json::array()));
    const auto* value = graph.nodes[i].variable();
    ASSERT_EQ(value != nullptr, nodes[i].contains("attributes"));
    if (value != nullptr) {
      EXPECT_EQ(value->fullName, nodes[i]["attributes"][0]["full_name"]);
      EXPECT_EQ(value->key, nodes[i]["attributes"][0]["checkpoint_key"]);
    }
  }
}

TEST_P(GoldenCheckpoint, WrittenAgainIsTheSameBytes) {
  expectSameFiles(rewrite(Bundle(files_.index, {files_.data})), files_);
}

TEST_P(GoldenCheckpoint, ModelFindsItsWeights) {
  const Bundle bundle(files_.index, {files_.data});
  const RestorePlan plan = matchCheckpoint(bundle, wantedOf(expected_, version_));
  for (const auto& restored : plan.variables) ASSERT_TRUE(restored.stored) << restored.fullName;
  for (const Json& weight : expected_["weights"]) {
    const auto found = std::find_if(
        plan.variables.begin(), plan.variables.end(),
        [&](const RestoredVariable& candidate) { return candidate.fullName == weight["name"]; });
    ASSERT_NE(found, plan.variables.end()) << weight["name"];
    expectValues(weight, DType::Float32, found->stored->value.bytes, found->fullName);
  }
  EXPECT_EQ(plan.variables.size(), expected_["weights"].size());
  EXPECT_EQ(plan.unusedInFile, std::vector<std::string>());
}

TEST_P(GoldenCheckpoint, WrittenFromTheStateIsTheSameBytes) {
  const auto name = expected_["case"].get<std::string>();
  if (name.ends_with("-checkpoint-save") || name.ends_with("-manager")) {
    // Written by tf.train.Checkpoint: another root, which is not written here.
    return;
  }
  const Bundle bundle(files_.index, {files_.data});
  const ModelState wanted = wantedOf(expected_, version_);
  ModelState state = testing::restoredState(wanted, matchCheckpoint(bundle, wanted));
  if (name.ends_with("-untrained")) state.optimizer->built = false;
  if (name.ends_with("-resaved")) {
    // Keras saved slots it had just loaded, and no scalars; a state always has its scalars.
    EXPECT_FALSE(writeCheckpoint(state).index == files_.index);
    return;
  }
  expectSameFiles(writeCheckpoint(state), files_);
}

TEST_P(GoldenCheckpoint, StateFileNamesIt) {
  const Bytes text = readTestFile(directory_ + "/checkpoint");
  EXPECT_EQ(latestCheckpointPath(asText(text)), expected_["latest_checkpoint"]);
  if (!expected_["case"].get<std::string>().ends_with("-manager")) {
    EXPECT_EQ(checkpointStateText(latestCheckpointPath(asText(text))), asText(text));
  }
}

std::vector<std::string> goldenCases() {
  std::vector<std::string> cases;
  const std::filesystem::path root = std::string(TABTRAIN_TESTS_DIR) + "/golden/checkpoints";
  for (const auto& version : std::filesystem::directory_iterator(root)) {
    for (const auto& entry : std::filesystem::directory_iterator(version)) {
      cases.push_back(version.path().filename().string() + "/" + entry.path().filename().string());
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

std::string nameOf(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, GoldenCheckpoint, ::testing::ValuesIn(goldenCases()), nameOf);

TEST(GoldenCheckpoints, AreThere) { EXPECT_GE(goldenCases().size(), 30u); }

struct OptimizerCase {
  std::string name;
  std::string className;
  std::vector<std::string> slots;
};

class OptimizerCheckpoint : public ::testing::TestWithParam<OptimizerCase> {};

// The model of data/make_optimizers.py.
ModelState wantedOf(const OptimizerCase& test) {
  ModelState state;
  state.layers = {
      {"dense", {variable("dense", "kernel", {3, 4}), variable("dense", "bias", {4})}},
      batchNormalization("batch_normalization", 4),
      {"dropout", {}},
      {"dense_1", {variable("dense_1", "kernel", {4, 2}), variable("dense_1", "bias", {2})}}};
  state.fitted = true;
  const bool legacy = test.name.starts_with("legacy");
  state.rootEdge = !legacy;
  state.optimizer = optimizerOf(test.className, legacy, test.slots, state);
  return state;
}

TEST_P(OptimizerCheckpoint, IsReadAndWrittenFromTheStateAsTheSameBytes) {
  const BundleFiles files = readTestBundle("cpp/data/optimizers/" + GetParam().name);
  const Bundle bundle(files.index, {files.data});
  const ModelState wanted = wantedOf(GetParam());
  const RestorePlan plan = matchCheckpoint(bundle, wanted);
  ASSERT_TRUE(plan.optimizer);
  EXPECT_EQ(plan.optimizer->iterations, 3);
  EXPECT_EQ(plan.missingInFile, std::vector<std::string>());
  EXPECT_EQ(plan.unusedInFile, std::vector<std::string>());
  for (const auto& slot : plan.optimizer->slots) {
    for (const auto& value : slot.values) EXPECT_TRUE(value) << slot.name;
  }
  expectSameFiles(rewrite(bundle), files);
  expectSameFiles(writeCheckpoint(testing::restoredState(wanted, plan)), files);
}

INSTANTIATE_TEST_SUITE_P(
    All, OptimizerCheckpoint,
    ::testing::Values(OptimizerCase{"legacy-sgd", "SGD", {}},
                      OptimizerCase{"new-sgd", "SGD", {"momentum"}},
                      OptimizerCase{"legacy-momentum", "SGD", {"momentum"}},
                      OptimizerCase{"new-momentum", "SGD", {"momentum"}},
                      OptimizerCase{"legacy-adam", "Adam", {"m", "v"}},
                      OptimizerCase{"new-adam", "Adam", {"m", "v"}},
                      OptimizerCase{"legacy-amsgrad", "Adam", {"m", "v", "vhat"}},
                      OptimizerCase{"new-amsgrad", "Adam", {"m", "v", "vhat"}},
                      OptimizerCase{"legacy-rmsprop", "RMSprop", {"rms"}},
                      OptimizerCase{"new-rmsprop", "RMSprop", {"rms"}},
                      OptimizerCase{
                          "legacy-rmsprop-centered", "RMSprop", {"rms", "momentum", "mg"}},
                      OptimizerCase{"new-rmsprop-centered", "RMSprop", {"rms", "momentum", "mg"}},
                      OptimizerCase{"legacy-nadam", "Nadam", {"m", "v"}},
                      OptimizerCase{"new-nadam", "Nadam", {"m", "v"}},
                      OptimizerCase{"legacy-adagrad", "Adagrad", {"accumulator"}},
                      OptimizerCase{"new-adagrad", "Adagrad", {"accumulator"}},
                      OptimizerCase{"legacy-adadelta", "Adadelta", {"accum_grad", "accum_var"}},
                      OptimizerCase{"new-adadelta", "Adadelta", {"accum_grad", "accum_var"}},
                      OptimizerCase{"legacy-adamax", "Adamax", {"m", "v"}},
                      OptimizerCase{"new-adamax", "Adamax", {"m", "v"}},
                      OptimizerCase{"legacy-ftrl", "Ftrl", {"accumulator", "linear"}},
                      OptimizerCase{"new-ftrl", "Ftrl", {"accumulator", "linear"}},
                      OptimizerCase{"new-adamw", "AdamW", {"m", "v"}},
                      OptimizerCase{"new-lion", "Lion", {"momentum"}}),
    [](const auto& info) {
      std::string name = info.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace tabtrain
