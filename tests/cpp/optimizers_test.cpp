// Configs, state and refusals of optimizers; their formulas are in trajectories_golden_test.cpp.
#include <gtest/gtest.h>

#include "checkpoint_fixtures.h"
#include "graph/executable.h"
#include "graph_runner.h"
#include "optimizers/optimizer.h"

namespace tabtrain::testing {
namespace {

using Names = std::vector<std::string>;

std::unique_ptr<Optimizer> make(const std::string& className, Json config) {
  return makeOptimizer(ClassConfig{className, std::move(config)}.toJson());
}

TEST(Optimizers, AreKnownByNameAndAlias) {
  for (const char* name : {"adam", "Adam"}) {
    EXPECT_STREQ(makeOptimizer(name)->className(), "Adam");
  }
  for (const char* name : {"sgd", "SGD"}) EXPECT_STREQ(makeOptimizer(name)->className(), "SGD");
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

TEST(Optimizers, ConfigsGoRound) {
  for (const bool legacy : {false, true}) {
    for (const auto& [name, config] :
         {std::pair{"Adam", Json{{"learning_rate", 0.5}, {"beta_1", 0.8}, {"amsgrad", true}}},
          std::pair{"SGD", Json{{"name", "mine"}, {"momentum", 0.9}, {"nesterov", true}}}}) {
      Json given = config;
      given["is_legacy_optimizer"] = legacy;
      if (legacy) given["decay"] = 0.25;
      const Json once = make(name, given)->toJson();
      for (const auto& [key, value] : given.items()) EXPECT_EQ(once["config"][key], value) << key;
      EXPECT_EQ(makeOptimizer(once)->toJson(), once);
    }
  }
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

TEST(Optimizers, RefuseWhatThisVersionLacks) {
  std::string message;
  for (const char* key : {"clipnorm", "clipvalue", "global_clipnorm", "weight_decay"}) {
    EXPECT_EQ(codeOf([&] { make("Adam", {{key, 1.0}}); }, &message), ErrorCode::Unsupported);
    EXPECT_EQ(message, "Adam: " + std::string(key) + ": this version supports only null, got 1.0");
    make("Adam", {{key, nullptr}});
  }
  EXPECT_EQ(codeOf([] { make("Adam", {{"use_ema", true}}); }), ErrorCode::Unsupported);
  EXPECT_EQ(codeOf([] { make("Adam", {{"beta_1", 1.5}}); }), ErrorCode::InvalidArgument);
  EXPECT_EQ(codeOf([] { make("SGD", {{"learning_rate", -1}}); }), ErrorCode::InvalidArgument);
  EXPECT_EQ(codeOf([] { make("SGD", {{"rho", 0.9}}); }), ErrorCode::InvalidArgument);
  // An option of the other generation.
  EXPECT_EQ(codeOf([] { make("SGD", {{"decay", 0.1}}); }), ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace tabtrain::testing
