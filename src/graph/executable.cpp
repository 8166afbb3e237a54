#include "graph/executable.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace tabtrain {
namespace {

constexpr uint64_t kNowhere = std::numeric_limits<uint64_t>::max();
/// A tile of a fused producer's rows: small enough to stay in the second-level cache, large enough
/// that packing the other operand again for each tile does not matter.
constexpr int64_t kTileElements = 32 * 1024;

Dim columnsOf(const Shape& shape) { return shape.product(shape.rank() > 0 ? 1 : 0, shape.rank()); }

}  // namespace

Executable::Executable(std::shared_ptr<const Graph> graph, const std::vector<Expr>& fetches,
                       int64_t maxBatch)
    : graph_(std::move(graph)), maxBatch_(maxBatch) {
  for (const Expr& fetch : fetches) fetches_.push_back(fetch.id);
  steps_ = makeSteps(*graph_, fetches_);
  planBuffers();
  bind();
}

int64_t Executable::tileRowsFor(int64_t columns) {
  constexpr int64_t kUnit = 16;  // rows: whole register tiles of the matrix product
  return std::max<int64_t>(kUnit, kTileElements / std::max<int64_t>(columns, 1) / kUnit * kUnit);
}

uint64_t Executable::bytesOf(ValueId id) const {
  const ValueType& type = graph_->type(id);
  return byteCount(type.shape.elements().at(maxBatch_), type.dtype);
}

void Executable::planBuffers() {
  const size_t valueCount = graph_->values().size();
  std::vector<BufferRequest> requests;
  std::vector<int> requestOf(valueCount, -1);
  const auto touch = [&](ValueId id, int step) {
    int& request = requestOf[static_cast<size_t>(id)];
    if (request < 0) {
      request = static_cast<int>(requests.size());
      requests.push_back({bytesOf(id), step, step});
    }
    BufferRequest& r = requests[static_cast<size_t>(request)];
    r.first = std::min(r.first, step);
    r.last = std::max(r.last, step);
  };
  const int stepCount = static_cast<int>(steps_.size());
  const int end = stepCount;
  // Inputs and fetches are the caller's before and after a run.
  for (ValueId id : graph_->inputs()) {
    touch(id, -1);
    touch(id, end);
  }
  for (ValueId id : fetches_) {
    const ValueId storage = storageOf(*graph_, id);
    if (graph_->producer(storage).op->kind() != OpKind::Source) touch(storage, end);
  }

  // A value made in an elementwise run needs memory only if another step reads it.
  std::vector<int> madeIn(valueCount, -1);
  const auto nodesOf = [&](const Step& step) {
    std::vector<NodeId> nodes = step.nodes;
    if (step.producer >= 0) nodes.insert(nodes.begin(), step.producer);
    return nodes;
  };
  for (int s = 0; s < stepCount; ++s) {
    for (NodeId id : nodesOf(steps_[static_cast<size_t>(s)])) {
      for (ValueId output : graph_->node(id).outputs) madeIn[static_cast<size_t>(output)] = s;
    }
  }
  for (int s = 0; s < stepCount; ++s) {
    const Step& step = steps_[static_cast<size_t>(s)];
    for (NodeId id : nodesOf(step)) {
      for (ValueId input : graph_->node(id).inputs) {
        const ValueId storage = storageOf(*graph_, input);
        const int made = madeIn[static_cast<size_t>(storage)];
        if (made < 0 || (made == s && step.isElementwise)) continue;
        touch(storage, s);
        touch(storage, made);
      }
      if (step.isElementwise) continue;
      for (ValueId output : graph_->node(id).outputs) touch(output, s);
    }
  }
  for (ValueId id : fetches_) {
    const ValueId storage = storageOf(*graph_, id);
    if (madeIn[static_cast<size_t>(storage)] >= 0) {
      touch(storage, madeIn[static_cast<size_t>(storage)]);
    }
  }

  // Each step's own workspace. A run's scratch is bounded by the number of values that it makes
  // and loads; its exact size is known only when it is bound, which needs the addresses.
  std::vector<uint64_t> workspaceRequest(steps_.size(), kNowhere);
  for (int s = 0; s < stepCount; ++s) {
    const Step& step = steps_[static_cast<size_t>(s)];
    uint64_t bytes = 0;
    if (step.isElementwise) {
      size_t slots = 0;
      for (NodeId id : step.nodes) {
        slots += graph_->node(id).inputs.size() + graph_->node(id).outputs.size();
      }
      bytes += slots * ElementwiseProgram::kChunk * sizeof(float);
    }
    const NodeId whole = step.isElementwise ? step.producer : step.nodes[0];
    if (whole >= 0 && graph_->node(whole).op->kind() == OpKind::Whole) {
      const Node& node = graph_->node(whole);
      bytes += AlignedBuffer::aligned(node.op->kernel(*graph_, node, maxBatch_).workspaceBytes);
      if (step.producer >= 0) {
        const Shape& shape = graph_->type(node.outputs[0]).shape;
        const int64_t columns = columnsOf(shape).at(maxBatch_);
        const int64_t rows = std::min(tileRowsFor(columns), shape[0].at(maxBatch_));
        bytes += AlignedBuffer::aligned(byteCount(multiplyCounts(rows, columns), DType::Float32));
      }
    }
    if (bytes == 0) continue;
    workspaceRequest[static_cast<size_t>(s)] = requests.size();
    requests.push_back({bytes, s, s});
  }

  const MemoryPlan plan = planMemory(requests);
  arena_ = AlignedBuffer(plan.bytes);
  offsets_.assign(valueCount, kNowhere);
  for (size_t v = 0; v < valueCount; ++v) {
    if (requestOf[v] >= 0) offsets_[v] = plan.offsets[static_cast<size_t>(requestOf[v])];
  }
  for (uint64_t request : workspaceRequest) {
    workspace_.push_back(request == kNowhere ? 0 : plan.offsets[static_cast<size_t>(request)]);
  }
}

