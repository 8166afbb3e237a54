// Configs, state and refusals of optimizers; their formulas are in trajectories_golden_test.cpp.
#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <limits>

#include "checkpoint_fixtures.h"
#include "graph/executable.h"
#include "graph_runner.h"
#include "json_printing.h"
#include "optimizers/optimizer.h"

namespace tabtrain::testing {
namespace {

using Names = std::vector<std::string>;

std::unique_ptr<Optimizer> make(const std::string& className, Json config) {
  return makeOptimizer(ClassConfig{className, std::move(config)}.toJson());
}

TEST(Optimizers, AreKnownByNameAndAlias) {
  ASSERT_EQ(optimizerNames().size(), 10u);
  for (const std::string& name : optimizerNames()) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(makeOptimizer(name)->className(), name);
    EXPECT_EQ(makeOptimizer(lower)->className(), name);
    EXPECT_EQ(makeOptimizer(lower)->name(), name);
    // As newer Keras names them in SavedModels and HDF5 files.
    EXPECT_EQ(make("Custom>" + name, Json::object())->className(), name);
  }
  EXPECT_EQ(codeOf([] { makeOptimizer("sgdd"); }), ErrorCode::UnknownClass);
}

TEST(Optimizers, HaveKerasDefaults) {
  const auto adam = makeOptimizer("adam");
  EXPECT_FALSE(adam->isLegacy());
  EXPECT_EQ(*adam->learningRate().floats(), 0.001f);
  const Json config = adam->toJson()["config"];
  EXPECT_EQ(config["beta_1"], 0.9);
  EXPECT_EQ(config["beta_2"], 0.999);
  EXPECT_EQ(config["epsilon"], 1e-7);
  EXPECT_EQ(config["amsgrad"], false);
  EXPECT_EQ(config["is_legacy_optimizer"], false);
  EXPECT_EQ(*makeOptimizer("sgd")->learningRate().floats(), 0.01f);
}

bool hasLegacy(const std::string& name) { return name != "AdamW" && name != "Lion"; }

TEST(Optimizers, ConfigsGoRound) {
  const Json schedule = {{"class_name", "ExponentialDecay"},
                         {"config",
                          {{"initial_learning_rate", 0.5},
                           {"decay_steps", 10},
                           {"decay_rate", 0.25},
                           {"staircase", true},
                           {"name", nullptr}}}};
  const std::vector<std::pair<std::string, Json>> own = {
      {"SGD", {{"name", "mine"}, {"momentum", 0.75}, {"nesterov", true}, {"clipvalue", 0.5}}},
      {"Adam", {{"learning_rate", 0.5}, {"beta_1", 0.8}, {"amsgrad", true}, {"clipnorm", 2.0}}},
      {"AdamW", {{"weight_decay", 0.25}, {"use_ema", true}, {"ema_momentum", 0.5}}},
      {"Adamax", {{"beta_1", 0.8}, {"beta_2", 0.99}, {"epsilon", 1e-3}}},
      {"Nadam", {{"beta_1", 0.8}, {"beta_2", 0.99}, {"epsilon", 1e-3}}},
      {"RMSprop", {{"rho", 0.5}, {"momentum", 0.25}, {"epsilon", 1e-3}, {"centered", true}}},
      {"Adagrad", {{"initial_accumulator_value", 0.5}, {"epsilon", 1e-3}}},
      {"Adadelta", {{"learning_rate", schedule}, {"rho", 0.5}, {"epsilon", 1e-3}}},
      {"Ftrl",
       {{"initial_accumulator_value", 0.5},
        {"learning_rate_power", -0.25},
        {"l1_regularization_strength", 0.1},
        {"l2_regularization_strength", 0.2},
        {"beta", 0.3},
        {"l2_shrinkage_regularization_strength", 0.4},
        {"global_clipnorm", 3.0}}},
      {"Lion", {{"beta_1", 0.8}, {"ema_overwrite_frequency", 7}, {"jit_compile", true}}},
  };
  ASSERT_EQ(own.size(), optimizerNames().size());
  for (const auto& [name, config] : own) {
    for (const bool legacy : {false, true}) {
      if (legacy && !hasLegacy(name)) continue;
      Json given = config;
      given["is_legacy_optimizer"] = legacy;
      if (legacy) given["decay"] = 0.25;
      const Json once = make(name, given)->toJson();
      for (const auto& [key, value] : given.items()) {
        EXPECT_EQ(once["config"][key], value) << name << " " << key;
      }
      EXPECT_EQ(makeOptimizer(once)->toJson(), once);
    }
  }
}

TEST(Optimizers, GiveTheKeysOfKerasInItsOrder) {
  const auto keys = [](const std::string& name, const Json& config) {
    Names result;
    const Json json = make(name, config)->toJson();
    for (const auto& [key, value] : json["config"].items()) result.push_back(key);
    return result;
  };
  EXPECT_EQ(keys("Adam", {{"is_legacy_optimizer", true}}),
            (Names{"name", "learning_rate", "decay", "beta_1", "beta_2", "epsilon", "amsgrad",
                   "is_legacy_optimizer"}));
  EXPECT_EQ(keys("RMSprop", {{"is_legacy_optimizer", true}, {"clipvalue", 1}, {"clipnorm", 1}}),
            (Names{"name", "clipnorm", "clipvalue", "learning_rate", "decay", "rho", "momentum",
                   "epsilon", "centered", "is_legacy_optimizer"}));
  EXPECT_EQ(keys("AdamW", Json::object()),
            (Names{"name", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema",
                   "ema_momentum", "ema_overwrite_frequency", "jit_compile", "is_legacy_optimizer",
                   "learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad"}));
  EXPECT_EQ(makeOptimizer("rmsprop")->toJson()["config"]["ema_overwrite_frequency"], 100);
  EXPECT_EQ(makeOptimizer("adamw")->toJson()["config"]["weight_decay"], 0.004);
  EXPECT_EQ(make("Nadam", {{"is_legacy_optimizer", true}})->toJson()["config"]["decay"], 0.004);
}

TEST(Optimizers, KeepTheSlotsOfTheirGeneration) {
  for (const bool legacy : {false, true}) {
    const auto slots = [&](const std::string& name, Json config) {
      config["is_legacy_optimizer"] = legacy;
      return make(name, config)->slotNames();
    };
    // The newer SGD's files always have it.
    EXPECT_EQ(slots("SGD", Json::object()), legacy ? Names{} : Names{"momentum"});
    EXPECT_EQ(slots("SGD", {{"momentum", 0.9}}), Names{"momentum"});
    EXPECT_EQ(slots("Adam", Json::object()), (Names{"m", "v"}));
    EXPECT_EQ(slots("Adam", {{"amsgrad", true}}), (Names{"m", "v", "vhat"}));
  }
}

TEST(Optimizers, MakeOneSlotOfEachKindPerVariable) {
  Variable kernel("dense/kernel", "layers/0/kernel", DType::Float32, {2, 3}, true);
  Variable bias("dense/bias", "layers/0/bias", DType::Float32, {3}, true);
  const auto adam = makeOptimizer("adam");
  EXPECT_FALSE(adam->isBuilt());
  adam->build({&kernel, &bias});
  adam->build({&kernel, &bias});
  EXPECT_TRUE(adam->isBuilt());
  ASSERT_EQ(adam->slots("v").size(), 2u);
  const Variable& slot = *adam->slots("v")[1];
  EXPECT_EQ(slot.path(), "optimizer/layers/0/bias/v");
  EXPECT_EQ(slot.sizes(), bias.sizes());
  EXPECT_EQ(slot.floats()[2], 0.0f);
}

TEST(Optimizers, LeaveVariablesWithoutAGradientAlone) {
  Variable used("a", "a", DType::Float32, {2}, true);
  Variable unused("b", "b", DType::Float32, {2}, true);
  writeElements(used.data(), DType::Float32, {1, 2});
  writeElements(unused.data(), DType::Float32, {3, 4});
  const auto sgd = make("SGD", {{"learning_rate", 0.5}});
  sgd->build({&used, &unused});
  auto graph = std::make_shared<Graph>();
  sgd->apply(*graph, {&used, &unused}, {graph->read(used), Expr{}});
  Executable(graph, {}, 1).run(1);
  EXPECT_EQ(used.floats()[1], 1.0f);
  EXPECT_EQ(unused.floats()[1], 4.0f);
  EXPECT_EQ(sgd->iterations().int64(), 1);
}

TEST(Optimizers, FollowALearningRateThatChangesBetweenSteps) {
  Variable weight("a", "a", DType::Float32, {1}, true);
  const auto sgd = make("SGD", {{"learning_rate", 0.5}});
  sgd->build({&weight});
  auto graph = std::make_shared<Graph>();
  const Expr one = broadcastTo(graph->constant(1.0f), Shape::fixed({1}));
  sgd->apply(*graph, {&weight}, {one});
  Executable step(graph, {}, 1);
  step.run(1);
  EXPECT_EQ(*weight.floats(), -0.5f);
  *sgd->learningRate().floats() = 0.25f;
  step.run(1);
  EXPECT_EQ(*weight.floats(), -0.75f);
}

/// Runs `steps` steps of a weight [n] under a constant gradient.
std::vector<float> train(Optimizer& optimizer, Variable& weight, const std::vector<double>& slope,
                         int steps, const Optimizer::Constrain& constrain = {}) {
  optimizer.build({&weight});
  auto graph = std::make_shared<Graph>();
  Variable gradient("g", "g", DType::Float32, weight.sizes(), false);
  writeElements(gradient.data(), DType::Float32, slope);
  optimizer.apply(*graph, {&weight}, {graph->read(gradient)}, constrain);
  Executable step(graph, {}, 1);
  for (int i = 0; i < steps; ++i) step.run(1);
  return {weight.floats(), weight.floats() + weight.count()};
}

Variable weightOf(const std::vector<double>& values) {
  Variable weight("w", "w", DType::Float32, {static_cast<int64_t>(values.size())}, true);
  writeElements(weight.data(), DType::Float32, values);
  return weight;
}

TEST(Optimizers, ClipGradientsAsTheirGenerationDoes) {
  using Floats = std::vector<float>;
  const auto move = [](Json config, const std::vector<double>& slope) {
    config["learning_rate"] = 1;
    Variable weight = weightOf(std::vector<double>(slope.size(), 0.0));
    return train(*make("SGD", config), weight, slope, 1);
  };
  EXPECT_EQ(move({{"clipvalue", 2}}, {3, -4}), (Floats{-2, 2}));
  EXPECT_EQ(move({{"clipnorm", 2.5}}, {3, -4}), (Floats{-1.5, 2}));
  EXPECT_EQ(move({{"global_clipnorm", 2.5}}, {3, -4}), (Floats{-1.5, 2}));
  // Below the limit, and without any gradient, nothing changes.
  EXPECT_EQ(move({{"clipnorm", 6}}, {3, -4}), (Floats{-3, 4}));
  EXPECT_EQ(move({{"global_clipnorm", 6}}, {3, -4}), (Floats{-3, 4}));
  EXPECT_EQ(move({{"clipnorm", 1}}, {0, 0}), (Floats{0, 0}));
  EXPECT_EQ(move({{"global_clipnorm", 1}}, {0, 0}), (Floats{0, 0}));
  // The newer generation does one of them, and 0 is none; the legacy one does all, values first.
  const Json both = {{"clipvalue", 2}, {"clipnorm", 2.5}};
  Json legacy = both;
  legacy["is_legacy_optimizer"] = true;
  EXPECT_EQ(move(both, {3, -4}), (Floats{-1.5, 2}));
  EXPECT_NEAR(move(legacy, {3, -4})[0], -2.5 / std::sqrt(2.0), 1e-6);
  EXPECT_EQ(move({{"clipvalue", 0}}, {3, -4}), (Floats{-3, 4}));
  EXPECT_EQ(move({{"clipvalue", 0}, {"is_legacy_optimizer", true}}, {3, -4}), (Floats{0, 0}));
  // A norm that is not finite spoils everything, so that it is seen.
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(std::isnan(move({{"global_clipnorm", 1}}, {infinite, 1})[1]));
}

TEST(Optimizers, DecayWeightsBeforeTheUpdate) {
  Variable weight = weightOf({2});
  // 2 - 2 * 0.25 * 0.5 = 1.75, then - 0.5 * 1.
  EXPECT_EQ(train(*make("SGD", {{"learning_rate", 0.5}, {"weight_decay", 0.25}}), weight, {1}, 1),
            std::vector<float>{1.25f});
}

TEST(Optimizers, KeepAveragesOfTheWeights) {
  const Json config = {{"learning_rate", 1}, {"use_ema", true}, {"ema_momentum", 0.75}};
  Variable weight = weightOf({0});
  const auto plain = make("SGD", config);
  EXPECT_EQ(plain->slotNames(), (Names{"average", "momentum"}));
  // Weights -1, -2; averages -0.25, -0.6875.
  EXPECT_EQ(train(*plain, weight, {1}, 2)[0], -2.0f);
  EXPECT_EQ(*plain->slots("average")[0]->floats(), -0.6875f);
  plain->finalize({&weight});
  EXPECT_EQ(*weight.floats(), -0.6875f);

  Json overwriting = config;
  overwriting["ema_overwrite_frequency"] = 2;
  Variable other = weightOf({8});
  const auto often = make("SGD", overwriting);
  // They start at the weights: 7 and 6 give 7.75 and 7.3125, which step 2 makes the weight.
  EXPECT_EQ(train(*often, other, {1}, 2)[0], 7.3125f);
  EXPECT_EQ(train(*often, other, {1}, 1)[0], 6.3125f);
  make("SGD", {})->finalize({&weight});
  EXPECT_EQ(*weight.floats(), -0.6875f);
}

TEST(Optimizers, ConstrainWhatTheyAssign) {
  Variable weight = weightOf({1, 1});
  const auto notNegative = [](const Variable& variable, Expr value) {
    EXPECT_EQ(variable.path(), "w");
    return relu(value);
  };
  // The averages are of the values before that, as in Keras.
  const auto sgd = make("SGD", {{"learning_rate", 1}, {"use_ema", true}, {"ema_momentum", 0.5}});
  EXPECT_EQ(train(*sgd, weight, {3, -3}, 1, notNegative), (std::vector<float>{0, 4}));
  EXPECT_EQ(sgd->slots("average")[0]->floats()[0], -0.5f);
}

TEST(Optimizers, FollowASchedule) {
  const Json halves = {
      {"class_name", "ExponentialDecay"},
      {"config", {{"initial_learning_rate", 0.5}, {"decay_steps", 1}, {"decay_rate", 0.5}}}};
  for (const bool legacy : {false, true}) {
    const auto sgd = make("SGD", {{"learning_rate", halves}, {"is_legacy_optimizer", legacy}});
    EXPECT_EQ(sgd->currentLearningRate(), 0.5);
    Variable weight = weightOf({1});
    EXPECT_EQ(train(*sgd, weight, {1}, 2)[0], 0.25f);
    EXPECT_EQ(sgd->currentLearningRate(), 0.125);
    EXPECT_EQ(*sgd->learningRate().floats(), 0.25f);
    std::string message;
    EXPECT_EQ(codeOf([&] { sgd->setHyper("learning_rate", 1.0); }, &message),
              ErrorCode::InvalidArgument);
    EXPECT_NE(message.find("schedule"), std::string::npos);
    EXPECT_EQ(sgd->toJson()["config"]["learning_rate"]["config"]["decay_rate"], 0.5);
  }
}

TEST(Optimizers, RefuseWhatTheyCannotDo) {
  const auto refused = [](const std::string& name, const Json& config) {
    std::string message;
    EXPECT_EQ(codeOf([&] { make(name, config); }, &message), ErrorCode::InvalidArgument)
        << name << config;
    return message;
  };
  refused("Adam", {{"beta_1", 1.5}});
  refused("Lion", {{"beta_1", 0}});
  refused("SGD", {{"learning_rate", -1}});
  refused("SGD", {{"rho", 0.9}});
  refused("Ftrl", {{"learning_rate_power", 0.5}});
  refused("Adagrad", {{"initial_accumulator_value", -0.1}});
  refused("SGD", {{"clipnorm", -1}});
  refused("AdamW", {{"weight_decay", nullptr}});
  refused("Adam", {{"use_ema", true}, {"ema_overwrite_frequency", 0}});
  EXPECT_EQ(refused("SGD", {{"clipnorm", 1}, {"global_clipnorm", 2}}),
            "SGD: global_clipnorm: expected at most one of it and clipnorm, got 2");
  // Options and classes of the other generation.
  refused("SGD", {{"decay", 0.1}});
  for (const char* key : {"weight_decay", "use_ema", "ema_momentum", "adaptive_epsilon"}) {
    refused("Adam", {{key, 0.5}, {"is_legacy_optimizer", true}});
  }
  for (const char* name : {"AdamW", "Lion"}) {
    EXPECT_EQ(refused(name, {{"is_legacy_optimizer", true}}),
              std::string(name) +
                  ": is_legacy_optimizer: expected false, since Keras 2.8 has no such class, got "
                  "true");
  }
  const Json schedule = {{"class_name", "CosineDecay"},
                         {"config", {{"initial_learning_rate", 0.5}, {"decay_steps", 10}}}};
  refused("Nadam", {{"learning_rate", schedule}, {"is_legacy_optimizer", true}});
  EXPECT_NO_THROW(make("Nadam", {{"learning_rate", schedule}}));
}

}  // namespace
}  // namespace tabtrain::testing
