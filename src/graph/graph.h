#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/shape.h"
#include "base/variable.h"

namespace tabtrain {

class Op;
struct Expr;

using ValueId = int32_t;
using NodeId = int32_t;
constexpr ValueId kNoValue = -1;

/// The attributes of one node, as an op's shape rule, gradient and kernel read them.
class Attrs {
 public:
  using Value = std::variant<int64_t, double, bool, std::string, Shape>;

  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, Value>> values) : values_(values) {}

  int64_t integer(const std::string& name) const { return std::get<int64_t>(values_.at(name)); }
  double number(const std::string& name) const { return std::get<double>(values_.at(name)); }
  bool boolean(const std::string& name) const { return std::get<bool>(values_.at(name)); }
  const std::string& string(const std::string& name) const {
    return std::get<std::string>(values_.at(name));
  }
  const Shape& shape(const std::string& name) const { return std::get<Shape>(values_.at(name)); }
  const std::map<std::string, Value>& values() const { return values_; }

 private:
  std::map<std::string, Value> values_;
};

/// One application of an op.
struct Node {
  const Op* op = nullptr;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  Attrs attrs;
  Variable* variable = nullptr;  // of reads and assignments
};

struct Value {
  ValueType type;
  NodeId producer = -1;
};

/// A computation in SSA form over tensors whose batch extent is symbolic. Nodes are stored in an
/// order in which every input precedes its users. All reads of a variable see the value from before
/// the step, whatever the graph assigns.
class Graph {
 public:
  /// A tensor fed at each run.
  Expr input(const std::string& name, ValueType type);
  Expr constant(float value);
  /// The number of rows of the running batch, float32 [].
  Expr batchSize();
  Expr read(Variable& variable);
  /// A variable is assigned at most once; throws Unsupported for a second time.
  void assign(Variable& variable, Expr value);
  /// Adds to an int64 counter.
  void increment(Variable& counter, int64_t by);

  /// Applies the op of that TensorFlow name; throws ShapeMismatch where its shape rule says so.
  std::vector<Expr> apply(const std::string& opName, const std::vector<Expr>& inputs,
                          Attrs attrs = {});

  const std::deque<Node>& nodes() const { return nodes_; }
  const std::deque<Value>& values() const { return values_; }
  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  const Value& value(ValueId id) const { return values_[static_cast<size_t>(id)]; }
  const Node& producer(ValueId id) const { return node(value(id).producer); }
  const ValueType& type(ValueId id) const { return value(id).type; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  /// The nodes that assign variables, in the order in which they were made.
  const std::vector<NodeId>& assignments() const { return assignments_; }

 private:
  std::vector<ValueId> add(Node node);

  // Deques, so that a reference to a shape stays valid while ops are added.
  std::deque<Node> nodes_;
  std::deque<Value> values_;
  std::vector<ValueId> inputs_;
  std::vector<NodeId> assignments_;
  std::map<const Variable*, ValueId> reads_;
  std::map<uint32_t, ValueId> constants_;  // by their bits: NaN and -0 are values like others
  ValueId batchSize_ = kNoValue;
};

}  // namespace tabtrain
