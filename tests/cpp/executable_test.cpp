// Running a step: partial batches, the order of reads and assignments, memory.
#include "graph/executable.h"

#include <gtest/gtest.h>

#include <cstring>

#include "checkpoint_fixtures.h"
#include "graph_runner.h"

namespace tabtrain::testing {
namespace {

Variable floats(const std::string& name, std::vector<double> values) {
  Variable variable(name, name, DType::Float32, {static_cast<int64_t>(values.size())}, false);
  writeElements(variable.data(), DType::Float32, values);
  return variable;
}

std::vector<float> valuesOf(const Variable& variable) {
  return {variable.floats(), variable.floats() + variable.count()};
}

/// Runs a graph that has no inputs.
void runOnce(const std::shared_ptr<Graph>& graph) { Executable(graph, {}, 1).run(1); }

TEST(Executable, ReadsSeeTheValueBeforeTheStep) {
  Variable a = floats("a", {1, 2, 3});
  Variable b = floats("b", {10, 20, 30});
  auto graph = std::make_shared<Graph>();
  graph->assign(a, graph->read(a) + graph->read(b));
  graph->assign(b, graph->read(a) * 2.0f);
  const Expr sumOfOld = sumAll(graph->read(a));
  Executable executable(graph, {sumOfOld}, 1);
  executable.run(1);
  EXPECT_EQ(*executable.fetch(0), 6.0f);
  EXPECT_EQ(valuesOf(a), (std::vector<float>{11, 22, 33}));
  EXPECT_EQ(valuesOf(b), (std::vector<float>{2, 4, 6}));
}

TEST(Executable, SwapsTwoVariables) {
  Variable a = floats("a", {1, 2, 3});
  Variable b = floats("b", {10, 20, 30});
  auto graph = std::make_shared<Graph>();
  graph->assign(a, graph->read(b));
  graph->assign(b, graph->read(a));
  runOnce(graph);
  EXPECT_EQ(valuesOf(a), (std::vector<float>{10, 20, 30}));
  EXPECT_EQ(valuesOf(b), (std::vector<float>{1, 2, 3}));
}

TEST(Executable, AssignsAfterReadsInOtherSteps) {
  // The reduction and the broadcast to another size need steps of their own.
  Variable a = floats("a", {1, 2, 3});
  Variable total = floats("total", {0});
  Variable wide("wide", "wide", DType::Float32, {2, 3}, false);
  auto graph = std::make_shared<Graph>();
  const Expr old = graph->read(a);
  graph->assign(a, old * 10.0f);
  graph->assign(total, reshape(sumAll(old), Shape::fixed({1})));
  graph->assign(wide, broadcastTo(old, Shape::fixed({2, 3})));
  runOnce(graph);
  EXPECT_EQ(valuesOf(a), (std::vector<float>{10, 20, 30}));
  EXPECT_EQ(valuesOf(total), (std::vector<float>{6}));
  EXPECT_EQ(valuesOf(wide), (std::vector<float>{1, 2, 3, 1, 2, 3}));
}

// Computed tile by tile inside the run that assigns, later tiles would read new rows.
TEST(Executable, AssignsAfterAMatrixProductThatReads) {
  constexpr int64_t kSize = 300;
  Variable kernel("kernel", "kernel", DType::Float32, {kSize, kSize}, true);
  // A permutation of the rows, times itself.
  const auto target = [](int64_t row) { return row * 7 % kSize; };
  for (int64_t row = 0; row < kSize; ++row) kernel.floats()[row * kSize + target(row)] = 1.0f;
  auto graph = std::make_shared<Graph>();
  const Expr w = graph->read(kernel);
  graph->assign(kernel, matMul(w, w) * 2.0f);
  runOnce(graph);
  for (int64_t row = 0; row < kSize; ++row) {
    for (int64_t column = 0; column < kSize; ++column) {
      const float expected = column == target(target(row)) ? 2.0f : 0.0f;
      ASSERT_EQ(kernel.floats()[row * kSize + column], expected) << row << ", " << column;
    }
  }
}

TEST(Executable, RefusesTwoAssignmentsOfOneVariable) {
  Variable a = floats("a", {1});
  Graph graph;
  graph.assign(a, graph.read(a) + 1.0f);
  std::string message;
  EXPECT_EQ(codeOf([&] { graph.assign(a, graph.read(a)); }, &message), ErrorCode::Unsupported);
  EXPECT_EQ(message, "variable a: expected one assignment a step");
}

TEST(Executable, CountsAfterTheStep) {
  Variable counter("n", "n", DType::Int64, {}, false);
  counter.int64() = (int64_t{1} << 40) + 7;
  Variable seen = floats("seen", {0});
  auto graph = std::make_shared<Graph>();
  graph->increment(counter, 3);
  graph->assign(seen, reshape(toFloat(graph->read(counter)), Shape::fixed({1})));
  Executable executable(graph, {}, 1);
  executable.run(1);
  EXPECT_EQ(counter.int64(), (int64_t{1} << 40) + 10);
  EXPECT_EQ(valuesOf(seen)[0], static_cast<float>((int64_t{1} << 40) + 7));
  executable.run(1);
  EXPECT_EQ(counter.int64(), (int64_t{1} << 40) + 13);
}

TEST(Executable, FetchesWhatItAssigns) {
  Variable a = floats("a", {1, 2});
  auto graph = std::make_shared<Graph>();
  const Expr next = graph->read(a) * 3.0f;
  graph->assign(a, next);
  Executable executable(graph, {next, graph->read(a)}, 1);
  executable.run(1);
  EXPECT_EQ(executable.fetch(0)[1], 6.0f);
  EXPECT_EQ(valuesOf(a), (std::vector<float>{3, 6}));
  EXPECT_EQ(executable.fetch(1), a.floats()) << "a fetched variable is the variable";
}

TEST(Executable, RandomNumbersFollowTheCounter) {
  Variable counter("n", "n", DType::Int64, {}, false);
  auto graph = std::make_shared<Graph>();
  const Expr random =
      randomNumbers("RandomUniform", graph->read(counter), Shape::fixed({1000}), 5, "x");
  graph->increment(counter, 1);
  Executable executable(graph, {random}, 1);
  const auto draw = [&] {
    executable.run(1);
    return std::vector<float>(executable.fetch(0), executable.fetch(0) + 1000);
  };
  const auto first = draw();
  const auto second = draw();
  EXPECT_NE(first, second);
  counter.int64() = 1;
  EXPECT_EQ(draw(), second);
}

TEST(Executable, RefusesBatchesThatItWasNotPlannedFor) {
  auto graph = std::make_shared<Graph>();
  graph->input("x", {DType::Float32, Shape::batched({})});
  Executable executable(graph, {}, 4);
  EXPECT_EQ(codeOf([&] { executable.run(5); }), ErrorCode::Internal);
  EXPECT_EQ(codeOf([&] { executable.run(0); }), ErrorCode::Internal);
  executable.run(4);
}

TEST(Executable, SaysWhereMemoryDoesNotSuffice) {
  auto graph = std::make_shared<Graph>();
  graph->input("x", {DType::Float32, Shape::batched({1000})});
  const size_t before = AlignedBuffer::liveBytes();
  AlignedBuffer::setMaxBytes(before + 10000);
  EXPECT_EQ(codeOf([&] { Executable(graph, {}, 100); }), ErrorCode::OutOfMemory);
  EXPECT_EQ(Executable(graph, {}, 2).plannedBytes(), 8000u / 64 * 64);
  AlignedBuffer::setMaxBytes(std::numeric_limits<size_t>::max());
  EXPECT_EQ(AlignedBuffer::liveBytes(), before);
}

}  // namespace
}  // namespace tabtrain::testing
