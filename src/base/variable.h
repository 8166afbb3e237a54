#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "base/shape.h"

namespace tabtrain {

/// The bytes of `count` elements. 64 bits, whatever the machine's pointers have: a size that no
/// machine can hold must not become a small one. Throws OutOfMemory above 2^48.
uint64_t byteCount(int64_t count, DType dtype);

/// Zeroed memory on a cache line, of which the process-wide sum is known (`liveBytes`).
class AlignedBuffer {
 public:
  static constexpr size_t kAlignment = 64;

  AlignedBuffer() = default;
  /// Throws OutOfMemory where the limit (`setMaxBytes`) or the machine does not allow `size` bytes.
  explicit AlignedBuffer(uint64_t size);

  /// `bytes` rounded up to whole units of alignment.
  static constexpr uint64_t aligned(uint64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  std::byte* data() const { return data_.get(); }
  size_t size() const { return data_ ? data_.get_deleter().size : 0; }
  std::span<std::byte> bytes() const { return {data_.get(), size()}; }

  /// The bytes of all buffers alive.
  static size_t liveBytes();
  /// The most that all buffers together may hold.
  static void setMaxBytes(size_t bytes);
  static size_t maxBytes();

 private:
  struct Deleter {
    size_t size;
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte[], Deleter> data_;
};

/// Named state that outlives a step: a weight, an optimizer's slot, a counter, a metric's total.
/// Memory is taken at the first access to the elements, so that a model can be described, however
/// large, without any. From then on it never moves: compiled steps may keep its address.
class Variable {
 public:
  /// Writes the first elements into zeroed memory.
  using Fill = std::function<void(std::span<float>)>;

  /// `name` is Keras's ("dense/kernel"), `path` the structural one ("layers/0/kernel") that keys
  /// state and random streams.
  Variable(std::string name, std::string path, DType dtype, std::vector<int64_t> sizes, bool trains,
           Fill fill = {});

  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  DType dtype() const { return dtype_; }
  const std::vector<int64_t>& sizes() const { return sizes_; }
  /// Whether `fit` changes it: it was made to train and is not frozen.
  bool trainable() const { return trains_ && !isFrozen_; }
  /// Whether it was made to train.
  bool trains() const { return trains_; }
  void setFrozen(bool isFrozen) { isFrozen_ = isFrozen; }
  /// Whether nothing ever changes it: a graph that leaves takes its numbers along.
  bool isConstant() const { return isConstant_; }
  void setConstant() { isConstant_ = true; }
  int64_t count() const { return count_; }

  /// The elements; these four throw OutOfMemory where the first access finds no room for them.
  std::byte* data() const {
    if (storage_.data() == nullptr) allocate();
    return storage_.data();
  }
  std::span<std::byte> bytes() const { return {data(), storage_.size()}; }
  float* floats() const { return reinterpret_cast<float*>(data()); }
  int64_t& int64() const { return *reinterpret_cast<int64_t*>(data()); }

 private:
  void allocate() const;

  std::string name_;
  std::string path_;
  DType dtype_;
  std::vector<int64_t> sizes_;
  bool trains_;
  bool isFrozen_ = false;
  bool isConstant_ = false;
  int64_t count_;
  Fill fill_;
  mutable AlignedBuffer storage_;
};

}  // namespace tabtrain
