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

AlignedBuffer::AlignedBuffer(size_t size) {
  if (size == 0) return;
  const auto refuse = [&] {
    return Error(ErrorCode::OutOfMemory, "memory: expected at most " + std::to_string(gMaxBytes) +
                                             " bytes in use; " + std::to_string(gLiveBytes) +
                                             " are, and " + std::to_string(size) +
                                             " more were asked for");
  };
  if (gLiveBytes > gMaxBytes || size > gMaxBytes - gLiveBytes) throw refuse();
  auto* data =
      static_cast<std::byte*>(::operator new[](size, std::align_val_t{kAlignment}, std::nothrow));
  if (data == nullptr) throw refuse();
  std::memset(data, 0, size);
  data_ = std::unique_ptr<std::byte[], Deleter>(data, Deleter{size});
  gLiveBytes += size;
}

size_t AlignedBuffer::liveBytes() { return gLiveBytes; }
void AlignedBuffer::setMaxBytes(size_t bytes) { gMaxBytes = bytes; }
size_t AlignedBuffer::maxBytes() { return gMaxBytes; }

Variable::Variable(std::string name, std::string path, DType dtype, std::vector<int64_t> sizes,
                   bool trainable, Fill fill)
    : name_(std::move(name)),
      path_(std::move(path)),
      dtype_(dtype),
      sizes_(std::move(sizes)),
      trainable_(trainable),
      count_(elementCount(sizes_)),
      fill_(std::move(fill)) {}

void Variable::allocate() const {
  const double bytes = static_cast<double>(count_) * static_cast<double>(itemSize(dtype_));
  require(
      bytes <= static_cast<double>(std::numeric_limits<size_t>::max()),
      [&] {
        return name_ + ": " + sizesToString(sizes_) +
               " elements are more than this machine can address";
      },
      ErrorCode::OutOfMemory);
  storage_ = AlignedBuffer(static_cast<size_t>(count_) * itemSize(dtype_));
  if (fill_) fill_({reinterpret_cast<float*>(storage_.data()), static_cast<size_t>(count_)});
}

}  // namespace tabtrain
