#include <cstddef>
#include <limits>

#include "base/error.h"
#include "kernels/gemm.h"
#include "ops/op.h"

namespace tabtrain {
namespace {

struct Extents {
  bool transposeA, transposeB;
  Dim m, n, k;
  kernels::GemmShape at(int64_t batch) const {
    return {transposeA, transposeB, m.at(batch), n.at(batch), k.at(batch)};
  }
};

Extents extents(const Graph& graph, const Node& node) {
  const Shape& a = graph.type(node.inputs[0]).shape;
  const Shape& b = graph.type(node.inputs[1]).shape;
  const bool ta = node.attrs.boolean("transpose_a");
  const bool tb = node.attrs.boolean("transpose_b");
  require(
      a.rank() == 2 && b.rank() == 2 && a[ta ? 0 : 1] == b[tb ? 1 : 0],
      [&] {
        return "MatMul: expected matrices whose inner extents are equal, got " + a.toString() +
               (ta ? " transposed" : "") + " and " + b.toString() + (tb ? " transposed" : "");
      },
      ErrorCode::ShapeMismatch);
  return {ta, tb, a[ta ? 1 : 0], b[tb ? 0 : 1], a[ta ? 0 : 1]};
}

/// Eigen multiplies extents in the bits of a pointer without looking, before any memory is asked
/// for.
void requireAddressable(int64_t rows, int64_t columns) {
  const int64_t bytes = multiplyCounts(multiplyCounts(rows, columns), sizeof(float));
  require(
      bytes <= std::numeric_limits<ptrdiff_t>::max(),
      [&] {
        return "memory: a matrix of " + std::to_string(rows) + " x " + std::to_string(columns) +
               " is more than this engine can address";
      },
      ErrorCode::OutOfMemory);
}

class MatMul : public Op {
 public:
  MatMul() : Op("MatMul", OpKind::Whole) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    requireFloat(graph, node, 0);
    requireFloat(graph, node, 1);
    const Extents e = extents(graph, node);
    return {{DType::Float32, Shape({e.m, e.n})}};
  }

  std::vector<Expr> gradient(const GradientArgs& args) const override {
    const Expr a = args.inputs[0];
    const Expr b = args.inputs[1];
    const Expr dc = args.gradients[0];
    const bool ta = args.node.attrs.boolean("transpose_a");
    const bool tb = args.node.attrs.boolean("transpose_b");
    const Expr da = ta ? matMul(b, dc, tb, true) : matMul(dc, b, false, !tb);
    const Expr db = tb ? matMul(dc, a, true, ta) : matMul(a, dc, !ta, false);
    return {da, db};
  }

  Kernel kernel(const Graph& graph, const Node& node, int64_t maxBatch) const override {
    const Extents e = extents(graph, node);
    const kernels::GemmShape largest = e.at(maxBatch);
    requireAddressable(largest.m, largest.k);
    requireAddressable(largest.k, largest.n);
    requireAddressable(largest.m, largest.n);
    Kernel kernel;
    kernel.workspaceBytes = kernels::gemmWorkspace(largest) * sizeof(float);
    kernel.rows = [e, largest](const KernelArgs& args, int64_t begin, int64_t end, float* out) {
      kernels::GemmShape shape = e.at(args.batch);
      const int64_t strideA = e.transposeA ? shape.m : shape.k;
      const int64_t strideB = e.transposeB ? shape.k : shape.n;
      const float* a = static_cast<const float*>(args.in[0]);
      shape.m = end - begin;
      kernels::gemm(shape, largest, {a + (e.transposeA ? begin : begin * strideA), strideA},
                    {static_cast<const float*>(args.in[1]), strideB}, out, shape.n,
                    static_cast<float*>(args.workspace));
    };
    kernel.run = [e, rows = kernel.rows](const KernelArgs& args) {
      rows(args, 0, e.m.at(args.batch), static_cast<float*>(args.out[0]));
    };
    return kernel;
  }
};

}  // namespace

void addMatMulOps(OpList& ops) { ops.push_back(std::make_unique<MatMul>()); }

}  // namespace tabtrain
