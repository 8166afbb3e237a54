#include "base/error.h"
#include "ops/op.h"

/// y = f(x), element by element.
namespace tabtrain {
namespace {

/// dL/dx from x, y = f(x) and dL/dy.
using UnaryGradient = Expr (*)(Expr x, Expr y, Expr dy);

class Unary : public Op {
 public:
  Unary(const char* name, kernels::ElementwiseKernel kernel, UnaryGradient gradient)
      : Op(name, OpKind::Elementwise), kernel_(kernel), gradient_(gradient) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    return {{DType::Float32, graph.type(node.inputs[0]).shape}};
  }
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    if (gradient_ == nullptr) return {Expr{}};
    return {gradient_(args.inputs[0], args.outputs[0], args.gradients[0])};
  }
  kernels::ElementwiseKernel elementwise() const override { return kernel_; }

 private:
  kernels::ElementwiseKernel kernel_;
  UnaryGradient gradient_;
};

}  // namespace

void addUnaryOps(OpList& ops) {
  const auto add = [&](const char* name, kernels::ElementwiseKernel kernel,
                       UnaryGradient gradient) {
    ops.push_back(std::make_unique<Unary>(name, kernel, gradient));
  };
  add("Neg", kernels::negate, [](Expr, Expr, Expr dy) { return -dy; });
  add("Abs", kernels::absolute, [](Expr x, Expr, Expr dy) { return dy * sign(x); });
  add("Sign", kernels::sign, nullptr);
  add("Square", kernels::square, [](Expr x, Expr, Expr dy) { return dy * (x * 2.0f); });
  add("Sqrt", kernels::squareRoot, [](Expr, Expr y, Expr dy) { return dy * 0.5f / y; });
  add("Rsqrt", kernels::reciprocalSquareRoot,
      [](Expr, Expr y, Expr dy) { return dy * -0.5f * (y * y * y); });
  add("Exp", kernels::exponential, [](Expr, Expr y, Expr dy) { return dy * y; });
  add("Log", kernels::logarithm, [](Expr x, Expr, Expr dy) { return dy / x; });
  add("Log1p", kernels::logarithm1p, [](Expr x, Expr, Expr dy) { return dy / (x + 1.0f); });
  add("Tanh", kernels::hyperbolicTangent,
      [](Expr, Expr y, Expr dy) { return dy * (1.0f - y * y); });
  add("Sigmoid", kernels::sigmoid, [](Expr, Expr y, Expr dy) { return dy * y * (1.0f - y); });
  add("Relu", kernels::relu, [](Expr, Expr y, Expr dy) {
    const Expr zero = y.graph->constant(0.0f);
    return select(greater(y, zero), dy, zero);
  });
  add("Trunc", kernels::truncate, nullptr);
  add("Floor", kernels::roundDown, nullptr);
  // 2 / sqrt(pi) exp(-x^2)
  add("Erf", kernels::errorFunction,
      [](Expr x, Expr, Expr dy) { return dy * (exponential(-square(x)) * 1.1283791670955126f); });
  add("Elu", kernels::elu, [](Expr, Expr y, Expr dy) {
    return select(greater(y.graph->constant(0.0f), y), dy * (y + 1.0f), dy);
  });
  add("Softplus", kernels::softplus, [](Expr x, Expr, Expr dy) { return dy * sigmoid(x); });
  // Operands arrive as float32 whatever their dtype, so a cast is a copy.
  add("Cast", kernels::copy, nullptr);
  add("StopGradient", kernels::copy, nullptr);
}

}  // namespace tabtrain
