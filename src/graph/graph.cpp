#include "graph/graph.h"

#include <bit>

#include "base/error.h"
#include "graph/expr.h"
#include "graph/steps.h"
#include "ops/op.h"

namespace tabtrain {

std::vector<ValueId> Graph::add(Node node) {
  const std::vector<ValueType> types = node.op->infer(*this, node);
  const auto id = static_cast<NodeId>(nodes_.size());
  for (size_t i = 0; i < types.size(); ++i) {
    node.outputs.push_back(static_cast<ValueId>(values_.size()));
    values_.push_back({types[i], id});
  }
  if (node.op->kind() == OpKind::Assign) {
    // They could be run in either order.
    for (NodeId other : assignments_) {
      require(
          this->node(other).variable != node.variable,
          [&] { return "variable " + node.variable->path() + ": expected one assignment a step"; },
          ErrorCode::Unsupported);
    }
    assignments_.push_back(id);
  }
  nodes_.push_back(std::move(node));
  return nodes_.back().outputs;
}

Expr Graph::input(const std::string& name, ValueType type) {
  Node node;
  node.op = &findOp("Placeholder");
  node.attrs = {{"name", name},
                {"dtype", std::string(dtypeName(type.dtype))},
                {"shape", std::move(type.shape)}};
  const ValueId id = add(std::move(node))[0];
  inputs_.push_back(id);
  return {this, id};
}

Expr Graph::constant(float value) {
  const auto [it, isNew] = constants_.try_emplace(std::bit_cast<uint32_t>(value), kNoValue);
  if (isNew) {
    Node node;
    node.op = &findOp("Const");
    node.attrs = {{"value", static_cast<double>(value)}};
    it->second = add(std::move(node))[0];
  }
  return {this, it->second};
}

Expr Graph::batchSize() {
  if (batchSize_ == kNoValue) {
    Node node;
    node.op = &findOp("BatchSize");
    batchSize_ = add(std::move(node))[0];
  }
  return {this, batchSize_};
}

Expr Graph::read(Variable& variable) {
  const auto [it, isNew] = reads_.try_emplace(&variable, kNoValue);
  if (isNew) {
    Node node;
    node.op = &findOp("ReadVariableOp");
    node.variable = &variable;
    it->second = add(std::move(node))[0];
  }
  return {this, it->second};
}

void Graph::assign(Variable& variable, Expr value) {
  // A plain read is copied first: its variable may be assigned before this one.
  if (producer(storageOf(*this, value.id)).variable != nullptr) value = stopGradient(value);
  Node node;
  node.op = &findOp("AssignVariableOp");
  node.inputs = {value.id};
  node.variable = &variable;
  add(std::move(node));
}

void Graph::increment(Variable& counter, int64_t by) {
  Node node;
  node.op = &findOp("AssignAddVariableOp");
  node.attrs = {{"by", by}};
  node.variable = &counter;
  add(std::move(node));
}

std::vector<Expr> Graph::apply(const std::string& opName, const std::vector<Expr>& inputs,
                               Attrs attrs) {
  Node node;
  node.op = &findOp(opName);
  node.attrs = std::move(attrs);
  for (const Expr& input : inputs) node.inputs.push_back(input.id);
  std::vector<Expr> results;
  for (ValueId id : add(std::move(node))) results.push_back({this, id});
  return results;
}

}  // namespace tabtrain
