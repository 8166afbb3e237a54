// Regularizers and constraints against real Keras: tests/golden/regularizers.json.
#include <gtest/gtest.h>

#include <set>

#include "constraints/constraint.h"
#include "golden.h"
#include "graph/autodiff.h"
#include "graph_runner.h"
#include "regularizers/regularizer.h"

namespace tabtrain::testing {
namespace {

class RegularizerGolden : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(RegularizerGolden, EqualsKeras) {
  const Json& golden = GetParam().json;
  const Json config = {{"w", golden["object"]}};
  ConfigReader reader("Layer", config);
  const Tensor input = goldenTensor(golden["input"]);
  Variable weight("w", "w", DType::Float32, input.shape, true);
  writeElements(weight.data(), DType::Float32, input.values);
  GraphRunner runner;
  const Expr w = runner.graph().read(weight);
  const std::vector<double> expected = goldenTensor(golden["output"]).values;

  if (golden["kind"] == "constraint") {
    const auto constraint = makeConstraint(reader, "w");
    EXPECT_EQ(constraint->toJson(), golden["object"]);
    expectClose(runner.run({constraint->project(w)})[0], expected, "projection");
    return;
  }
  const auto regularizer = makeRegularizer(reader, "w");
  EXPECT_EQ(regularizer->toJson(), golden["object"]);
  const Expr penalty = regularizer->penalty(w);
  std::vector<Expr> fetches = {penalty};
  for (const Expr& gradient : gradients(penalty, {w})) {
    if (gradient) fetches.push_back(gradient);
  }
  const auto values = runner.run(fetches);
  expectClose(values[0], expected, "penalty");
  const std::vector<double> slope = goldenTensor(golden["gradient"]).values;
  if (values.size() == 1) {
    EXPECT_EQ(slope, std::vector<double>(slope.size(), 0.0));
  } else {
    expectClose(values[1], slope, "gradient");
  }
}

INSTANTIATE_TEST_SUITE_P(Regularizers, RegularizerGolden,
                         ::testing::ValuesIn(goldenCases("regularizers.json")), caseName);

TEST(Regularizers, AreMadeFromNames) {
  const auto made = [](const Json& json) {
    const Json config = {{"w", json}};
    ConfigReader reader("Dense", config);
    return makeRegularizer(reader, "w")->toJson().dump();
  };
  EXPECT_EQ(made("l1"), R"({"class_name":"L1","config":{"l1":0.01}})");
  EXPECT_EQ(made("l1_l2"), R"({"class_name":"L1L2","config":{"l1":0.01,"l2":0.01}})");
  EXPECT_EQ(made("L1L2"), R"({"class_name":"L1L2","config":{"l1":0.0,"l2":0.0}})");
}

}  // namespace
}  // namespace tabtrain::testing
