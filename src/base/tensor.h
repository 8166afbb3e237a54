#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/variable.h"

namespace tabtrain {

/// Data that a caller hands over: `[rows, ...]` in C order.
class Tensor {
 public:
  /// Zeroed; throws InvalidArgument for a shape without rows, OutOfMemory.
  Tensor(DType dtype, std::vector<int64_t> sizes);

  DType dtype() const { return dtype_; }
  const std::vector<int64_t>& sizes() const { return sizes_; }
  int64_t rows() const { return sizes_[0]; }
  int64_t count() const { return count_; }
  /// The extents of one row.
  std::vector<int64_t> rowSizes() const { return {sizes_.begin() + 1, sizes_.end()}; }
  size_t rowBytes() const { return bytes().size() / static_cast<size_t>(rows()); }
  std::span<std::byte> bytes() const { return storage_.bytes(); }

 private:
  DType dtype_;
  std::vector<int64_t> sizes_;
  int64_t count_;
  AlignedBuffer storage_;
};

/// Shared: a run keeps its data although the caller lets go of it.
using TensorPtr = std::shared_ptr<const Tensor>;

}  // namespace tabtrain
