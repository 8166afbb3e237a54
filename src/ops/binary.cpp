#include "base/error.h"
#include "ops/op.h"

/// z = f(a, b), element by element, with numpy's broadcasting; and select.
namespace tabtrain {
namespace {

/// dL/da and dL/db, in the shape of the result, from a, b, z = f(a, b) and dL/dz.
using BinaryGradient = std::pair<Expr, Expr> (*)(Expr a, Expr b, Expr z, Expr dz);

Expr zeroUnless(Expr condition, Expr value) {
  return select(condition, value, value.graph->constant(0.0f));
}

class Binary : public Op {
 public:
  Binary(const char* name, kernels::ElementwiseKernel kernel, BinaryGradient gradient)
      : Op(name, OpKind::Elementwise), kernel_(kernel), gradient_(gradient) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    return {{DType::Float32, broadcastShapes(graph.type(node.inputs[0]).shape,
                                             graph.type(node.inputs[1]).shape, name())}};
  }
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    if (gradient_ == nullptr) return {Expr{}, Expr{}};
    const auto [da, db] =
        gradient_(args.inputs[0], args.inputs[1], args.outputs[0], args.gradients[0]);
    return {sumTo(da, args.inputs[0].shape()), sumTo(db, args.inputs[1].shape())};
  }
  kernels::ElementwiseKernel elementwise() const override { return kernel_; }

 private:
  kernels::ElementwiseKernel kernel_;
  BinaryGradient gradient_;
};

class Select : public Op {
 public:
  Select() : Op("SelectV2", OpKind::Elementwise) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    const auto shape = [&](size_t i) -> const Shape& { return graph.type(node.inputs[i]).shape; };
    return {{DType::Float32,
             broadcastShapes(shape(0), broadcastShapes(shape(1), shape(2), name()), name())}};
  }
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    const Expr dz = args.gradients[0];
    const Expr zero = dz.graph->constant(0.0f);
    return {Expr{}, sumTo(select(args.inputs[0], dz, zero), args.inputs[1].shape()),
            sumTo(select(args.inputs[0], zero, dz), args.inputs[2].shape())};
  }
  kernels::ElementwiseKernel elementwise() const override { return kernels::select; }
};

}  // namespace

void addBinaryOps(OpList& ops) {
  const auto add = [&](const char* name, kernels::ElementwiseKernel kernel,
                       BinaryGradient gradient) {
    ops.push_back(std::make_unique<Binary>(name, kernel, gradient));
  };
  using Pair = std::pair<Expr, Expr>;
  add("AddV2", kernels::add, [](Expr, Expr, Expr, Expr dz) { return Pair{dz, dz}; });
  add("Sub", kernels::subtract, [](Expr, Expr, Expr, Expr dz) { return Pair{dz, -dz}; });
  add("Mul", kernels::multiply, [](Expr a, Expr b, Expr, Expr dz) { return Pair{dz * b, dz * a}; });
  add("RealDiv", kernels::divide, [](Expr, Expr b, Expr z, Expr dz) {
    return Pair{dz / b, -(dz * z / b)};
  });
  add("DivNoNan", kernels::divideNoNan, [](Expr, Expr b, Expr z, Expr dz) {
    return Pair{divideNoNan(dz, b), -divideNoNan(dz * z, b)};
  });
  // TensorFlow gives the whole gradient to the first operand where both are equal.
  add("Maximum", kernels::maximum, [](Expr a, Expr b, Expr, Expr dz) {
    return Pair{zeroUnless(greaterEqual(a, b), dz), zeroUnless(greater(b, a), dz)};
  });
  add("Minimum", kernels::minimum, [](Expr a, Expr b, Expr, Expr dz) {
    return Pair{zeroUnless(greaterEqual(b, a), dz), zeroUnless(greater(a, b), dz)};
  });
  add("Pow", kernels::power, [](Expr a, Expr b, Expr z, Expr dz) {
    const Expr one = a.graph->constant(1.0f);
    const Expr positive = greater(a, a.graph->constant(0.0f));
    return Pair{dz * b * power(a, b - 1.0f),
                zeroUnless(positive, dz * z * logarithm(select(positive, a, one)))};
  });
  add("Equal", kernels::equal, nullptr);
  add("Greater", kernels::greater, nullptr);
  add("GreaterEqual", kernels::greaterEqual, nullptr);
  ops.push_back(std::make_unique<Select>());
}

}  // namespace tabtrain
