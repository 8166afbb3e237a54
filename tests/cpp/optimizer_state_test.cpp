// Every optimizer that the registry knows, through checkpoints: saved, restored into a new model,
// training goes on bit for bit.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "checkpoint_fixtures.h"
#include "model/model.h"

namespace tabtrain::testing {
namespace {

const char* const kConfig =
    R"({"class_name": "Sequential", "config": {"layers": [
        {"class_name": "Dense", "config": {"units": 4, "batch_input_shape": [null, 3]}},
        {"class_name": "Dense", "config": {"units": 2}}]}})";

StepData data() {
  const auto x = std::make_shared<Tensor>(DType::Float32, std::vector<int64_t>{7, 3});
  const auto y = std::make_shared<Tensor>(DType::Float32, std::vector<int64_t>{7, 2});
  for (const auto& tensor : {x, y}) {
    auto* values = reinterpret_cast<float*>(tensor->bytes().data());
    for (int64_t i = 0; i < tensor->count(); ++i) {
      values[i] = static_cast<float>(i * 37 % 11) / 11.0f;
    }
  }
  return {x, y, nullptr};
}

std::shared_ptr<Model> modelWith(const Json& optimizer, uint64_t seed) {
  auto model = std::make_shared<Model>(kConfig, seed);
  model->compile({{"optimizer", optimizer}, {"loss", "mse"}});
  return model;
}

void fit(Model& model, int64_t epochs) {
  const auto run =
      model.fit(FitOptions({{"batch_size", 3}, {"epochs", epochs}, {"shuffle", false}}), data(),
                std::nullopt);
  while (run->next() != FitStep::TrainEnd) {
  }
}

Bytes saved(const Model& model) { return model.saveCheckpoint(OptimizerLayout::Auto).data; }

/// One optimizer of each class and generation, and some with all that keeps state.
std::vector<Json> optimizers() {
  std::vector<Json> list;
  const auto add = [&](const std::string& name, const Json& config) {
    for (const bool legacy : {false, true}) {
      if (legacy && (name == "AdamW" || name == "Lion" || config.contains("use_ema"))) continue;
      Json own = config;
      own["is_legacy_optimizer"] = legacy;
      list.push_back({{"class_name", name}, {"config", own}});
    }
  };
  for (const std::string& name : optimizerNames()) {
    add(name, Json::object());
    add(name, {{"use_ema", true}, {"ema_overwrite_frequency", 2}});
  }
  const Json schedule = {
      {"class_name", "InverseTimeDecay"},
      {"config", {{"initial_learning_rate", 0.1}, {"decay_steps", 2}, {"decay_rate", 0.5}}}};
  add("SGD", {{"momentum", 0.9}, {"learning_rate", schedule}});
  add("Adam", {{"amsgrad", true}, {"learning_rate", schedule}});
  add("RMSprop", {{"momentum", 0.9}, {"centered", true}});
  return list;
}

class OptimizerState : public ::testing::TestWithParam<Json> {};

TEST_P(OptimizerState, GoesOnFromACheckpointBitForBit) {
  const auto first = modelWith(GetParam(), 1);
  fit(*first, 1);
  const BundleFiles files = first->saveCheckpoint(OptimizerLayout::Auto);
  const Bundle bundle(files.index, {files.data});

  // A model that has not trained yet, and one that has, whose state is replaced.
  for (const bool trained : {false, true}) {
    const auto second = modelWith(GetParam(), 2);
    if (trained) fit(*second, 2);
    const RestorePlan plan = second->loadCheckpoint(bundle);
    EXPECT_TRUE(plan.missingInFile.empty()) << plan.missingInFile.front();
    EXPECT_TRUE(plan.unusedInFile.empty()) << plan.unusedInFile.front();
    fit(*second, 1);
    if (!trained) {
      const Bytes before = files.data;
      fit(*first, 1);
      EXPECT_NE(saved(*first), before);
    }
    EXPECT_EQ(saved(*second), saved(*first));
  }
}

TEST_P(OptimizerState, AndSavesWhatItLoaded) {
  const auto first = modelWith(GetParam(), 1);
  fit(*first, 2);
  const BundleFiles files = first->saveCheckpoint(OptimizerLayout::Auto);
  const auto second = modelWith(GetParam(), 2);
  fit(*second, 1);
  second->loadCheckpoint(Bundle(files.index, {files.data}));
  EXPECT_EQ(saved(*second), files.data);
}

std::string optimizerCaseName(const ::testing::TestParamInfo<Json>& info) {
  const Json& config = info.param["config"];
  return std::to_string(info.index) + "_" + info.param["class_name"].get<std::string>() +
         (config["is_legacy_optimizer"].get<bool>() ? "_legacy" : "_new");
}

