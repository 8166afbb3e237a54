#pragma once

#include <initializer_list>
#include <vector>

#include "graph/graph.h"

namespace tabtrain {

/// A value of a graph under construction, with operators, so that a formula reads like the one in
/// Keras. A plain handle: copying it copies nothing of the graph.
struct Expr {
  Graph* graph = nullptr;
  ValueId id = kNoValue;

  explicit operator bool() const { return graph != nullptr; }
  const ValueType& type() const { return graph->type(id); }
  const Shape& shape() const { return type().shape; }
  size_t rank() const { return shape().rank(); }
};

// Arithmetic broadcasts as numpy's.
Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator/(Expr a, Expr b);
Expr operator-(Expr a);
Expr operator+(Expr a, float b);
Expr operator-(Expr a, float b);
Expr operator-(float a, Expr b);
Expr operator*(Expr a, float b);
Expr operator/(Expr a, float b);
Expr operator/(float a, Expr b);

/// Applies an op with one output.
Expr apply(const char* opName, const std::vector<Expr>& inputs, Attrs attrs = {});
/// The same for the many without attributes, whose calls are smaller so.
Expr apply(const char* opName, std::initializer_list<Expr> inputs);

Expr divideNoNan(Expr a, Expr b);
Expr maximum(Expr a, Expr b);
Expr minimum(Expr a, Expr b);
/// x limited to [low, high].
Expr clip(Expr x, float low, float high);
Expr power(Expr a, Expr b);
Expr equal(Expr a, Expr b);
Expr greater(Expr a, Expr b);
Expr greaterEqual(Expr a, Expr b);
Expr select(Expr condition, Expr a, Expr b);
Expr square(Expr x);
Expr squareRoot(Expr x);
Expr reciprocalSquareRoot(Expr x);
Expr absolute(Expr x);
/// -1, 0 or 1.
Expr sign(Expr x);
Expr exponential(Expr x);
Expr logarithm(Expr x);
Expr logarithm1p(Expr x);
Expr roundDown(Expr x);
Expr relu(Expr x);
Expr sigmoid(Expr x);
Expr hyperbolicTangent(Expr x);
/// x, and exp(x) - 1 where x < 0.
Expr elu(Expr x);
/// log(1 + exp(x)).
Expr softplus(Expr x);
/// Over the last axis.
Expr softmax(Expr x);
Expr logSoftmax(Expr x);

/// [m, k] x [k, n], either one transposed first if asked.
Expr matMul(Expr a, Expr b, bool transposeA = false, bool transposeB = false);
Expr reshape(Expr x, const Shape& shape);
/// Axis i of the result is axis order[i] of x.
Expr transpose(Expr x, const std::vector<int64_t>& order);
/// Sums over the axes [begin, end); they stay as 1 if `keepDims`.
Expr sum(Expr x, size_t begin, size_t end, bool keepDims = false);
/// The sum of all elements, [].
Expr sumAll(Expr x);
Expr mean(Expr x, size_t begin, size_t end, bool keepDims = false);
Expr meanAll(Expr x);
Expr maxOver(Expr x, size_t begin, size_t end, bool keepDims = false);
/// The index of the first maximum along the last axis, int32.
Expr argMax(Expr x);
/// [..., depth] of ones and zeros from float or integer class indices.
Expr oneHot(Expr indices, int64_t depth);
Expr broadcastTo(Expr x, const Shape& shape);
/// Sums a broadcast result's gradient back to the shape of the operand.
Expr sumTo(Expr x, const Shape& shape);
/// The same value, through which no gradient flows.
Expr stopGradient(Expr x);
/// As float32.
Expr toFloat(Expr x);
/// Numbers of "RandomUniform", in [0, 1), or "RandomStandardNormal" from the stream `path` at the
/// value of the int64 `counter`.
Expr randomNumbers(const char* distribution, Expr counter, const Shape& shape, uint64_t seed,
                   const std::string& path);

}  // namespace tabtrain
