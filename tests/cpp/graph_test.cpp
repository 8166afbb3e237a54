// Building a graph: shapes, broadcasting, views, and what it refuses.
#include "graph/graph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "checkpoint_fixtures.h"
#include "graph_runner.h"
#include "ops/op.h"

namespace tabtrain::testing {
namespace {

Expr placeholder(Graph& graph, const std::vector<int64_t>& sizes, DType dtype = DType::Float32) {
  return graph.input("x", {dtype, Shape::batched(sizes)});
}

std::string refusal(const std::function<void()>& run, ErrorCode expected) {
  std::string message;
  EXPECT_EQ(codeOf(run, &message), expected);
  return message;
}

TEST(Graph, ReadsAndConstantsAreMadeOnce) {
  Graph graph;
  Variable v("v", "v", DType::Float32, {2}, true);
  EXPECT_EQ(graph.read(v).id, graph.read(v).id);
  EXPECT_EQ(graph.constant(2.0f).id, graph.constant(2.0f).id);
  EXPECT_NE(graph.constant(2.0f).id, graph.constant(3.0f).id);
  EXPECT_EQ(graph.batchSize().id, graph.batchSize().id);
}

TEST(Graph, BroadcastsShapesAsNumpy) {
  const Shape a = Shape::batched({3, 1});
  EXPECT_EQ(broadcastShapes(a, Shape::fixed({4}), "Add"), Shape::batched({3, 4}));
  EXPECT_EQ(broadcastShapes(Shape(), a, "Add"), a);
  EXPECT_EQ(broadcastShapes(Shape::fixed({1, 3, 1}), a, "Add"), a);
  EXPECT_EQ(refusal(
                [&] {
                  broadcastShapes(a, Shape::fixed({2, 4}), "Add");
                },
                ErrorCode::ShapeMismatch),
            "Add: expected shapes that broadcast, got (None, 3, 1) and (2, 4)");
  // A batch of 4 is not known to be 4.
  refusal([&] { broadcastShapes(Shape::batched({}), Shape::fixed({4}), "Add"); },
          ErrorCode::ShapeMismatch);
}

TEST(Graph, InfersShapes) {
  Graph graph;
  const Expr x = placeholder(graph, {3, 4});
  EXPECT_EQ(sum(x, 1, 2).shape(), Shape::batched({4}));
  EXPECT_EQ(sum(x, 1, 2, /*keepDims=*/true).shape(), Shape::batched({1, 4}));
  EXPECT_EQ(sumAll(x).shape(), Shape());
  EXPECT_EQ(argMax(x).type(), (ValueType{DType::Int32, Shape::batched({3})}));
  EXPECT_EQ(oneHot(argMax(x), 5).shape(), Shape::batched({3, 5}));
  EXPECT_EQ(softmax(x).shape(), x.shape());
  EXPECT_EQ(reshape(x, Shape::batched({12})).shape(), Shape::batched({12}));
  const Expr rows = reshape(x, Shape({{3, true}, {4, false}}));
  EXPECT_EQ(matMul(rows, rows, true, false).shape(), Shape::fixed({4, 4}));
}

TEST(Graph, KeepsReferencesToShapesWhileItGrows) {
  Graph graph;
  const Expr x = placeholder(graph, {3, 4});
  const Shape& shape = x.shape();
  Expr y = x;
  for (int i = 0; i < 2000; ++i) y = y + x;
  EXPECT_EQ(&x.shape(), &shape);
  EXPECT_EQ(shape, Shape::batched({3, 4}));
}

TEST(Graph, RefusesShapesThatDoNotFit) {
  Graph graph;
  const Expr x = placeholder(graph, {3, 4});
  const Expr matrix = placeholder(graph, {4});
  EXPECT_EQ(refusal([&] { reshape(x, Shape::batched({13})); }, ErrorCode::ShapeMismatch),
            "Reshape: expected a shape with as many elements as (None, 3, 4), got (None, 13)");
  EXPECT_EQ(refusal([&] { matMul(matrix, matrix); }, ErrorCode::ShapeMismatch),
            "MatMul: expected matrices whose inner extents are equal, got (None, 4) and (None, 4)");
  refusal([&] { matMul(x, matrix); }, ErrorCode::ShapeMismatch);
  refusal([&] { broadcastTo(x, Shape::batched({3, 5})); }, ErrorCode::ShapeMismatch);
  refusal([&] { sum(x, 1, 4); }, ErrorCode::InvalidArgument);
  refusal([&] { graph.apply("NoSuchOp", {x}); }, ErrorCode::Unsupported);
  refusal(
      [&] {
        graph.apply("SoftmaxCrossEntropyWithLogits", {matrix, x});
      },
      ErrorCode::ShapeMismatch);
}

TEST(Graph, RefusesAssignmentsThatDoNotFit) {
  Graph graph;
  Variable v("v", "layers/0/v", DType::Float32, {4}, true);
  Variable counter("n", "n", DType::Int64, {}, false);
  EXPECT_EQ(refusal([&] { graph.assign(v, graph.constant(1)); }, ErrorCode::ShapeMismatch),
            "variable layers/0/v: expected a float32 value of shape (4,), got float32 ()");
  refusal([&] { graph.assign(counter, graph.constant(1)); }, ErrorCode::ShapeMismatch);
  refusal([&] { graph.increment(v, 1); }, ErrorCode::InvalidArgument);
}

TEST(Graph, CastsIntegersForKernelsThatTakeFloats) {
  GraphRunner runner;
  const Expr x = runner.feed(Tensor{{2, 3}, DType::Uint8, {1, 2, 3, 250, 0, 250}});
  const Expr y = runner.feed({2, 2}, {1, 0, 0, 1});
  const auto results = runner.run(
      {matMul(x, y, true, false), sum(x, 1, 2), maxOver(x, 0, 1), argMax(x), softmax(x)});
  EXPECT_EQ(results[0], (std::vector<float>{1, 250, 2, 0, 3, 250}));
  EXPECT_EQ(results[1], (std::vector<float>{6, 500}));
  EXPECT_EQ(results[2], (std::vector<float>{250, 2, 250}));
  EXPECT_EQ(results[3], (std::vector<float>{2, 0}));
  EXPECT_NEAR(results[4][2], std::exp(3.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(3.0)), 1e-6);
}

// Such a kernel would read past the end of smaller elements.
TEST(Graph, RefusesIntegersInOpsThatTakeFloats) {
  Graph graph;
  const Expr x = placeholder(graph, {4}, DType::Uint8);
  const Expr y = placeholder(graph, {4});
  const Attrs transposes = {{"transpose_a", true}, {"transpose_b", false}};
  EXPECT_EQ(refusal(
                [&] {
                  graph.apply("MatMul", {x, y}, transposes);
                },
                ErrorCode::InvalidArgument),
            "MatMul: expected float32, got uint8 of shape (None, 4)");
  refusal([&] { graph.apply("MatMul", {y, x}, transposes); }, ErrorCode::InvalidArgument);
  const Attrs axes = {{"begin", int64_t{0}}, {"end", int64_t{1}}, {"keep_dims", false}};
  for (const char* op : {"Sum", "Max", "ArgMax", "Softmax", "LogSoftmax"}) {
    refusal([&] { graph.apply(op, {x}, axes); }, ErrorCode::InvalidArgument);
    graph.apply(op, {y}, axes);
  }
  const Expr labels = placeholder(graph, {}, DType::Int32);
  const char* op = "SparseSoftmaxCrossEntropyWithLogits";
  refusal([&] { graph.apply(op, {x, labels}); }, ErrorCode::InvalidArgument);
  graph.apply(op, {y, labels});
}

TEST(Graph, BroadcastsEveryPatternAsNumpy) {
  // Which axes of [batch, 2, 3, 2] the operand has; the others are 1.
  for (int mask = 0; mask < 16; ++mask) {
    SCOPED_TRACE(mask);
    const std::vector<int64_t> full = {4, 2, 3, 2};
    std::vector<int64_t> sizes;
    for (size_t axis = 0; axis < 4; ++axis) {
      sizes.push_back((mask >> axis & 1) != 0 ? full[axis] : 1);
    }
    Variable v("v", "v", DType::Float32, {sizes[1], sizes[2], sizes[3]}, false);
    for (int64_t i = 0; i < v.count(); ++i) v.floats()[i] = static_cast<float>(i + 1);
    GraphRunner runner;
    const Expr x = runner.feed(Tensor{full, DType::Float32, std::vector<double>(48, 0.25)});
    Expr operand = runner.graph().read(v);
    const int64_t perRow = v.count();
    if (sizes[0] == 4) {
      // A tensor of the batch: row r has the variable's elements times r + 1.
      const Expr rows = runner.feed({4}, {1, 2, 3, 4});
      operand = reshape(rows, Shape::batched({1, 1, 1})) * operand;
    }
    std::vector<float> expected;
    for (int64_t i = 0; i < 48; ++i) {
      int64_t index = 0;
      int64_t rest = i;
      std::vector<int64_t> at(4);
      for (size_t axis = 4; axis-- > 0;) {
        at[axis] = rest % full[axis];
        rest /= full[axis];
      }
      for (size_t axis = 1; axis < 4; ++axis) {
        index = index * sizes[axis] + (sizes[axis] == 1 ? 0 : at[axis]);
      }
      ASSERT_LT(index, perRow);
      const auto row = static_cast<float>(sizes[0] == 4 ? at[0] + 1 : 1);
      expected.push_back(0.25f + row * static_cast<float>(index + 1));
    }
    if (mask == 0b1010) {
      // The one pattern that a step cannot say: gaps in front of both runs of axes.
      refusal([&] { runner.run({x + operand}); }, ErrorCode::Unsupported);
      continue;
    }
    EXPECT_EQ(runner.run({x + operand})[0], expected);
    // In a step of its own, behind a reduction.
    EXPECT_NEAR(runner.run({sumAll(x + operand)})[0][0],
                std::accumulate(expected.begin(), expected.end(), 0.0), 1e-3);
  }
}

TEST(Graph, ViewsShareTheirElements) {
  GraphRunner runner;
  const Expr x = runner.feed({2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  const Expr rows = reshape(x, Shape({{3, true}, {2, false}}));
  const Expr flat = reshape(x, Shape::batched({6}));
  const auto results = runner.run({x, sum(rows, 1, 2), flat, reshape(flat * 2.0f, x.shape()),
                                   sum(reshape(square(flat), x.shape()), 1, 2)});
  EXPECT_EQ(results[0], results[2]);
  EXPECT_EQ(results[1], (std::vector<float>{1, 5, 9, 13, 17, 21}));
  EXPECT_EQ(results[3][11], 22.0f);
  EXPECT_EQ(results[4], (std::vector<float>{0 + 4 + 16, 1 + 9 + 25, 36 + 64 + 100, 49 + 81 + 121}));
}

TEST(Graph, ReadsEveryDtypeInArithmetic) {
  GraphRunner runner;
  const Expr pixels = runner.feed(Tensor{{2, 2}, DType::Uint8, {0, 51, 102, 255}});
  const Expr labels = runner.feed(Tensor{{2}, DType::Int64, {3, 1}});
  const auto results = runner.run({pixels / 255.0f, toFloat(labels) + 1.0f, oneHot(labels, 4),
                                   equal(labels, runner.feed(Tensor{{2}, DType::Int32, {3, 2}}))});
  EXPECT_EQ(results[0], (std::vector<float>{0, 51.0f / 255, 102.0f / 255, 1}));
  EXPECT_EQ(results[1], (std::vector<float>{4, 2}));
  EXPECT_EQ(results[2], (std::vector<float>{0, 0, 0, 1, 0, 1, 0, 0}));
  EXPECT_EQ(results[3], (std::vector<float>{1, 0}));
}

}  // namespace
}  // namespace tabtrain::testing
