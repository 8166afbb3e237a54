#include "model/batches.h"

#include <cstring>
#include <numeric>

namespace tabtrain {

Batches::Batches(std::vector<TensorPtr> tensors, int64_t begin, int64_t end, int64_t batchSize)
    : tensors_(std::move(tensors)), begin_(begin), rows_(end - begin), batchSize_(batchSize) {}

void Batches::shuffle(const PhiloxStream& stream) {
  order_.resize(static_cast<size_t>(rows_));
  std::iota(order_.begin(), order_.end(), int64_t{0});
  for (size_t i = order_.size(); i > 1; --i) {
    // 53 random bits scaled to [0, i): the bias is far below what any test could see.
    const PhiloxBlock block = stream.block(i);
    const uint64_t bits = ((uint64_t{block[0]} << 32) | block[1]) >> 11;
    const auto j =
        static_cast<size_t>(static_cast<double>(bits) * 0x1p-53 * static_cast<double>(i));
    std::swap(order_[i - 1], order_[j]);
  }
}

int64_t Batches::load(int64_t batch, const Executable& program) const {
  const int64_t first = batch * batchSize_;
  const auto rows = static_cast<size_t>(rowsIn(batch));
  for (size_t t = 0; t < tensors_.size(); ++t) {
    const size_t rowBytes = tensors_[t]->rowBytes();
    const std::byte* source = tensors_[t]->bytes().data();
    std::byte* target = program.input(t);
    const auto at = [&](int64_t row) { return static_cast<size_t>(begin_ + row) * rowBytes; };
    if (order_.empty()) {
      std::memcpy(target, source + at(first), rows * rowBytes);
      continue;
    }
    for (size_t i = 0; i < rows; ++i) {
      const int64_t row = order_[static_cast<size_t>(first) + i];
      std::memcpy(target + i * rowBytes, source + at(row), rowBytes);
    }
  }
  return static_cast<int64_t>(rows);
}

}  // namespace tabtrain
