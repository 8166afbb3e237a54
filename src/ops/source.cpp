#include "base/error.h"
#include "ops/op.h"

/// Inputs, constants, variables: what a step reads, and the assignments that end it.
namespace tabtrain {
namespace {

class Placeholder : public Op {
 public:
  Placeholder() : Op("Placeholder", OpKind::Source) {}
  std::vector<ValueType> infer(const Graph&, const Node& node) const override {
    return {{dtypeFromName(node.attrs.string("dtype")), node.attrs.shape("shape")}};
  }
};

/// A scalar; `BatchSize` is one that the executor writes before each run.
class Scalar : public Op {
 public:
  explicit Scalar(const char* name) : Op(name, OpKind::Source) {}
  std::vector<ValueType> infer(const Graph&, const Node&) const override { return {ValueType{}}; }
};

class ReadVariable : public Op {
 public:
  ReadVariable() : Op("ReadVariableOp", OpKind::Source) {}
  std::vector<ValueType> infer(const Graph&, const Node& node) const override {
    return {{node.variable->dtype(), Shape::fixed(node.variable->sizes())}};
  }
};

class AssignVariable : public Op {
 public:
  AssignVariable() : Op("AssignVariableOp", OpKind::Assign) {}
  std::vector<ValueType> infer(const Graph& graph, const Node& node) const override {
    const ValueType& type = graph.type(node.inputs[0]);
    const ValueType expected{node.variable->dtype(), Shape::fixed(node.variable->sizes())};
    require(
        type == expected && type.dtype == DType::Float32,
        [&] {
          return "variable " + node.variable->path() + ": expected a float32 value of shape " +
                 expected.shape.toString() + ", got " + dtypeName(type.dtype) + " " +
                 type.shape.toString();
        },
        ErrorCode::ShapeMismatch);
    return {};
  }
};

class IncrementCounter : public Op {
 public:
  IncrementCounter() : Op("AssignAddVariableOp", OpKind::Assign) {}
  std::vector<ValueType> infer(const Graph&, const Node& node) const override {
    require(node.variable->dtype() == DType::Int64,
            [&] { return "counter " + node.variable->path() + ": expected int64"; });
    return {};
  }
};

}  // namespace

void addSourceOps(OpList& ops) {
  ops.push_back(std::make_unique<Placeholder>());
  ops.push_back(std::make_unique<Scalar>("Const"));
  ops.push_back(std::make_unique<Scalar>("BatchSize"));
  ops.push_back(std::make_unique<ReadVariable>());
  ops.push_back(std::make_unique<AssignVariable>());
  ops.push_back(std::make_unique<IncrementCounter>());
}

}  // namespace tabtrain
