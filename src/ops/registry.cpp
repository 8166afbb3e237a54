#include <map>

#include "base/error.h"
#include "ops/op.h"

namespace tabtrain {
namespace {

std::map<std::string, std::unique_ptr<Op>> makeTable() {
  OpList list;
  addSourceOps(list);
  addUnaryOps(list);
  addBinaryOps(list);
  addShapeOps(list);
  addReduceOps(list);
  addMatMulOps(list);
  addSoftmaxOps(list);
  addRandomOps(list);
  addConfusionOps(list);
  std::map<std::string, std::unique_ptr<Op>> table;
  for (auto& op : list) {
    std::string name = op->name();
    table.emplace(std::move(name), std::move(op));
  }
  return table;
}

}  // namespace

std::vector<Expr> Op::gradient(const GradientArgs&) const {
  throw Error(ErrorCode::Unsupported, "op " + name_ + " has no gradient");
}

Kernel Op::kernel(const Graph&, const Node&, int64_t) const {
  throw Error(ErrorCode::Internal, "op " + name_ + " has no kernel over whole tensors");
}

const Op& findOp(const std::string& name) {
  static const auto table = makeTable();
  const auto it = table.find(name);
  require(
      it != table.end(), [&] { return "op: unknown op \"" + name + "\""; }, ErrorCode::Unsupported);
  return *it->second;
}

void requireFloat(const Graph& graph, const Node& node, size_t index) {
  const ValueType& type = graph.type(node.inputs[index]);
  require(type.dtype == DType::Float32, [&] {
    return node.op->name() + ": expected float32, got " + dtypeName(type.dtype) + " of shape " +
           type.shape.toString();
  });
}

Shape broadcastShapes(const Shape& a, const Shape& b, const std::string& what) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  std::vector<Dim> dims = longer.dims();
  const size_t offset = longer.rank() - shorter.rank();
  for (size_t i = 0; i < shorter.rank(); ++i) {
    Dim& dim = dims[offset + i];
    if (dim == shorter[i] || shorter[i].isOne()) continue;
    require(
        dim.isOne(),
        [&] {
          return what + ": expected shapes that broadcast, got " + a.toString() + " and " +
                 b.toString();
        },
        ErrorCode::ShapeMismatch);
    dim = shorter[i];
  }
  return Shape(std::move(dims));
}

}  // namespace tabtrain
