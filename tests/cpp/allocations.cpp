#include "allocations.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> gIsCounting{false};
std::atomic<int> gAllocations{0};

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  if (gIsCounting) ++gAllocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
}

void* allocateOrThrow(std::size_t size, std::size_t alignment) {
  void* memory = allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

constexpr std::size_t kDefault = alignof(std::max_align_t);

}  // namespace

// The array forms call these. The forms that do not throw would too, but not AddressSanitizer's.
void* operator new(std::size_t size) { return allocateOrThrow(size, kDefault); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocateOrThrow(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size, kDefault);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace tabtrain::testing {
namespace {

int count(const std::function<void()>& body) {
  gAllocations = 0;
  gIsCounting = true;
  body();
  gIsCounting = false;
  return gAllocations;
}

}  // namespace

int countAllocations(const std::function<void()>& body) {
  // A call, unlike a new expression, is not optimized away.
  EXPECT_EQ(count([] { ::operator delete(::operator new(1)); }), 1)
      << "allocations are not counted";
  Eigen::internal::set_is_malloc_allowed(false);
  const int result = count(body);
  Eigen::internal::set_is_malloc_allowed(true);
  return result;
}

}  // namespace tabtrain::testing
