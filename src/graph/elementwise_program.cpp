#include "graph/elementwise_program.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"

namespace tabtrain {

SymbolicPattern broadcastPattern(const Shape& from, const Shape& to) {
  // The shape of the result as alternating runs of axes: kept ones and broadcast ones.
  struct Run {
    bool kept;
    size_t begin, end;
  };
  std::vector<Run> runs;
  const size_t offset = to.rank() - from.rank();
  for (size_t axis = 0; axis < to.rank(); ++axis) {
    if (to[axis].isOne()) continue;
    const bool kept = axis >= offset && !from[axis - offset].isOne();
    if (runs.empty() || runs.back().kept != kept) runs.push_back({kept, axis, axis});
    runs.back().end = axis + 1;
  }
  SymbolicPattern pattern;
  const auto product = [&](const Run& run) { return to.product(run.begin, run.end); };
  size_t last = runs.size();
  if (last > 0 && !runs[last - 1].kept) {
    pattern.repeat = product(runs[last - 1]);
    --last;
  }
  if (last == 0) {
    pattern.repeat = Dim{};
    return pattern;  // a scalar
  }
  pattern.period = product(runs[last - 1]);
  const bool hasPrefix = last == 3;
  require(
      last <= 2 || hasPrefix,
      [&] {
        return "broadcast: " + from.toString() + " to " + to.toString() + " is not supported";
      },
      ErrorCode::Unsupported);
  if (hasPrefix) pattern.block = to.product(runs[1].begin, to.rank());
  return pattern;
}

/// Turns the nodes of a run into instructions and gives their values memory or chunk slots.
class ElementwiseProgram::Compiler {
 public:
  Compiler(ElementwiseProgram& program, const Graph& graph, const Step& step,
           const FindMemory& memory)
      : program_(program), graph_(graph), step_(step), memory_(memory) {
    for (NodeId id : step.nodes) {
      for (ValueId output : graph.node(id).outputs) made_.insert(output);
    }
    if (step.producer >= 0) tile_ = graph.node(step.producer).outputs[0];
    for (size_t i = 0; i < step.nodes.size(); ++i) {
      for (ValueId input : graph.node(step.nodes[i]).inputs) {
        lastUse_[storageOf(graph, input)] = i;
      }
    }
    findAssigned();
  }

  void compile() {
    for (size_t i = 0; i < step_.nodes.size(); ++i) emit(i);
  }

 private:
  /// Values that may be written straight into the variable that they are assigned to: nobody in the
  /// run reads the variable's old elements after they are computed.
  void findAssigned() {
    std::map<const Variable*, size_t> lastRead;
    for (size_t i = 0; i < step_.nodes.size(); ++i) {
      for (ValueId input : graph_.node(step_.nodes[i]).inputs) {
        const Node& source = graph_.producer(storageOf(graph_, input));
        if (source.variable != nullptr) lastRead[source.variable] = i;
      }
    }
    for (size_t i = 0; i < step_.nodes.size(); ++i) {
      const Node& node = graph_.node(step_.nodes[i]);
      for (NodeId assignId : step_.nodes) {
        const Node& assign = graph_.node(assignId);
        if (assign.op->kind() != OpKind::Assign || node.outputs.empty()) continue;
        const ValueId value = node.outputs[0];
        if (storageOf(graph_, assign.inputs[0]) != value || memory_(value) != nullptr) continue;
        const auto it = lastRead.find(assign.variable);
        if (it == lastRead.end() || it->second <= i) {
          assignedTo_.try_emplace(value, assign.variable->data());
        }
      }
    }
  }

  void emit(size_t index) {
    const Node& node = graph_.node(step_.nodes[index]);
    Instruction instruction;
    const bool isAssign = node.op->kind() == OpKind::Assign;
    instruction.kernel = isAssign ? kernels::copy : node.op->elementwise();
    instruction.context = node.op->context(node);
    const Shape& shape = graph_.type(isAssign ? node.inputs[0] : node.outputs[0]).shape;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const bool raw = i == 0 && node.op->takesRawInput();
      instruction.in.push_back(operand(node.inputs[i], shape, raw, instruction));
    }
    releaseDying(index);
    if (isAssign) {
      instruction.out = {Where::Memory, node.variable->data(), 0};
      if (instruction.in[0].where == Where::Memory &&
          instruction.in[0].memory == instruction.out.memory) {
        return;  // already written there
      }
    } else {
      instruction.out = result(node.outputs[0]);
    }
    program_.instructions_.push_back(std::move(instruction));
    if (!isAssign && !lastUse_.contains(node.outputs[0])) release(node.outputs[0]);
  }

