#include "graph/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/variable.h"

namespace tabtrain {
namespace {

bool overlapInTime(const BufferRequest& a, const BufferRequest& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

MemoryPlan planMemory(const std::vector<BufferRequest>& requests) {
  MemoryPlan plan;
  plan.offsets.assign(requests.size(), 0);
  std::vector<size_t> bySize(requests.size());
  std::iota(bySize.begin(), bySize.end(), size_t{0});
  std::stable_sort(bySize.begin(), bySize.end(),
                   [&](size_t a, size_t b) { return requests[a].bytes > requests[b].bytes; });

  std::vector<size_t> placed;  // by offset
  for (size_t index : bySize) {
    const uint64_t bytes = AlignedBuffer::aligned(requests[index].bytes);
    uint64_t offset = 0;
    for (size_t other : placed) {
      if (!overlapInTime(requests[index], requests[other])) continue;
      if (offset + bytes <= plan.offsets[other]) break;
      offset =
          std::max(offset, plan.offsets[other] + AlignedBuffer::aligned(requests[other].bytes));
    }
    plan.offsets[index] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), index,
                         [&](size_t a, size_t b) { return plan.offsets[a] < plan.offsets[b]; }),
        index);
  }
  return plan;
}

}  // namespace tabtrain
