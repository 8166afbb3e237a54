// Which nodes become one step, and that fusing them changes no value.
#include <gtest/gtest.h>

#include "graph/autodiff.h"
#include "graph/executable.h"
#include "graph_runner.h"
#include "ops/op.h"

namespace tabtrain::testing {
namespace {

Tensor ramp(const std::vector<int64_t>& shape) {
  Tensor tensor{shape, DType::Float32, {}};
  for (int64_t i = 0; i < elementCount(shape); ++i) {
    tensor.values.push_back(static_cast<double>(i % 13) - 6);
  }
  return tensor;
}

/// The op names of each step; a fused producer is written before its run.
std::vector<std::string> stepNames(const Graph& graph, const std::vector<Expr>& fetches) {
  std::vector<ValueId> ids;
  for (const Expr& fetch : fetches) ids.push_back(fetch.id);
  std::vector<std::string> names;
  for (const Step& step : makeSteps(graph, ids)) {
    std::string name = step.producer >= 0 ? graph.node(step.producer).op->name() + ">" : "";
    for (NodeId id : step.nodes) name += graph.node(id).op->name() + " ";
    names.push_back(name);
  }
  return names;
}

TEST(Fusion, ElementwiseNodesOfOneSizeAreOneStep) {
  GraphRunner runner;
  const Expr x = runner.feed(ramp({3, 4}));
  const Expr y = sigmoid(square(x) + 1.0f) * x;
  EXPECT_EQ(stepNames(runner.graph(), {y}),
            (std::vector<std::string>{"Square AddV2 Sigmoid Mul "}));
}

TEST(Fusion, AMatrixProductFeedsItsRun) {
  GraphRunner runner;
  Variable kernel("kernel", "kernel", DType::Float32, {4, 2}, true);
  Variable bias("bias", "bias", DType::Float32, {2}, true);
  const Expr x = runner.feed(ramp({3, 4}));
  Graph& graph = runner.graph();
  const Expr product = matMul(x, graph.read(kernel));
  const Expr y = relu(product + graph.read(bias));
  EXPECT_EQ(stepNames(graph, {y}), (std::vector<std::string>{"MatMul>AddV2 Relu "}));
  // One that somebody else needs goes through memory.
  EXPECT_EQ(stepNames(graph, {y, product}), (std::vector<std::string>{"MatMul ", "AddV2 Relu "}));
  EXPECT_EQ(stepNames(graph, {y, sumAll(product)}),
            (std::vector<std::string>{"MatMul ", "AddV2 Relu ", "Sum "}));
}

TEST(Fusion, AGradientFeedsTheUpdateOfItsVariable) {
  GraphRunner runner;
  Variable kernel("kernel", "kernel", DType::Float32, {4, 2}, true);
  const Expr x = runner.feed(ramp({3, 4}));
  Graph& graph = runner.graph();
  const Expr w = graph.read(kernel);
  const Expr loss = sumAll(square(matMul(x, w)));
  graph.assign(kernel, w - gradients(loss, {w})[0] * 0.1f);
  const auto names = stepNames(graph, {loss});
  EXPECT_EQ(names.back(), "MatMul>Mul Sub AssignVariableOp ");
}

TEST(Fusion, LeavesOutWhatNobodyNeeds) {
  GraphRunner runner;
  const Expr x = runner.feed(ramp({3, 4}));
  exponential(x);
  EXPECT_EQ(stepNames(runner.graph(), {square(x)}), (std::vector<std::string>{"Square "}));
  EXPECT_TRUE(stepNames(runner.graph(), {}).empty());
}

TEST(Fusion, StepsAreAFunctionOfTheGraph) {
  const auto build = [] {
    GraphRunner runner;
    const Expr x = runner.feed(ramp({3, 4}));
    const Expr y = softmax(square(x)) + x;
    return stepNames(runner.graph(), {y, sumAll(y * x)});
  };
  EXPECT_EQ(build(), build());
}

// Longer than a tile and a chunk, and a multiple of neither.
TEST(Fusion, TilesAndChunksChangeNoValue) {
  for (int64_t units : {1, 3, 70, 700}) {
    for (int64_t rows : {1, 15, 613}) {
      SCOPED_TRACE(::testing::Message() << rows << "x" << units);
      Variable kernel("kernel", "kernel", DType::Float32, {5, units}, true);
      Variable bias("bias", "bias", DType::Float32, {units}, true);
      writeElements(kernel.data(), DType::Float32, ramp({5, units}).values);
      writeElements(bias.data(), DType::Float32, ramp({units}).values);
      const Tensor in = ramp({rows, 5});
      GraphRunner runner;
      const Expr x = runner.feed(in);
      Graph& graph = runner.graph();
      const Expr y = square(matMul(x, graph.read(kernel)) + graph.read(bias)) * 0.5f;
      const auto fused = runner.run({y})[0];
      const auto rest = runner.run({matMul(x, graph.read(kernel)), y});
      for (int64_t i = 0; i < rows * units; ++i) {
        double sum = bias.floats()[i % units];
        for (int64_t k = 0; k < 5; ++k) {
          sum += in.values[static_cast<size_t>(i / units * 5 + k)] *
                 static_cast<double>(kernel.floats()[k * units + i % units]);
        }
        ASSERT_EQ(fused[static_cast<size_t>(i)], static_cast<float>(sum * sum * 0.5)) << i;
        ASSERT_EQ(rest[1][static_cast<size_t>(i)], fused[static_cast<size_t>(i)]) << i;
      }
    }
  }
}

}  // namespace
}  // namespace tabtrain::testing
