#include "kernels/reduce.h"

#include "base/error.h"
#include "ops/op.h"

/// Reductions over neighbouring axes.
namespace tabtrain {
namespace {

struct Extents {
  Dim outer, reduced, inner;
  kernels::ReduceShape at(int64_t batch) const {
    return {outer.at(batch), reduced.at(batch), inner.at(batch)};
  }
};

Extents extents(const Shape& shape, size_t begin, size_t end) {
  return {shape.product(0, begin), shape.product(begin, end), shape.product(end, shape.rank())};
}

Shape without(const Shape& shape, size_t begin, size_t end, bool keepDims) {
  std::vector<Dim> dims;
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    if (axis < begin || axis >= end) {
      dims.push_back(shape[axis]);
    } else if (keepDims) {
      dims.push_back(Dim{});
    }
  }
  return Shape(std::move(dims));
}

class Reduce : public Op {
 public:
  using Function = void (*)(const kernels::ReduceShape&, const float*, float*) noexcept;

  Reduce(const char* name, Function function) : Op(name, OpKind::Whole), function_(function) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    requireFloat(graph, node, 0);
    const Shape& in = graph.type(node.inputs[0]).shape;
    require(end(node) <= in.rank() && begin(node) < end(node),
            [&] { return name() + ": expected axes of a tensor of shape " + in.toString(); });
    return {{DType::Float32, without(in, begin(node), end(node), node.attrs.boolean("keep_dims"))}};
  }

  Kernel kernel(const Graph& graph, const Node& node, int64_t) const override {
    Kernel kernel;
    kernel.run = [function = function_, e = extents(graph.type(node.inputs[0]).shape, begin(node),
                                                    end(node))](const KernelArgs& args) {
      function(e.at(args.batch), static_cast<const float*>(args.in[0]),
               static_cast<float*>(args.out[0]));
    };
    return kernel;
  }

 protected:
  static size_t begin(const Node& node) { return static_cast<size_t>(node.attrs.integer("begin")); }
  static size_t end(const Node& node) { return static_cast<size_t>(node.attrs.integer("end")); }

  /// `y`, a value of the output's shape, with the reduced axes back as 1.
  static Expr withAxes(Expr y, const GradientArgs& args) {
    return reshape(y, without(args.inputs[0].shape(), begin(args.node), end(args.node), true));
  }

 private:
  Function function_;
};

class Sum : public Reduce {
 public:
  Sum() : Reduce("Sum", kernels::reduceSum) {}
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    return {broadcastTo(withAxes(args.gradients[0], args), args.inputs[0].shape())};
  }
};

class Max : public Reduce {
 public:
  Max() : Reduce("Max", kernels::reduceMax) {}
  // TensorFlow shares the gradient among equal maxima.
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    const Expr x = args.inputs[0];
    const Expr isMax = equal(x, withAxes(args.outputs[0], args));
    const Expr count = sum(isMax, begin(args.node), end(args.node), /*keepDims=*/true);
    return {isMax * (withAxes(args.gradients[0], args) / count)};
  }
};

class ArgMax : public Op {
 public:
  ArgMax() : Op("ArgMax", OpKind::Whole) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    requireFloat(graph, node, 0);
    const Shape& in = graph.type(node.inputs[0]).shape;
    require(in.rank() > 0, [] { return std::string("ArgMax: expected at least one axis"); });
    return {{DType::Int32, without(in, in.rank() - 1, in.rank(), false)}};
  }
  std::vector<Expr> gradient(const GradientArgs&) const override { return {Expr{}}; }
  Kernel kernel(const Graph& graph, const Node& node, int64_t) const override {
    const Shape& in = graph.type(node.inputs[0]).shape;
    Kernel kernel;
    kernel.run = [e = extents(in, in.rank() - 1, in.rank())](const KernelArgs& args) {
      kernels::argMax(e.at(args.batch), static_cast<const float*>(args.in[0]),
                      static_cast<int32_t*>(args.out[0]));
    };
    return kernel;
  }
};

}  // namespace

void addReduceOps(OpList& ops) {
  ops.push_back(std::make_unique<Sum>());
  ops.push_back(std::make_unique<Max>());
  ops.push_back(std::make_unique<ArgMax>());
}

}  // namespace tabtrain