  Operand operand(ValueId id, const Shape& shape, bool raw, Instruction& instruction) {
    const ValueId value = storageOf(graph_, id);
    std::byte* memory = memory_(value);
    if (raw) return {Where::Raw, memory, 0};
    if (const auto it = operands_.find(value); it != operands_.end()) return it->second;
    if (value == tile_) return {Where::Tile, nullptr, 0};
    const ValueType& type = graph_.type(value);
    if (type.dtype == DType::Float32 && type.shape.elements() == step_.elements) {
      return {Where::Memory, memory, 0};
    }
    const SymbolicPattern pattern = broadcastPattern(graph_.type(id).shape, shape);
    const bool isScalar = pattern.period.isOne() && pattern.block.size == 0;
    Load load{memory, type.dtype, pattern, takeSlot(isScalar), isScalar};
    (isScalar ? program_.scalars_ : instruction.loads).push_back(load);
    const Operand result{Where::Slot, nullptr, load.slot};
    // A scalar stays for the whole run; another operand is loaded again by its next reader, since
    // that may broadcast it to another shape.
    if (isScalar) {
      operands_[value] = result;
    } else {
      shortLived_.push_back(load.slot);
    }
    return result;
  }

  Operand result(ValueId id) {
    std::byte* memory = memory_(id);
    if (const auto it = assignedTo_.find(id); it != assignedTo_.end()) memory = it->second;
    Operand result{Where::Memory, memory, 0};
    if (memory == nullptr) result = {Where::Slot, nullptr, takeSlot(false)};
    operands_[id] = result;
    return result;
  }

  void releaseDying(size_t index) {
    for (int slot : shortLived_) free_.push_back(slot);
    shortLived_.clear();
    for (const auto& [value, last] : lastUse_) {
      if (last == index && made_.contains(value)) release(value);
    }
  }

  void release(ValueId value) {
    const auto it = operands_.find(value);
    if (it != operands_.end() && it->second.where == Where::Slot) free_.push_back(it->second.slot);
  }

  /// Slots of scalars are never free again, so they come from fresh ones.
  int takeSlot(bool fresh) {
    if (fresh || free_.empty()) return program_.slots_++;
    const int slot = free_.back();
    free_.pop_back();
    return slot;
  }

  ElementwiseProgram& program_;
  const Graph& graph_;
  const Step& step_;
  const FindMemory& memory_;
  ValueId tile_ = kNoValue;
  std::set<ValueId> made_;
  std::map<ValueId, size_t> lastUse_;
  std::map<ValueId, std::byte*> assignedTo_;
  std::map<ValueId, Operand> operands_;
  std::vector<int> shortLived_;
  std::vector<int> free_;
};

ElementwiseProgram::ElementwiseProgram(const Graph& graph, const Step& step,
                                       const FindMemory& memory) {
  Compiler(*this, graph, step, memory).compile();
}

float* ElementwiseProgram::resolve(const Operand& operand, int64_t begin, int64_t runBegin,
                                   const float* tile, float* scratch) const {
  switch (operand.where) {
    case Where::Memory:
      return reinterpret_cast<float*>(operand.memory) + begin;
    case Where::Slot:
      return scratch + operand.slot * kChunk;
    case Where::Tile:
      return const_cast<float*>(tile) + (begin - runBegin);
    case Where::Raw:
      break;
  }
  return reinterpret_cast<float*>(operand.memory);
}

void ElementwiseProgram::run(int64_t batch, int64_t begin, int64_t end, const float* tile,
                             float* scratch) const {
  for (const Load& load : scalars_) {
    kernels::expand(load.memory, load.dtype, {}, 0, std::min(kChunk, end - begin),
                    scratch + load.slot * kChunk);
  }
  for (int64_t at = begin; at < end; at += kChunk) {
    const int64_t count = std::min(kChunk, end - at);
    for (const Instruction& instruction : instructions_) {
      for (const Load& load : instruction.loads) {
        kernels::expand(load.memory, load.dtype, load.pattern.at(batch), at, count,
                        scratch + load.slot * kChunk);
      }
      kernels::ElementwiseArgs args{};
      for (size_t i = 0; i < instruction.in.size(); ++i) {
        args.in[i] = resolve(instruction.in[i], at, begin, tile, scratch);
      }
      args.out = resolve(instruction.out, at, begin, tile, scratch);
      args.count = count;
      args.begin = at;
      args.context = instruction.context.get();
      instruction.kernel(args);
    }
  }
}

}  // namespace tabtrain
