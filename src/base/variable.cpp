#include "base/variable.h"

#include <cstring>
#include <limits>
#include <utility>

#include "base/error.h"

namespace tabtrain {
namespace {

// The one piece of process-wide state: an engine instance is a process of its own.
size_t gLiveBytes = 0;
size_t gMaxBytes = std::numeric_limits<size_t>::max();

}  // namespace

void AlignedBuffer::Deleter::operator()(std::byte* data) const {
  ::operator delete[](data, std::align_val_t{kAlignment});
  gLiveBytes -= size;
}

uint64_t byteCount(int64_t count, DType dtype) {
  constexpr uint64_t kMost = uint64_t{1} << 48;
  const uint64_t bytes = static_cast<uint64_t>(count) * itemSize(dtype);
  require(
      static_cast<uint64_t>(count) <= kMost && bytes <= kMost,
      [&] {
        return "memory: " + std::to_string(count) + " elements of " + dtypeName(dtype) +
               " are more than any machine holds";
      },
      ErrorCode::OutOfMemory);
  return bytes;
}

AlignedBuffer::AlignedBuffer(uint64_t size) {
  if (size == 0) return;
  const auto refuse = [&] {
    return Error(ErrorCode::OutOfMemory, "memory: expected at most " + std::to_string(gMaxBytes) +
                                             " bytes in use; " + std::to_string(gLiveBytes) +
                                             " are, and " + std::to_string(size) +
                                             " more were asked for");
  };
  if (gLiveBytes > gMaxBytes || size > gMaxBytes - gLiveBytes) throw refuse();
  // Beside the limit, for machines whose pointers are smaller than a size.
  if (size > std::numeric_limits<size_t>::max() / 2) throw refuse();
  auto* data = static_cast<std::byte*>(
      ::operator new[](static_cast<size_t>(size), std::align_val_t{kAlignment}, std::nothrow));
  if (data == nullptr) throw refuse();
  std::memset(data, 0, static_cast<size_t>(size));
  data_ = std::unique_ptr<std::byte[], Deleter>(data, Deleter{static_cast<size_t>(size)});
  gLiveBytes += static_cast<size_t>(size);
}

size_t AlignedBuffer::liveBytes() { return gLiveBytes; }
void AlignedBuffer::setMaxBytes(size_t bytes) { gMaxBytes = bytes; }
size_t AlignedBuffer::maxBytes() { return gMaxBytes; }

Variable::Variable(std::string name, std::string path, DType dtype, std::vector<int64_t> sizes,
                   bool trains, Fill fill)
    : name_(std::move(name)),
      path_(std::move(path)),
      dtype_(dtype),
      sizes_(std::move(sizes)),
      trains_(trains),
      count_(elementCount(sizes_)),
      fill_(std::move(fill)) {}

void Variable::allocate() const {
  AlignedBuffer memory(byteCount(count_, dtype_));
  if (fill_) fill_({reinterpret_cast<float*>(memory.data()), static_cast<size_t>(count_)});
  storage_ = std::move(memory);
}

}  // namespace tabtrain
