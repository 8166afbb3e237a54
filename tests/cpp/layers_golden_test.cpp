// Every layer against what real Keras computed: tests/golden/layers.json.
#include <gtest/gtest.h>

#include <set>

#include "golden.h"
#include "graph/autodiff.h"
#include "graph_runner.h"
#include "kernels/elementwise.h"
#include "layers/activations.h"

namespace tabtrain::testing {
namespace {

std::string nameOf(const Variable& weight) {
  return weight.name().substr(weight.name().rfind('/') + 1);
}

std::vector<float> valuesOf(const Variable& weight) {
  std::vector<float> values(static_cast<size_t>(weight.count()));
  kernels::toFloat(weight.data(), weight.dtype(), weight.count(), values.data());
  return values;
}

class LayerGolden : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(LayerGolden, EqualsKeras) {
  const Json& golden = GetParam().json;
  const auto layer = makeLayer(parseClassConfig(golden["layer"], "layer"));

  GraphRunner runner;
  const Expr x = runner.feed(goldenTensor(golden["input"]));
  layer->buildAt("layers/0", x.shape(), /*seed=*/1);
  // In Keras too, the config is that of a layer that has been built.
  EXPECT_EQ(layer->toJson(), golden["layer"]);

  const std::vector<Variable*> weights = layer->orderedWeights();
  ASSERT_EQ(weights.size(), golden["weights"].size());
  for (size_t i = 0; i < weights.size(); ++i) {
    const Json& weight = golden["weights"][i];
    EXPECT_EQ(nameOf(*weights[i]), weight["name"]);
    const Tensor value = goldenTensor(weight);
    ASSERT_EQ(weights[i]->sizes(), value.shape);
    ASSERT_EQ(weights[i]->dtype(), value.dtype);
    if (!golden.contains("adapted_to")) {
      writeElements(weights[i]->data(), value.dtype, value.values);
    }
  }
  if (golden.contains("adapted_to")) {
    const Tensor given = goldenTensor(golden["adapted_to"]);
    const tabtrain::Tensor data(DType::Float32, given.shape);
    writeElements(data.bytes().data(), DType::Float32, given.values);
    layer->adaptable()->adapt(data, [](const tabtrain::Tensor& all, int64_t row, float* out) {
      kernels::toFloat(all.bytes().data() + static_cast<size_t>(row) * all.rowBytes(),
                       DType::Float32, all.count() / all.rows(), out);
    });
  }

  Variable step("step", "step", DType::Int64, {}, false);
  const CallContext context{runner.graph(), golden["training"].get<bool>(), step, /*seed=*/1};
  const Expr output = layer->call(context, x);
  const Tensor expected = goldenTensor(golden["output"]);
  EXPECT_EQ(output.shape(), Shape::batched({expected.shape.begin() + 1, expected.shape.end()}));

  // The gradients of sum(output * c).
  const Expr target = sumAll(output * runner.feed(goldenTensor(golden["c"])));
  std::vector<Expr> sources = {x};
  for (Variable* weight : weights) {
    if (weight->trainable()) sources.push_back(runner.graph().read(*weight));
  }
  ASSERT_EQ(sources.size(), 1 + golden["weight_gradients"].size());
  std::vector<Expr> fetches = {output};
  for (Expr gradient : gradients(target, sources)) {
    // One that does not depend on the source is zero; fetching it needs a value.
    const Expr source = sources[fetches.size() - 1];
    fetches.push_back(gradient ? gradient : broadcastTo(x.graph->constant(0.0f), source.shape()));
  }
  const auto values = runner.run(fetches);
  expectClose(values[0], expected.values, "output");
  expectClose(values[1], goldenTensor(golden["input_gradient"]).values, "input_gradient");
  for (size_t i = 2; i < values.size(); ++i) {
    const Json& gradient = golden["weight_gradients"][i - 2];
    expectClose(values[i], goldenTensor(gradient).values,
                "gradient of " + gradient.value("name", ""));
  }

  const Json& after = golden.value("weights_after", golden["weights"]);
  for (size_t i = 0; i < weights.size(); ++i) {
    expectClose(valuesOf(*weights[i]), goldenTensor(after[i]).values,
                nameOf(*weights[i]) + " after the call");
  }
}

INSTANTIATE_TEST_SUITE_P(Layers, LayerGolden, ::testing::ValuesIn(goldenCases("layers.json")),
                         caseName);

// A class or function without cases would be untested.
TEST(LayerGoldenCases, AreThereForAllClassesAndActivations) {
  std::set<std::string> classes = {"Sequential"};  // in the cases of whole models
  std::set<std::string> activations;
  for (const GoldenCase& golden : goldenCases("layers.json")) {
    const Json& layer = golden.json["layer"];
    classes.insert(layer["class_name"].get<std::string>());
    const Json activation = layer["config"].value("activation", Json());
    if (activation.is_string()) activations.insert(activation.get<std::string>());
  }
  for (const std::string& name : layerNames()) EXPECT_TRUE(classes.contains(name)) << name;
  for (const std::string& name : activationNames()) EXPECT_TRUE(activations.contains(name)) << name;
}

}  // namespace
}  // namespace tabtrain::testing