std::byte* Executable::memoryOf(ValueId id) const {
  return memory_[static_cast<size_t>(storageOf(*graph_, id))];
}

void Executable::bind() {
  memory_.assign(graph_->values().size(), nullptr);
  for (size_t v = 0; v < memory_.size(); ++v) {
    if (offsets_[v] != kNowhere) memory_[v] = arena_.data() + offsets_[v];
    const Node& source = graph_->producer(static_cast<ValueId>(v));
    if (source.variable != nullptr) memory_[v] = source.variable->data();
    const std::string& name = source.op->name();
    if (name != "Const" && name != "BatchSize") continue;
    scalars_.push_back(std::make_unique<float>(0.0f));
    float* scalar = scalars_.back().get();
    if (name == "Const") *scalar = static_cast<float>(source.attrs.number("value"));
    if (name == "BatchSize") batchSize_ = scalar;
    memory_[v] = reinterpret_cast<std::byte*>(scalar);
  }

  for (size_t s = 0; s < steps_.size(); ++s) {
    const Step& step = steps_[s];
    BoundStep bound;
    bound.workspace = arena_.data() + workspace_[s];
    if (step.isElementwise) {
      bound.elements = step.elements;
      bound.program = std::make_unique<ElementwiseProgram>(
          *graph_, step, [&](ValueId id) { return memory_[static_cast<size_t>(id)]; });
      if (step.producer >= 0) bindProducer(bound, step.producer);
      std::byte* scratch = static_cast<std::byte*>(bound.workspace);
      if (step.producer >= 0) {
        scratch += AlignedBuffer::aligned(bound.kernel.workspaceBytes);
        bound.tile = reinterpret_cast<float*>(scratch);
        const int64_t columns = bound.columns.at(maxBatch_);
        const int64_t rows = std::min(bound.tileRows, bound.elements.at(maxBatch_) / columns);
        scratch += AlignedBuffer::aligned(byteCount(rows * columns, DType::Float32));
      }
      bound.scratch = reinterpret_cast<float*>(scratch);
    } else if (graph_->node(step.nodes[0]).op->kind() == OpKind::Assign) {
      bound.counter = graph_->node(step.nodes[0]).variable;
      bound.by = graph_->node(step.nodes[0]).attrs.integer("by");
    } else {
      bindProducer(bound, step.nodes[0]);
    }
    bound_.push_back(std::move(bound));
  }
}

void Executable::bindProducer(BoundStep& bound, NodeId id) {
  const Node& node = graph_->node(id);
  bound.kernel = node.op->kernel(*graph_, node, maxBatch_);
  for (ValueId input : node.inputs) bound.in.push_back(memoryOf(input));
  for (ValueId output : node.outputs) bound.out.push_back(memoryOf(output));
  bound.columns = columnsOf(graph_->type(node.outputs[0]).shape);
  bound.tileRows = tileRowsFor(bound.columns.at(maxBatch_));
}

std::byte* Executable::input(size_t index) const { return memoryOf(graph_->inputs()[index]); }

const float* Executable::fetch(size_t index) const {
  return reinterpret_cast<const float*>(memoryOf(fetches_[index]));
}

void Executable::run(int64_t batch) {
  require(
      batch > 0 && batch <= maxBatch_,
      [&] {
        return "batch: expected 1 to " + std::to_string(maxBatch_) + " rows, got " +
               std::to_string(batch);
      },
      ErrorCode::Internal);
  if (batchSize_ != nullptr) *batchSize_ = static_cast<float>(batch);
  for (BoundStep& step : bound_) {
    const KernelArgs args{step.in, step.out, step.workspace, batch};
    if (step.counter != nullptr) {
      step.counter->int64() += step.by;
    } else if (!step.program) {
      step.kernel.run(args);
    } else if (step.tile == nullptr) {
      step.program->run(batch, 0, step.elements.at(batch), nullptr, step.scratch);
    } else {
      const int64_t columns = step.columns.at(batch);
      const int64_t rows = columns == 0 ? 0 : step.elements.at(batch) / columns;
      for (int64_t row = 0; row < rows; row += step.tileRows) {
        const int64_t end = std::min(rows, row + step.tileRows);
        step.kernel.rows(args, row, end, step.tile);
        step.program->run(batch, row * columns, end * columns, step.tile, step.scratch);
      }
    }
  }
}

}  // namespace tabtrain