INSTANTIATE_TEST_SUITE_P(Optimizers, OptimizerState, ::testing::ValuesIn(optimizers()),
                         optimizerCaseName);

TEST(OptimizerState, LayoutsThatMeanSomethingElseAreRefused) {
  const auto layoutOf = [](const char* name, const Json& config, OptimizerLayout layout) {
    const auto model = modelWith({{"class_name", name}, {"config", config}}, 1);
    fit(*model, 1);
    return codeOf([&] { model->saveCheckpoint(layout); });
  };
  const Json averages = {{"use_ema", true}};
  EXPECT_EQ(layoutOf("Adam", averages, OptimizerLayout::Legacy), ErrorCode::Unsupported);
  EXPECT_EQ(layoutOf("RMSprop", Json::object(), OptimizerLayout::Legacy), ErrorCode::Unsupported);
}

TensorPtr iterations(int64_t count) {
  auto tensor = std::make_shared<Tensor>(DType::Int64, std::vector<int64_t>{1});
  std::memcpy(tensor->bytes().data(), &count, sizeof(count));
  return tensor;
}

// Of one that has not trained Keras keeps the count alone; what is frozen after it stays so.
TEST(OptimizerState, OfNoStepsSettlesNothing) {
  for (const bool isRefused : {false, true}) {
    const auto model = modelWith("adam", 1);
    const auto restore = [&](std::vector<TensorPtr> values) {
      return codeOf([&] { model->setOptimizerVariables(OptimizerOrder::New, values); });
    };
    if (isRefused) {
      EXPECT_EQ(restore({iterations(1)}), ErrorCode::ShapeMismatch);
      EXPECT_EQ(restore({iterations(0), iterations(0)}), ErrorCode::ShapeMismatch);
    } else {
      model->setOptimizerVariables(OptimizerOrder::New, {iterations(0)});
    }
    EXPECT_TRUE(model->optimizerVariables(OptimizerOrder::New).empty());
    model->setTrainable({0}, false);
    const auto kernel = [&] { return model->weights()[0]->floats()[0]; };
    const float before = kernel();
    fit(*model, 1);
    EXPECT_EQ(kernel(), before);
  }
}

TEST(OptimizerState, CountsThatNobodyHasDoneAreRefused) {
  const auto model =
      modelWith({{"class_name", "SGD"}, {"config", {{"is_legacy_optimizer", true}}}}, 1);
  for (const int64_t count : {int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    const std::vector<TensorPtr> values = {iterations(count)};
    EXPECT_EQ(codeOf([&] { model->setOptimizerVariables(OptimizerOrder::Legacy, values); }),
              ErrorCode::CorruptFile);
  }
}

// The rate of a schedule is in the files of the newer generation only.
TEST(OptimizerState, SchedulesLeaveNoRateInLegacyFiles) {
  const Json schedule = {{"class_name", "CosineDecay"},
                         {"config", {{"initial_learning_rate", 0.1}, {"decay_steps", 20}}}};
  for (const bool legacy : {false, true}) {
    const auto model =
        modelWith({{"class_name", "Adam"},
                   {"config", {{"learning_rate", schedule}, {"is_legacy_optimizer", legacy}}}},
                  1);
    fit(*model, 1);
    const BundleFiles files = model->saveCheckpoint(OptimizerLayout::Auto);
    std::vector<std::string> rates;
    const Bundle bundle(files.index, {files.data});
    for (const BundleEntry& entry : bundle.entries()) {
      if (entry.key.find("learning_rate") != std::string::npos) rates.emplace_back(entry.key);
    }
    std::vector<std::string> expected;
    if (!legacy) expected = {"optimizer/_current_learning_rate/.ATTRIBUTES/VARIABLE_VALUE"};
    EXPECT_EQ(rates, expected);
  }
}

// What Keras does before `on_train_end`.
TEST(OptimizerState, AFitEndsWithTheAverages) {
  const auto averaged =
      modelWith({{"class_name", "SGD"}, {"config", {{"use_ema", true}, {"ema_momentum", 0.5}}}}, 1);
  fit(*averaged, 2);
  const auto& averages = averaged->compiled()->optimizer().slots("average");
  const std::vector<Variable*> weights = averaged->weights();
  ASSERT_EQ(weights.size(), averages.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    for (int64_t k = 0; k < weights[i]->count(); ++k) {
      EXPECT_EQ(weights[i]->floats()[k], averages[i]->floats()[k]);
    }
  }
  const auto plain = modelWith("SGD", 1);
  fit(*plain, 2);
  EXPECT_NE(averaged->weights()[0]->floats()[0], plain->weights()[0]->floats()[0]);
}

}  // namespace
}  // namespace tabtrain::testing
