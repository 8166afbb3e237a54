// The gradient rule of every op against differences.
#include <gtest/gtest.h>

#include <cmath>

#include "checkpoint_fixtures.h"
#include "gradient_check.h"
#include "graph/autodiff.h"
#include "graph_runner.h"

namespace tabtrain::testing {
namespace {

TEST(OpGradients, OfOneInput) {
  struct Case {
    const char* op;
    double low, high;
  };
  // Kinks lie outside of the ranges.
  for (const Case& c :
       {Case{"Neg", -2, 2}, Case{"Abs", 0.1, 2}, Case{"Abs", -2, -0.1}, Case{"Square", -2, 2},
        Case{"Sqrt", 0.3, 4}, Case{"Rsqrt", 0.4, 4}, Case{"Exp", -2, 2}, Case{"Log", 0.3, 4},
        Case{"Log1p", -0.5, 3}, Case{"Tanh", -2, 2}, Case{"Sigmoid", -4, 4}, Case{"Relu", 0.1, 2},
        Case{"Relu", -2, -0.1}, Case{"Erf", -2, 2}, Case{"Elu", -2, 2}, Case{"Softplus", -3, 3},
        Case{"Softmax", -2, 2}, Case{"LogSoftmax", -2, 2}}) {
    SCOPED_TRACE(c.op);
    checkGradient({spreadTensor({3, 5}, c.low, c.high)},
                  [&](const auto& x) { return apply(c.op, {x[0]}); });
  }
}

TEST(OpGradients, OfTwoInputs) {
  struct Case {
    const char* op;
    double lowA, highA, lowB, highB;
  };
  for (const Case& c : {Case{"AddV2", -2, 2, -2, 2}, Case{"Sub", -2, 2, -2, 2},
                        Case{"Mul", -2, 2, -2, 2}, Case{"RealDiv", -2, 2, 0.5, 3},
                        Case{"DivNoNan", -2, 2, 0.5, 3}, Case{"Maximum", 1.1, 2, -2, 1},
                        Case{"Maximum", -2, 1, 1.1, 2}, Case{"Minimum", 1.1, 2, -2, 1},
                        Case{"Minimum", -2, 1, 1.1, 2}, Case{"Pow", 0.5, 2, -2, 2}}) {
    SCOPED_TRACE(c.op);
    const auto f = [&](const auto& x) { return apply(c.op, {x[0], x[1]}); };
    const auto check = [&](const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
      checkGradient({spreadTensor(a, c.lowA, c.highA), spreadTensor(b, c.lowB, c.highB, 2)}, f);
    };
    check({3, 4}, {3, 4});
    // Broadcast on either side, and on both at once.
    check({3, 2, 4}, {3, 1, 4});
    check({3, 2, 1}, {3, 2, 4});
    check({3, 1, 4}, {3, 2, 1});
  }
}

TEST(OpGradients, OfVariablesThatAreBroadcastOverTheBatch) {
  Variable row("row", "row", DType::Float32, {4}, true);
  Variable scalar("scalar", "scalar", DType::Float32, {}, true);
  writeElements(row.data(), DType::Float32, {1, -2, 0.5, 3});
  *scalar.floats() = 0.7f;
  checkGradient({spreadTensor({3, 4}, -2, 2)},
                [&](const auto& x) {
                  Graph& graph = *x[0].graph;
                  return square(x[0]) * graph.read(row) + graph.read(scalar) * x[0];
                },
                {&row, &scalar});
}

TEST(OpGradients, GoToTheFirstOfEqualOperands) {
  GraphRunner runner;
  const Expr a = runner.feed({2}, {1, 2});
  const Expr b = runner.feed({2}, {1, 2});
  for (const Expr y : {maximum(a, b), minimum(a, b)}) {
    const auto result = runner.run(gradients(sumAll(y), {a, b}));
    EXPECT_EQ(result[0], (std::vector<float>{1, 1}));
    EXPECT_EQ(result[1], (std::vector<float>{0, 0}));
  }
}

TEST(OpGradients, OfPowerWhereTheBaseIsNotPositive) {
  GraphRunner runner;
  const Expr a = runner.feed({3}, {0, -2, 3});
  const Expr b = runner.feed({3}, {2, 3, 2});
  const auto result = runner.run(gradients(sumAll(power(a, b)), {a, b}));
  EXPECT_EQ(result[0], (std::vector<float>{0, 12, 6}));
  // TensorFlow counts log(x) as 0 there.
  EXPECT_EQ(result[1][0], 0.0f);
  EXPECT_EQ(result[1][1], 0.0f);
  EXPECT_NEAR(result[1][2], 9 * std::log(3.0f), 1e-5);
}

TEST(OpGradients, OfShapesAndReductions) {
  struct Case {
    const char* name;
    Expr (*f)(Expr x);
  };
  for (const Case& c : {
           Case{"reshape", [](Expr x) { return square(reshape(x, Shape::batched({6}))); }},
           Case{"broadcast",
                [](Expr x) {
                  return square(broadcastTo(reshape(x, Shape::batched({3, 1, 2})),
                                            Shape::batched({3, 5, 2})));
                }},
           Case{"transpose",
                [](Expr x) {
                  return square(transpose(x, {0, 2, 1}));
                }},
           Case{"transpose of the batch",
                [](Expr x) {
                  return sum(square(transpose(x, {1, 0, 2})), 0, 1);
                }},
           Case{"sum of the last", [](Expr x) { return square(sum(x, 2, 3)); }},
           Case{"sum that keeps its axis", [](Expr x) { return square(sum(x, 1, 2, true)); }},
           Case{"sum of all", [](Expr x) { return square(sumAll(x)); }},
           Case{"mean over the batch", [](Expr x) { return square(mean(x, 0, 1)); }},
           Case{"mean of all", [](Expr x) { return square(meanAll(x)); }},
           Case{"maximum", [](Expr x) { return maxOver(x, 1, 3); }},
           Case{"clip", [](Expr x) { return clip(square(x), 0.5f, 1.5f); }},
           Case{"select",
                [](Expr x) {
                  return select(greater(x, x.graph->constant(0.0f)), square(x), x * 3.0f);
                }},
           Case{"cast", [](Expr x) { return toFloat(x) * x; }},
       }) {
    SCOPED_TRACE(c.name);
    checkGradient({spreadTensor({4, 3, 2}, -2, 2)}, [&](const auto& x) { return c.f(x[0]); }, {},
                  {.step = 0.001, .tolerance = {3e-3, 3e-3}});
  }
}

TEST(OpGradients, AreSharedAmongEqualMaxima) {
  GraphRunner runner;
  const Expr x = runner.feed({2, 4}, {1, 5, 5, 2, 3, 3, 3, 0});
  const auto gradient = runner.run(gradients(sumAll(maxOver(x, 1, 2)), {x}))[0];
  const float third = 1.0f / 3;
  EXPECT_EQ(gradient, (std::vector<float>{0, 0.5, 0.5, 0, third, third, third, 0}));
}

TEST(OpGradients, OfMatrixProducts) {
  for (int transposes = 0; transposes < 4; ++transposes) {
    SCOPED_TRACE(transposes);
    const bool ta = (transposes & 1) != 0;
    const bool tb = (transposes & 2) != 0;
    using Sizes = std::vector<int64_t>;
    Variable a("a", "a", DType::Float32, ta ? Sizes{3, 4} : Sizes{4, 3}, true);
    Variable b("b", "b", DType::Float32, tb ? Sizes{2, 3} : Sizes{3, 2}, true);
    writeElements(a.data(), DType::Float32, spreadTensor({12}, -2, 2).values);
    writeElements(b.data(), DType::Float32, spreadTensor({6}, -2, 2, 3).values);
    checkGradient({spreadTensor({1, 1}, 1, 2)},
                  [&](const auto& x) {
                    Graph& graph = *x[0].graph;
                    return square(matMul(graph.read(a), graph.read(b), ta, tb)) * sumAll(x[0]);
                  },
                  {&a, &b});
  }
}

TEST(OpGradients, OfProductsWithTheBatch) {
  Variable kernel("kernel", "kernel", DType::Float32, {3, 2}, true);
  writeElements(kernel.data(), DType::Float32, spreadTensor({6}, -2, 2).values);
  checkGradient({spreadTensor({5, 3}, -1, 1)},
                [&](const auto& x) { return square(matMul(x[0], x[0].graph->read(kernel))); },
                {&kernel});
  // Sums over the batch, as a kernel's gradient does.
  checkGradient({spreadTensor({5, 3}, -1, 1), spreadTensor({5, 2}, -1, 1, 4)},
                [](const auto& x) { return square(matMul(x[0], x[1], true, false)); });
}

TEST(OpGradients, OfCrossEntropies) {
  const Tensor logits = spreadTensor({4, 3}, -2, 2);
  checkGradient({logits, {{4}, DType::Int32, {0, 2, 1, 2}}}, [](const auto& x) {
    return apply("SparseSoftmaxCrossEntropyWithLogits", {x[0], x[1]});
  });
  // Targets of TensorFlow's op get no gradient here; see the labels as a constant.
  const Tensor targets{{4, 3}, DType::Uint8, {1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0}};
  checkGradient({logits, targets}, [](const auto& x) {
    return apply("SoftmaxCrossEntropyWithLogits", {x[0], x[1]});
  });
}

TEST(Autodiff, StopsWhereItIsTold) {
  GraphRunner runner;
  const Expr x = runner.feed({2}, {3, 4});
  const auto result = runner.run(gradients(sumAll(stopGradient(x) * x), {x}));
  EXPECT_EQ(result[0], (std::vector<float>{3, 4}));
  EXPECT_FALSE(gradients(sumAll(stopGradient(x)), {x})[0]);
}

TEST(Autodiff, GivesNothingWhereNothingDepends) {
  GraphRunner runner;
  const Expr x = runner.feed({2}, {3, 4});
  const Expr y = runner.feed({2}, {3, 4});
  EXPECT_FALSE(gradients(sumAll(square(x)), {y})[0]);
  EXPECT_FALSE(gradients(sumAll(equal(x, y)), {x})[0]);
  EXPECT_FALSE(gradients(sumAll(oneHot(x, 5)), {x})[0]);
}

TEST(Autodiff, AddsUpAllPaths) {
  GraphRunner runner;
  const Expr x = runner.feed({3}, {1, 2, 3});
  const Expr y = square(x);
  const auto result = runner.run(gradients(sumAll(y * x + y - x), {x, y}));
  EXPECT_EQ(result[0], (std::vector<float>{3 + 2 - 1, 12 + 4 - 1, 27 + 6 - 1}));
  EXPECT_EQ(result[1], (std::vector<float>{2, 3, 4}));
}

TEST(Autodiff, OfAGradient) {
  GraphRunner runner;
  const Expr x = runner.feed({3}, {1, 2, -1});
  const Expr first = gradients(sumAll(square(x) * x), {x})[0];
  const auto second = runner.run(gradients(sumAll(first), {x}))[0];
  EXPECT_EQ(second, (std::vector<float>{6, 12, -6}));
}

TEST(Autodiff, RefusesAGradientThroughCrossEntropysGradient) {
  GraphRunner runner;
  const Expr logits = runner.feed({2, 2}, {1, 2, 3, 4});
  const Expr labels = runner.feed({2}, {0, 1});
  const auto outputs =
      runner.graph().apply("SparseSoftmaxCrossEntropyWithLogits", {logits, labels});
  EXPECT_EQ(codeOf([&] { gradients(sumAll(outputs[1]), {logits}); }), ErrorCode::Unsupported);
}

}  // namespace
}  // namespace tabtrain::testing
