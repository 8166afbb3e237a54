#include "kernels/confusion.h"

#include <algorithm>

#include "base/error.h"
#include "ops/op.h"

/// True and false positives and negatives, and the area under their curve. TensorFlow has no single
/// op for these, so the names are our own.
namespace tabtrain {
namespace {

/// Inputs: labels and predictions [batch, ..., classes], thresholds [t], and weights [batch] where
/// there are any, all float32; outputs: the four counts, [t] each.
class ConfusionCounts : public Op {
 public:
  ConfusionCounts() : Op("ConfusionCounts", OpKind::Whole) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    for (size_t i = 0; i < node.inputs.size(); ++i) requireFloat(graph, node, i);
    const Shape& predictions = graph.type(node.inputs[1]).shape;
    const int64_t classId = node.attrs.integer("class_id");
    require(classId < predictions.back().size, [&] {
      return "class_id: expected one of the " + std::to_string(predictions.back().size) +
             " classes of the predictions, got " + std::to_string(classId);
    });
    return std::vector<ValueType>(kernels::kCounts,
                                  {DType::Float32, graph.type(node.inputs[2]).shape});
  }

  Kernel kernel(const Graph& graph, const Node& node, int64_t) const override {
    const Shape& shape = graph.type(node.inputs[1]).shape;
    const Dim rows = shape.product(0, shape.rank() - 1);
    const int64_t classes = shape.back().size;
    const int64_t thresholds = graph.type(node.inputs[2]).shape[0].size;
    const kernels::ConfusionOptions options{
        node.attrs.integer("top_k"), node.attrs.integer("class_id"), node.attrs.boolean("is_even")};
    Kernel kernel;
    kernel.run = [=](const KernelArgs& args) {
      const auto in = [&](size_t i) { return static_cast<const float*>(args.in[i]); };
      const int64_t rowCount = rows.at(args.batch);
      float* counts[kernels::kCounts];
      for (size_t i = 0; i < kernels::kCounts; ++i) counts[i] = static_cast<float*>(args.out[i]);
      kernels::confusionCounts(
          {rowCount, classes, in(0), in(1), args.in.size() > 3 ? in(3) : nullptr,
           std::max<int64_t>(rowCount / args.batch, 1)},
          options, in(2), thresholds, counts);
    };
    return kernel;
  }
};

/// Inputs: the four counts, [t] each; output: [].
class AreaUnderCurve : public Op {
 public:
  AreaUnderCurve() : Op("AreaUnderCurve", OpKind::Whole) {}

  std::vector<ValueType> infer(const Graph&, const Node&) const override { return {ValueType{}}; }

  Kernel kernel(const Graph& graph, const Node& node, int64_t) const override {
    const auto curve = static_cast<kernels::Curve>(node.attrs.integer("curve"));
    const auto summation = static_cast<kernels::Summation>(node.attrs.integer("summation"));
    const int64_t thresholds = graph.type(node.inputs[0]).shape[0].size;
    Kernel kernel;
    kernel.run = [=](const KernelArgs& args) {
      const float* counts[kernels::kCounts];
      for (size_t i = 0; i < kernels::kCounts; ++i) {
        counts[i] = static_cast<const float*>(args.in[i]);
      }
      *static_cast<float*>(args.out[0]) =
          kernels::areaUnderCurve(curve, summation, counts, thresholds);
    };
    return kernel;
  }
};

}  // namespace

void addConfusionOps(OpList& ops) {
  ops.push_back(std::make_unique<ConfusionCounts>());
  ops.push_back(std::make_unique<AreaUnderCurve>());
}

}  // namespace tabtrain
