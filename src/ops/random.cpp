#include "kernels/random.h"

#include "base/error.h"
#include "ops/op.h"

namespace tabtrain {
namespace {

/// Random numbers: a pure function of (seed, path, counter), so that a step can be repeated on any
/// number of threads, after any reload.
class Random : public Op {
 public:
  Random(const char* name, kernels::ElementwiseKernel kernel)
      : Op(name, OpKind::Elementwise), kernel_(kernel) {}

  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    require(graph.type(node.inputs[0]).dtype == DType::Int64,
            [&] { return name() + ": expected an int64 counter"; });
    return {{DType::Float32, node.attrs.shape("shape")}};
  }
  std::vector<Expr> gradient(const GradientArgs&) const override { return {Expr{}}; }
  kernels::ElementwiseKernel elementwise() const override { return kernel_; }
  bool takesRawInput() const override { return true; }
  std::shared_ptr<const void> context(const Node& node) const override {
    return std::make_shared<kernels::RandomContext>(kernels::RandomContext{
        streamKey(static_cast<uint64_t>(node.attrs.integer("seed")), node.attrs.string("path"))});
  }

 private:
  kernels::ElementwiseKernel kernel_;
};

}  // namespace

void addRandomOps(OpList& ops) {
  ops.push_back(std::make_unique<Random>("RandomUniform", kernels::randomUniform));
  ops.push_back(std::make_unique<Random>("RandomStandardNormal", kernels::randomNormal));
}

}  // namespace tabtrain
