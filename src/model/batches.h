#pragma once

#include <span>
#include <vector>

#include "base/philox.h"
#include "base/tensor.h"
#include "graph/executable.h"

namespace tabtrain {

/// A range of rows of tensors that have equally many, batch by batch: the last may be smaller.
class Batches {
 public:
  /// Rows [begin, end) of `tensors`, which are fed to a program's inputs in this order.
  Batches(std::vector<TensorPtr> tensors, int64_t begin, int64_t end, int64_t batchSize);

  const std::vector<TensorPtr>& tensors() const { return tensors_; }
  /// The batches of one pass.
  int64_t count() const { return (rows_ + batchSize_ - 1) / batchSize_; }
  /// The rows of the largest batch.
  int64_t largest() const { return std::min(rows_, batchSize_); }
  int64_t rowsIn(int64_t batch) const { return std::min(batchSize_, rows_ - batch * batchSize_); }

  /// Draws the order of rows for the next pass (Fisher and Yates).
  void shuffle(const PhiloxStream& stream);

  /// Copies a batch into the inputs of `program` and returns its number of rows.
  int64_t load(int64_t batch, const Executable& program) const;

 private:
  std::vector<TensorPtr> tensors_;
  int64_t begin_;
  int64_t rows_;
  int64_t batchSize_;
  std::vector<int64_t> order_;  // rows counted from `begin_`; empty: as they come
};

}  // namespace tabtrain
