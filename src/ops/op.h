#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/expr.h"
#include "kernels/elementwise.h"

namespace tabtrain {

/// What a kernel gets at each run: where its tensors are, and how many rows the batch has.
struct KernelArgs {
  std::span<const void* const> in;
  std::span<void* const> out;
  void* workspace;
  int64_t batch;
};

/// How a node is computed. `run` fills the outputs. `rows`, where an op offers it, computes the
/// rows [begin, end) of its one matrix-like output into `out`, so that what follows can use them
/// while they are in the cache, and the whole never goes through memory.
struct Kernel {
  std::function<void(const KernelArgs&)> run;
  std::function<void(const KernelArgs&, int64_t begin, int64_t end, float* out)> rows;
  uint64_t workspaceBytes = 0;
};

/// What a gradient rule sees.
struct GradientArgs {
  const Graph& graph;
  const Node& node;
  std::vector<Expr> inputs;
  std::vector<Expr> outputs;
  std::vector<Expr> gradients;  // of the outputs; an empty Expr where none flows
};

enum class OpKind {
  Source,       // inputs, constants, variables: memory that exists before the step
  View,         // the same elements under another shape
  Elementwise,  // computed chunk by chunk, several ops in one pass
  Whole,        // a kernel over whole tensors
  Assign,       // writes a variable
};

/// One operation: a shape rule, a gradient rule, a kernel, and the name that TensorFlow gives it.
class Op {
 public:
  Op(std::string name, OpKind kind) : name_(std::move(name)), kind_(kind) {}
  virtual ~Op() = default;
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  const std::string& name() const { return name_; }
  OpKind kind() const { return kind_; }

  /// The types of the outputs; throws ShapeMismatch or InvalidArgument for inputs that do not fit.
  virtual std::vector<ValueType> infer(const Graph& graph, const Node& node) const = 0;

  /// The gradients of the inputs; an empty Expr where none flows. Throws Unsupported where the op
  /// has no gradient.
  virtual std::vector<Expr> gradient(const GradientArgs& args) const;

  /// Of elementwise ops: the kernel, what it gets as `context`, and whether input 0 goes to it as a
  /// plain pointer instead of as elements.
  virtual kernels::ElementwiseKernel elementwise() const { return nullptr; }
  virtual std::shared_ptr<const void> context(const Node&) const { return nullptr; }
  virtual bool takesRawInput() const { return false; }

  /// Of whole ops: the kernel for batches of up to `maxBatch` rows.
  virtual Kernel kernel(const Graph& graph, const Node& node, int64_t maxBatch) const;

 private:
  std::string name_;
  OpKind kind_;
};

/// The op of a TensorFlow name; throws Unsupported for an unknown one.
const Op& findOp(const std::string& name);

using OpList = std::vector<std::unique_ptr<Op>>;

// One function a family; `registry.cpp` lists them.
void addSourceOps(OpList& ops);
void addUnaryOps(OpList& ops);
void addBinaryOps(OpList& ops);
void addShapeOps(OpList& ops);
void addReduceOps(OpList& ops);
void addMatMulOps(OpList& ops);
void addSoftmaxOps(OpList& ops);
void addRandomOps(OpList& ops);
void addConfusionOps(OpList& ops);

/// Throws InvalidArgument unless input `index` is float32: kernels over whole tensors read floats.
void requireFloat(const Graph& graph, const Node& node, size_t index);

/// The shape of an elementwise result (numpy's rule); `what` names the op in the error.
Shape broadcastShapes(const Shape& a, const Shape& b, const std::string& what);

}  // namespace tabtrain
