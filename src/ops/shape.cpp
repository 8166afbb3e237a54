#include "base/error.h"
#include "ops/op.h"

/// Ops that move elements or repeat them.
namespace tabtrain {
namespace {

class Reshape : public Op {
 public:
  Reshape() : Op("Reshape", OpKind::View) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    const ValueType& in = graph.type(node.inputs[0]);
    const Shape& shape = node.attrs.shape("shape");
    require(
        shape.elements() == in.shape.elements(),
        [&] {
          return "Reshape: expected a shape with as many elements as " + in.shape.toString() +
                 ", got " + shape.toString();
        },
        ErrorCode::ShapeMismatch);
    return {{in.dtype, shape}};
  }
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    return {reshape(args.gradients[0], args.inputs[0].shape())};
  }
};

class BroadcastTo : public Op {
 public:
  BroadcastTo() : Op("BroadcastTo", OpKind::Elementwise) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    const Shape& in = graph.type(node.inputs[0]).shape;
    const Shape& shape = node.attrs.shape("shape");
    require(
        broadcastShapes(in, shape, name()) == shape,
        [&] {
          return "BroadcastTo: expected a shape that " + in.toString() + " broadcasts to, got " +
                 shape.toString();
        },
        ErrorCode::ShapeMismatch);
    return {{DType::Float32, shape}};
  }
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    return {sumTo(args.gradients[0], args.inputs[0].shape())};
  }
  kernels::ElementwiseKernel elementwise() const override { return kernels::copy; }
};

class OneHot : public Op {
 public:
  OneHot() : Op("OneHot", OpKind::Whole) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    std::vector<Dim> dims = graph.type(node.inputs[0]).shape.dims();
    dims.push_back({node.attrs.integer("depth"), false});
    return {{DType::Float32, Shape(std::move(dims))}};
  }
  std::vector<Expr> gradient(const GradientArgs&) const override { return {Expr{}}; }
  Kernel kernel(const Graph& graph, const Node& node, int64_t) const override {
    const int64_t depth = node.attrs.integer("depth");
    const ValueType in = graph.type(node.inputs[0]);
    Kernel kernel;
    kernel.run = [depth, dtype = in.dtype, count = in.shape.elements()](const KernelArgs& args) {
      float* out = static_cast<float*>(args.out[0]);
      const auto* indices = static_cast<const std::byte*>(args.in[0]);
      for (int64_t i = 0; i < count.at(args.batch); ++i) {
        float index;
        kernels::toFloat(indices + static_cast<size_t>(i) * itemSize(dtype), dtype, 1, &index);
        for (int64_t c = 0; c < depth; ++c) {
          out[i * depth + c] = index == static_cast<float>(c) ? 1.0f : 0.0f;
        }
      }
    };
    return kernel;
  }
};

}  // namespace

void addShapeOps(OpList& ops) {
  ops.push_back(std::make_unique<Reshape>());
  ops.push_back(std::make_unique<BroadcastTo>());
  ops.push_back(std::make_unique<OneHot>());
}

}  // namespace tabtrain
