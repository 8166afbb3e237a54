#pragma once

#include <memory>
#include <span>
#include <vector>

#include "graph/elementwise_program.h"
#include "graph/memory_plan.h"
#include "graph/steps.h"

namespace tabtrain {

/// A graph made ready to run: fused steps, one arena, a flat list of kernel calls. `run` allocates
/// nothing. The graph's variables must outlive it.
class Executable {
 public:
  /// Plans `graph` for batches of up to `maxBatch` rows. `fetches` are the values that can be read
  /// after a run. Throws OutOfMemory where the arena does not fit.
  Executable(std::shared_ptr<const Graph> graph, const std::vector<Expr>& fetches,
             int64_t maxBatch);

  int64_t maxBatch() const { return maxBatch_; }

  /// The memory of input `index` (in the order of `Graph::input` calls), to be filled before a run.
  std::byte* input(size_t index) const;
  /// The memory of fetch `index`, valid after a run until the next one.
  const float* fetch(size_t index) const;

  /// Runs one step over the first `batch` rows of the inputs.
  void run(int64_t batch);

  /// The bytes of the arena: all that a step needs besides the variables.
  size_t plannedBytes() const { return arena_.size(); }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  struct BoundStep {
    Kernel kernel;
    std::vector<const void*> in;
    std::vector<void*> out;
    void* workspace = nullptr;
    Variable* counter = nullptr;  // of a step that only increments
    int64_t by = 0;
    std::unique_ptr<ElementwiseProgram> program;
    Dim elements;
    Dim columns;  // of the producer's output: the elements of one row
    int64_t tileRows = 0;
    float* tile = nullptr;
    float* scratch = nullptr;
  };

  void planBuffers();
  void bind();
  void bindProducer(BoundStep& bound, NodeId id);
  std::byte* memoryOf(ValueId id) const;
  uint64_t bytesOf(ValueId id) const;
  static int64_t tileRowsFor(int64_t columns);

  std::shared_ptr<const Graph> graph_;
  std::vector<ValueId> fetches_;
  int64_t maxBatch_;
  std::vector<Step> steps_;
  std::vector<std::unique_ptr<float>> scalars_;
  float* batchSize_ = nullptr;
  std::vector<std::byte*> memory_;   // by value; null for one that lives only inside a run
  std::vector<uint64_t> workspace_;  // by step: offset of its workspace, tile and scratch
  std::vector<uint64_t> offsets_;    // by value
  AlignedBuffer arena_;
  std::vector<BoundStep> bound_;
};

}  // namespace tabtrain
