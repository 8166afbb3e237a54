#include "graph/expr.h"

#include "base/error.h"

namespace tabtrain {

Expr apply(const char* opName, const std::vector<Expr>& inputs, Attrs attrs) {
  return inputs.at(0).graph->apply(opName, inputs, std::move(attrs)).at(0);
}

[[gnu::noinline]] Expr apply(const char* opName, std::initializer_list<Expr> inputs) {
  return apply(opName, std::vector<Expr>(inputs), Attrs());
}

Expr operator+(Expr a, Expr b) { return apply("AddV2", {a, b}); }
Expr operator-(Expr a, Expr b) { return apply("Sub", {a, b}); }
Expr operator*(Expr a, Expr b) { return apply("Mul", {a, b}); }
Expr operator/(Expr a, Expr b) { return apply("RealDiv", {a, b}); }
Expr operator-(Expr a) { return apply("Neg", {a}); }
Expr operator+(Expr a, float b) { return a + a.graph->constant(b); }
Expr operator-(Expr a, float b) { return a - a.graph->constant(b); }
Expr operator-(float a, Expr b) { return b.graph->constant(a) - b; }
Expr operator*(Expr a, float b) { return a * a.graph->constant(b); }
Expr operator/(Expr a, float b) { return a / a.graph->constant(b); }
Expr operator/(float a, Expr b) { return b.graph->constant(a) / b; }

Expr divideNoNan(Expr a, Expr b) { return apply("DivNoNan", {a, b}); }
Expr maximum(Expr a, Expr b) { return apply("Maximum", {a, b}); }
Expr minimum(Expr a, Expr b) { return apply("Minimum", {a, b}); }
Expr clip(Expr x, float low, float high) {
  return maximum(minimum(x, x.graph->constant(high)), x.graph->constant(low));
}
Expr power(Expr a, Expr b) { return apply("Pow", {a, b}); }
Expr equal(Expr a, Expr b) { return apply("Equal", {a, b}); }
Expr greater(Expr a, Expr b) { return apply("Greater", {a, b}); }
Expr greaterEqual(Expr a, Expr b) { return apply("GreaterEqual", {a, b}); }
Expr select(Expr condition, Expr a, Expr b) { return apply("SelectV2", {condition, a, b}); }
Expr square(Expr x) { return apply("Square", {x}); }
Expr squareRoot(Expr x) { return apply("Sqrt", {x}); }
Expr reciprocalSquareRoot(Expr x) { return apply("Rsqrt", {x}); }
Expr absolute(Expr x) { return apply("Abs", {x}); }
Expr sign(Expr x) { return apply("Sign", {x}); }
Expr exponential(Expr x) { return apply("Exp", {x}); }
Expr logarithm(Expr x) { return apply("Log", {x}); }
Expr logarithm1p(Expr x) { return apply("Log1p", {x}); }
Expr roundDown(Expr x) { return apply("Floor", {x}); }
Expr relu(Expr x) { return apply("Relu", {x}); }
Expr sigmoid(Expr x) { return apply("Sigmoid", {x}); }
Expr hyperbolicTangent(Expr x) { return apply("Tanh", {x}); }
Expr elu(Expr x) { return apply("Elu", {x}); }
Expr softplus(Expr x) { return apply("Softplus", {x}); }
Expr softmax(Expr x) { return apply("Softmax", {toFloat(x)}); }
Expr logSoftmax(Expr x) { return apply("LogSoftmax", {toFloat(x)}); }

Expr matMul(Expr a, Expr b, bool transposeA, bool transposeB) {
  return apply("MatMul", {toFloat(a), toFloat(b)},
               {{"transpose_a", transposeA}, {"transpose_b", transposeB}});
}

Expr reshape(Expr x, const Shape& shape) {
  return x.shape() == shape ? x : apply("Reshape", {x}, {{"shape", shape}});
}

Expr transpose(Expr x, const std::vector<int64_t>& order) {
  return apply("Transpose", {toFloat(x)}, {{"order", Shape::fixed(order)}});
}

namespace {

Expr reduce(const char* opName, Expr x, size_t begin, size_t end, bool keepDims) {
  return apply(opName, {toFloat(x)},
               {{"begin", static_cast<int64_t>(begin)},
                {"end", static_cast<int64_t>(end)},
                {"keep_dims", keepDims}});
}

}  // namespace

Expr sum(Expr x, size_t begin, size_t end, bool keepDims) {
  return begin == end ? x : reduce("Sum", x, begin, end, keepDims);
}

Expr sumAll(Expr x) { return sum(x, 0, x.rank()); }

Expr mean(Expr x, size_t begin, size_t end, bool keepDims) {
  const Dim count = x.shape().product(begin, end);
  const Expr total = sum(x, begin, end, keepDims);
  const auto size = static_cast<float>(count.size);
  if (!count.perBatch) return total / size;
  const Expr batch = x.graph->batchSize();
  return total / (count.size == 1 ? batch : batch * size);
}

Expr meanAll(Expr x) { return mean(x, 0, x.rank()); }

Expr maxOver(Expr x, size_t begin, size_t end, bool keepDims) {
  return reduce("Max", x, begin, end, keepDims);
}

Expr argMax(Expr x) { return apply("ArgMax", {toFloat(x)}); }

Expr oneHot(Expr indices, int64_t depth) { return apply("OneHot", {indices}, {{"depth", depth}}); }

Expr broadcastTo(Expr x, const Shape& shape) {
  return x.shape() == shape ? x : apply("BroadcastTo", {x}, {{"shape", shape}});
}

Expr sumTo(Expr x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const size_t lead = x.rank() - shape.rank();
  Expr result = sum(x, 0, lead);
  // Runs of neighbouring axes that were broadcast from 1, the last run first.
  size_t end = shape.rank();
  while (end > 0) {
    if (!(shape[end - 1].isOne() && !result.shape()[end - 1].isOne())) {
      --end;
      continue;
    }
    size_t begin = end - 1;
    while (begin > 0 && shape[begin - 1].isOne() && !result.shape()[begin - 1].isOne()) --begin;
    result = sum(result, begin, end, /*keepDims=*/true);
    end = begin;
  }
  return result;
}

Expr stopGradient(Expr x) { return apply("StopGradient", {x}); }

Expr toFloat(Expr x) { return x.type().dtype == DType::Float32 ? x : apply("Cast", {x}); }

Expr randomNumbers(const char* distribution, Expr counter, const Shape& shape, uint64_t seed,
                   const std::string& path) {
  return apply(distribution, {counter},
               {{"shape", shape}, {"seed", static_cast<int64_t>(seed)}, {"path", path}});
}

}  // namespace tabtrain
