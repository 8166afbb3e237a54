#include <set>

#include "base/error.h"
#include "kernels/transpose.h"
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

class Transpose : public Op {
 public:
  Transpose() : Op("Transpose", OpKind::Whole) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    requireFloat(graph, node, 0);
    const Shape& in = graph.type(node.inputs[0]).shape;
    const std::vector<int64_t> order = orderOf(node);
    std::vector<Dim> dims;
    std::set<int64_t> axes;
    for (int64_t axis : order) {
      if (axis < 0 || axis >= static_cast<int64_t>(in.rank())) break;
      axes.insert(axis);
      dims.push_back(in[static_cast<size_t>(axis)]);
    }
    require(
        order.size() == in.rank() && axes.size() == in.rank() &&
            in.rank() <= kernels::kMaxTransposeRank,
        [&] { return "Transpose: expected each axis once of a tensor of shape " + in.toString(); },
        ErrorCode::ShapeMismatch);
    return {{DType::Float32, Shape(std::move(dims))}};
  }
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    const std::vector<int64_t> order = orderOf(args.node);
    std::vector<int64_t> back(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
      back[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
    }
    return {transpose(args.gradients[0], back)};
  }
  Kernel kernel(const Graph& graph, const Node& node, int64_t) const override {
    Kernel kernel;
    kernel.run = [order = orderOf(node),
                  in = graph.type(node.inputs[0]).shape](const KernelArgs& args) {
      kernels::TransposeShape shape;
      shape.rank = static_cast<int>(order.size());
      for (size_t i = 0; i < order.size(); ++i) {
        const auto axis = static_cast<size_t>(order[i]);
        shape.sizes[i] = in[axis].at(args.batch);
        shape.strides[i] = in.product(axis + 1, in.rank()).at(args.batch);
      }
      kernels::transpose(shape, static_cast<const float*>(args.in[0]),
                         static_cast<float*>(args.out[0]));
    };
    return kernel;
  }

 private:
  static std::vector<int64_t> orderOf(const Node& node) {
    std::vector<int64_t> order;
    for (const Dim& axis : node.attrs.shape("order").dims()) order.push_back(axis.size);
    return order;
  }
};

}  // namespace

void addShapeOps(OpList& ops) {
  ops.push_back(std::make_unique<Reshape>());
  ops.push_back(std::make_unique<BroadcastTo>());
  ops.push_back(std::make_unique<OneHot>());
  ops.push_back(std::make_unique<Transpose>());
}

}  // namespace tabtrain
