#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/dtype.h"

namespace tabtrain {

/// a * b of counts; what would be more than 2^58 is 2^58, which no memory holds, so that sizes can
/// be computed without overflow and are refused where memory is asked for.
int64_t multiplyCounts(int64_t a, int64_t b);
/// a + b likewise.
int64_t addCounts(int64_t a, int64_t b);

/// One extent of a tensor: a constant, or a multiple of the batch size, which is known only when a
/// step runs. `[batch, time, 8]` reshaped to `[batch * time, 8]` keeps a symbolic first extent.
struct Dim {
  int64_t size = 1;
  bool perBatch = false;

  int64_t at(int64_t batch) const { return perBatch ? multiplyCounts(size, batch) : size; }
  bool isOne() const { return size == 1 && !perBatch; }
  bool operator==(const Dim&) const = default;
};

/// The extents of a tensor, outermost first.
class Shape {
 public:
  Shape() = default;
  explicit Shape(std::vector<Dim> dims) : dims_(std::move(dims)) {}

  /// A shape without a batch extent.
  static Shape fixed(const std::vector<int64_t>& sizes);
  /// `[batch, sizes...]`.
  static Shape batched(const std::vector<int64_t>& sizes);

  size_t rank() const { return dims_.size(); }
  const Dim& operator[](size_t axis) const { return dims_[axis]; }
  const Dim& back() const { return dims_.back(); }
  const std::vector<Dim>& dims() const { return dims_; }
  bool isBatched() const { return !dims_.empty() && dims_[0].perBatch; }

  /// The number of elements. At most one extent may depend on the batch.
  Dim elements() const { return product(0, rank()); }
  /// The product of the extents of axes [begin, end).
  Dim product(size_t begin, size_t end) const;

  /// The extents behind the batch.
  std::vector<int64_t> sizesWithoutBatch() const;
  /// Keras's notation: "(None, 784)".
  std::string toString() const;

  bool operator==(const Shape&) const = default;

 private:
  std::vector<Dim> dims_;
};

/// What is known of a value before it is computed.
struct ValueType {
  DType dtype = DType::Float32;
  Shape shape;
  bool operator==(const ValueType&) const = default;
};

/// The product of `sizes`; throws InvalidArgument if it leaves 2^53 or an extent is negative.
int64_t elementCount(const std::vector<int64_t>& sizes);

/// "(32, 784)".
std::string sizesToString(const std::vector<int64_t>& sizes);

}  // namespace tabtrain
