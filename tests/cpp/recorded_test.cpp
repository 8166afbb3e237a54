#include <gtest/gtest.h>

#include "base/error.h"
#include "graph_runner.h"
#include "json_printing.h"
#include "layers/recorded.h"
#include "losses/loss.h"
#include "losses/recorded.h"
#include "metrics/metric.h"
#include "model/model.h"

namespace tabtrain {
namespace {

const char* const kScale = R"({"class_name": "Sequential", "config": {"layers": [
  {"class_name": "mine>Scale", "config": {"batch_input_shape": [null, 3], "factor": 2.5, "recorded": {
    "weights": [{"name": "gain", "shape": [3], "initializer": "ones"},
                {"name": "seen", "shape": [], "trainable": false, "initializer": "zeros"}],
    "inference": {"nodes": [{"op": "Weight", "attrs": {"name": "gain"}}, {"op": "Mul", "in": [0, 1]},
                            {"op": "Const", "attrs": {"value": 2.5}}, {"op": "Mul", "in": [2, 3]}],
                  "outputs": [4]},
    "training": null}}},
  {"class_name": "Dense", "config": {"units": 2}}]}})";

TEST(Recorded, ALayerHasItsWeightsNameAndConfig) {
  const auto model = std::make_shared<Model>(kScale, 1);
  const Json description = model->describe();
  EXPECT_EQ(description["layers"][0]["name"], "scale");
  EXPECT_EQ(description["layers"][0]["className"], "mine>Scale");
  EXPECT_EQ(description["weights"][0]["name"], "scale/gain");
  EXPECT_EQ(description["params"]["nonTrainable"], 1);
  const Json layer = model->network().toJson()["config"]["layers"][1];
  EXPECT_EQ(layer["class_name"], "mine>Scale");
  EXPECT_EQ(layer["config"]["factor"], 2.5);
  EXPECT_FALSE(layer["config"].contains("recorded"));
}

Expr replayed(Graph& graph, const std::string& recording, Expr a, Expr b) {
  return replay(graph, Json::parse(recording), {a, b}).at(0);
}

TEST(Recorded, ShapesAreFoundWhereItIsReplayed) {
  Graph graph;
  const Expr x = graph.input("x", {DType::Float32, Shape::batched({4, 6})});
  const Expr w = graph.input("w", {DType::Float32, Shape::fixed({6, 5})});
  EXPECT_EQ(replayed(graph, R"({"nodes": [{"op": "MatMul", "in": [0, 1]}], "outputs": [2]})", x, w)
                .shape(),
            Shape::batched({4, 5}));
  EXPECT_EQ(replayed(graph,
                     R"({"nodes": [{"op": "Mean", "in": [0], "attrs": {"axes": [-1, 1]}}],
                         "outputs": [2]})",
                     x, w)
                .shape(),
            Shape::batched({}));
  EXPECT_EQ(replayed(graph,
                     R"({"nodes": [{"op": "Reshape", "in": [0], "attrs": {"shape": [null, -1, 2]}}],
                         "outputs": [2]})",
                     x, w)
                .shape(),
            Shape::batched({12, 2}));
}

TEST(Recorded, RefusesWhatIsNoRecording) {
  for (
      const char* bad :
      {"{}", R"({"nodes": 3, "outputs": [0]})", R"({"nodes": [], "outputs": []})",
       R"({"nodes": [], "outputs": [2]})", R"({"nodes": [], "outputs": ["0"]})",
       R"({"nodes": [{"op": "Mul", "in": [0, 2]}], "outputs": [2]})",
       R"({"nodes": [{"op": "Mul", "in": [0]}], "outputs": [2]})",
       R"({"nodes": [{"op": "Mul", "in": [0, 1, 1]}], "outputs": [2]})",
       R"({"nodes": [{"op": "Nope", "in": [0]}], "outputs": [2]})",
       R"({"nodes": [{"op": "AssignVariableOp", "in": [0]}], "outputs": [2]})",
       R"({"nodes": [{"op": "ReadVariableOp", "in": [0]}], "outputs": [2]})",
       R"({"nodes": [{"op": "Softmax", "in": [0, 1]}], "outputs": [2]})",
       R"({"nodes": [{"op": "SparseSoftmaxCrossEntropyWithLogits", "in": [0, 1]}], "outputs": [2]})",
       R"({"nodes": [{"op": "Weight", "attrs": {"name": "w"}}], "outputs": [2]})",
       R"({"nodes": [{"op": "RandomUniform", "in": [0]}], "outputs": [2]})",
       R"({"nodes": [{"op": "Sum", "in": [0], "attrs": {"axes": [0, 0]}}], "outputs": [2]})",
       R"({"nodes": [{"op": "Reshape", "in": [0], "attrs": {"shape": [-1, -1]}}], "outputs": [2]})",
       R"({"nodes": [{"op": "Reshape", "in": [0], "attrs": {"shape": [7]}}], "outputs": [2]})",
       R"({"nodes": [{"op": "Transpose", "in": [0], "attrs": {"perm": [1]}}], "outputs": [2]})"}) {
    Graph graph;
    const Expr x = graph.input("x", {DType::Float32, Shape::batched({4})});
    EXPECT_THROW(replayed(graph, bad, x, x), Error) << bad;
  }
}

TEST(Recorded, ALossAndAMetricAreFunctionsOfTargetsAndPredictions) {
  const Json json = Json::parse(R"({"class_name": "my_loss", "config": {"recorded": {
    "nodes": [{"op": "Sub", "in": [0, 1]}, {"op": "Abs", "in": [2]},
              {"op": "Mean", "in": [3], "attrs": {"axes": [-1]}}], "outputs": [4]}}})");
  const auto loss = makeLoss(json);
  EXPECT_EQ(loss->name(), "my_loss");
  Graph graph;
  const Expr y = graph.input("y", {DType::Float32, Shape::batched({4})});
  EXPECT_EQ(loss->perSample(y, y).shape(), Shape::batched({}));
  EXPECT_EQ(metricName(json), "my_loss");
  EXPECT_EQ(makeMetric(json, {}, {})->className(), "my_loss");
}

}  // namespace
}  // namespace tabtrain
