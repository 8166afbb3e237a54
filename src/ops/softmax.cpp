#include "kernels/softmax.h"

#include <vector>

#include "base/error.h"
#include "ops/op.h"

/// Softmax over the last axis, and the cross-entropies that are fused with it.
namespace tabtrain {
namespace {

struct Rows {
  Dim rows;
  int64_t classes;
};

Rows rowsOf(const Shape& shape, const std::string& what) {
  require(
      shape.rank() > 0 && !shape.back().perBatch,
      [&] { return what + ": expected logits of shape (..., classes), got " + shape.toString(); },
      ErrorCode::ShapeMismatch);
  return {shape.product(0, shape.rank() - 1), shape.back().size};
}

Shape withoutLast(const Shape& shape) {
  std::vector<Dim> dims = shape.dims();
  dims.pop_back();
  return Shape(std::move(dims));
}

Expr sumLast(Expr x) { return sum(x, x.rank() - 1, x.rank(), /*keepDims=*/true); }

class RowWise : public Op {
 public:
  using Function = void (*)(int64_t, int64_t, const float*, float*) noexcept;

  RowWise(const char* name, Function function) : Op(name, OpKind::Whole), function_(function) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    requireFloat(graph, node, 0);
    const Shape& in = graph.type(node.inputs[0]).shape;
    rowsOf(in, name());
    return {{DType::Float32, in}};
  }
  Kernel kernel(const Graph& graph, const Node& node, int64_t) const override {
    Kernel kernel;
    kernel.run = [function = function_,
                  r = rowsOf(graph.type(node.inputs[0]).shape, name())](const KernelArgs& args) {
      function(r.rows.at(args.batch), r.classes, static_cast<const float*>(args.in[0]),
               static_cast<float*>(args.out[0]));
    };
    return kernel;
  }

 private:
  Function function_;
};

class Softmax : public RowWise {
 public:
  Softmax() : RowWise("Softmax", kernels::softmax) {}
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    const Expr y = args.outputs[0];
    const Expr dy = args.gradients[0];
    return {(dy - sumLast(dy * y)) * y};
  }
};

class LogSoftmax : public RowWise {
 public:
  LogSoftmax() : RowWise("LogSoftmax", kernels::logSoftmax) {}
  std::vector<Expr> gradient(const GradientArgs& args) const override {
    const Expr dy = args.gradients[0];
    return {dy - sumLast(dy) * exponential(args.outputs[0])};
  }
};

/// Inputs: logits [..., classes] and targets; outputs: loss [...] and its gradient with respect to
/// the logits. Sparse targets are class indices [...] of any dtype, dense ones [..., classes].
class CrossEntropy : public Op {
 public:
  explicit CrossEntropy(bool sparse)
      : Op(sparse ? "SparseSoftmaxCrossEntropyWithLogits" : "SoftmaxCrossEntropyWithLogits",
           OpKind::Whole),
        sparse_(sparse) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    requireFloat(graph, node, 0);
    const Shape& logits = graph.type(node.inputs[0]).shape;
    const Shape& targets = graph.type(node.inputs[1]).shape;
    rowsOf(logits, name());
    const Shape expected = sparse_ ? withoutLast(logits) : logits;
    require(
        targets == expected,
        [&] {
          return name() + ": expected targets of shape " + expected.toString() + " for logits " +
                 logits.toString() + ", got " + targets.toString();
        },
        ErrorCode::ShapeMismatch);
    return {{DType::Float32, withoutLast(logits)}, {DType::Float32, logits}};
  }

  std::vector<Expr> gradient(const GradientArgs& args) const override {
    const Expr dLoss = args.gradients[0];
    require(
        static_cast<bool>(dLoss) && !args.gradients[1],
        [&] { return name() + ": expected a gradient through the loss alone"; },
        ErrorCode::Unsupported);
    std::vector<Dim> column = dLoss.shape().dims();
    column.push_back(Dim{});
    return {args.outputs[1] * reshape(dLoss, Shape(std::move(column))), Expr{}};
  }

  Kernel kernel(const Graph& graph, const Node& node, int64_t maxBatch) const override {
    const Rows r = rowsOf(graph.type(node.inputs[0]).shape, name());
    const DType dtype = graph.type(node.inputs[1]).dtype;
    const Dim targets = graph.type(node.inputs[1]).shape.elements();
    const auto function =
        sparse_ ? kernels::sparseSoftmaxCrossEntropy : kernels::softmaxCrossEntropy;
    Kernel kernel;
    if (dtype != DType::Float32) {
      kernel.workspaceBytes = byteCount(targets.at(maxBatch), DType::Float32);
    }
    kernel.run = [r, dtype, targets, function](const KernelArgs& args) {
      const float* converted = static_cast<const float*>(args.in[1]);
      if (dtype != DType::Float32) {
        float* copy = static_cast<float*>(args.workspace);
        kernels::toFloat(args.in[1], dtype, targets.at(args.batch), copy);
        converted = copy;
      }
      function(r.rows.at(args.batch), r.classes, static_cast<const float*>(args.in[0]), converted,
               static_cast<float*>(args.out[0]), static_cast<float*>(args.out[1]));
    };
    return kernel;
  }

 private:
  bool sparse_;
};

}  // namespace

void addSoftmaxOps(OpList& ops) {
  ops.push_back(std::make_unique<Softmax>());
  ops.push_back(std::make_unique<LogSoftmax>());
  ops.push_back(std::make_unique<CrossEntropy>(true));
  ops.push_back(std::make_unique<CrossEntropy>(false));
}

}  // namespace tabtrain
