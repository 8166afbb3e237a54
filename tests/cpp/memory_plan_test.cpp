#include "graph/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

#include "base/variable.h"

namespace tabtrain {
namespace {

void expectNoOverlap(const std::vector<BufferRequest>& requests, const MemoryPlan& plan) {
  ASSERT_EQ(plan.offsets.size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % AlignedBuffer::kAlignment, 0u);
    EXPECT_LE(plan.offsets[i] + requests[i].bytes, plan.bytes);
    for (size_t j = 0; j < i; ++j) {
      const bool together =
          requests[i].first <= requests[j].last && requests[j].first <= requests[i].last;
      const bool overlap = plan.offsets[i] < plan.offsets[j] + requests[j].bytes &&
                           plan.offsets[j] < plan.offsets[i] + requests[i].bytes;
      EXPECT_FALSE(together && overlap) << i << " and " << j;
    }
  }
}

TEST(MemoryPlan, ReusesMemoryOfBuffersThatAreDone) {
  // A chain: each buffer is read by the next step only.
  const std::vector<BufferRequest> requests = {
      {1024, 0, 1}, {1024, 1, 2}, {1024, 2, 3}, {1024, 3, 4}};
  const MemoryPlan plan = planMemory(requests);
  expectNoOverlap(requests, plan);
  EXPECT_EQ(plan.bytes, 2048u);
}

TEST(MemoryPlan, PutsSmallBuffersIntoGaps) {
  const std::vector<BufferRequest> requests = {
      {4096, 0, 1}, {4096, 2, 9}, {4096, 0, 9}, {64, 2, 3}, {64, 0, 9}};
  const MemoryPlan plan = planMemory(requests);
  expectNoOverlap(requests, plan);
  EXPECT_EQ(plan.bytes, 2 * 4096u + 2 * 64u);
}

TEST(MemoryPlan, RoundsUpToCacheLines) {
  const MemoryPlan plan = planMemory({{1, 0, 0}, {65, 0, 0}, {0, 0, 0}});
  expectNoOverlap({{1, 0, 0}, {65, 0, 0}, {0, 0, 0}}, plan);
  EXPECT_EQ(plan.bytes, 192u);
  EXPECT_EQ(planMemory({}).bytes, 0u);
}

TEST(MemoryPlan, KeepsRandomBuffersApartAndClose) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<BufferRequest> requests;
    std::vector<size_t> alive(60, 0);
    for (int i = 0; i < 40; ++i) {
      const int first = static_cast<int>(random() % 50);
      const BufferRequest request{random() % 5000, first, first + static_cast<int>(random() % 9)};
      requests.push_back(request);
      for (int t = request.first; t <= request.last; ++t) {
        alive[static_cast<size_t>(t)] += (request.bytes + 63) / 64 * 64;
      }
    }
    const MemoryPlan plan = planMemory(requests);
    expectNoOverlap(requests, plan);
    const size_t atOnce = *std::max_element(alive.begin(), alive.end());
    EXPECT_GE(plan.bytes, atOnce);
    EXPECT_LE(plan.bytes, atOnce * 3 / 2) << "wasteful";
  }
}

}  // namespace
}  // namespace tabtrain
