#include "kernels/random.h"

#include "base/error.h"
#include "ops/op.h"

namespace tabtrain {
namespace {

/// Uniform numbers in [0, 1): a pure function of (seed, path, counter), so that a step can be
/// repeated on any number of threads, after any reload.
class RandomUniform : public Op {
 public:
  RandomUniform() : Op("RandomUniform", OpKind::Elementwise) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    require(graph.type(node.inputs[0]).dtype == DType::Int64,
            [] { return std::string("RandomUniform: expected an int64 counter"); });
    return {{DType::Float32, node.attrs.shape("shape")}};
  }
  std::vector<Expr> gradient(const GradientArgs&) const override { return {Expr{}}; }
  kernels::ElementwiseKernel elementwise() const override { return kernels::randomUniform; }
  bool takesRawInput() const override { return true; }
  std::shared_ptr<const void> context(const Node& node) const override {
    return std::make_shared<kernels::RandomContext>(kernels::RandomContext{
        streamKey(static_cast<uint64_t>(node.attrs.integer("seed")), node.attrs.string("path"))});
  }
};

}  // namespace

void addRandomOps(OpList& ops) { ops.push_back(std::make_unique<RandomUniform>()); }

}  // namespace tabtrain
