#include "base/tensor.h"

#include "base/error.h"

namespace tabtrain {

Tensor::Tensor(DType dtype, std::vector<int64_t> sizes)
    : dtype_(dtype), sizes_(std::move(sizes)), count_(elementCount(sizes_)) {
  require(!sizes_.empty() && count_ > 0, [&] {
    return "data: expected at least one sample of at least one element, got shape " +
           sizesToString(sizes_);
  });
  storage_ = AlignedBuffer(byteCount(count_, dtype_));
}

}  // namespace tabtrain
