#pragma once

#include <cstdint>
#include <vector>

namespace tabtrain {

/// A buffer that is needed from step `first` to step `last`, both included.
struct BufferRequest {
  uint64_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryPlan {
  std::vector<uint64_t> offsets;  // one a request
  uint64_t bytes = 0;             // of the whole arena
};

/// Gives every buffer an offset in one arena such that buffers that are alive at the same time do
/// not overlap: greedy by size, each at the lowest offset that is free during its life.
MemoryPlan planMemory(const std::vector<BufferRequest>& requests);

}  // namespace tabtrain
