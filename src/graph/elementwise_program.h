#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "graph/steps.h"
#include "kernels/elementwise.h"
#include "ops/op.h"

namespace tabtrain {

/// The broadcast of an operand, with extents that may depend on the batch.
struct SymbolicPattern {
  Dim repeat;
  Dim period;
  Dim block{0, false};
  kernels::BroadcastPattern at(int64_t batch) const {
    return {repeat.at(batch), period.at(batch), block.at(batch)};
  }
};

/// How an operand of shape `from` lines up with a result of shape `to`. Throws Unsupported where
/// one pattern cannot say it (more than two separate runs of kept axes).
SymbolicPattern broadcastPattern(const Shape& from, const Shape& to);

/// One fused run of elementwise nodes, compiled: works through its elements in chunks that stay in
/// the first-level cache, each chunk through all of its instructions.
class ElementwiseProgram {
 public:
  static constexpr int64_t kChunk = 512;  // elements

  /// Where the value lives that a run reads or writes for others; null for one that nobody else
  /// needs.
  using FindMemory = std::function<std::byte*(ValueId)>;

  ElementwiseProgram(const Graph& graph, const Step& step, const FindMemory& memory);

  /// Computes elements [begin, end). `tile` holds the producer's elements from `begin` on.
  void run(int64_t batch, int64_t begin, int64_t end, const float* tile, float* scratch) const;

 private:
  enum class Where { Memory, Slot, Tile, Raw };
  struct Operand {
    Where where = Where::Slot;
    std::byte* memory = nullptr;  // of Memory and Raw
    int slot = 0;                 // of Slot
  };
  struct Load {
    const std::byte* memory;
    DType dtype;
    SymbolicPattern pattern;
    int slot;
    bool once;  // a scalar: the same for every chunk
  };
  struct Instruction {
    kernels::ElementwiseKernel kernel;
    std::shared_ptr<const void> context;
    std::vector<Load> loads;  // into slots, before the kernel
    std::vector<Operand> in;
    Operand out;
  };
  class Compiler;

  float* resolve(const Operand& operand, int64_t begin, int64_t runBegin, const float* tile,
                 float* scratch) const;

  std::vector<Load> scalars_;
  std::vector<Instruction> instructions_;
  int slots_ = 0;
};

}  // namespace tabtrain
