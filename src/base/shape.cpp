#include "base/shape.h"

#include <algorithm>

#include "base/error.h"

namespace tabtrain {
namespace {

// Doubles hold integers exactly up to here, so the count of a tensor survives the way to
// JavaScript.
constexpr int64_t kMaxElements = int64_t{1} << 53;

constexpr int64_t kMost = int64_t{1} << 58;

template <typename Items, typename Print>
std::string tuple(const Items& items, Print print) {
  std::string text = "(";
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += ", ";
    text += print(items[i]);
  }
  return text + (items.size() == 1 ? ",)" : ")");
}

}  // namespace

int64_t multiplyCounts(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kMost : std::min(product, kMost);
}

int64_t addCounts(int64_t a, int64_t b) { return std::min(a + b, kMost); }

Shape Shape::fixed(const std::vector<int64_t>& sizes) {
  std::vector<Dim> dims;
  for (int64_t size : sizes) dims.push_back({size, false});
  return Shape(std::move(dims));
}

Shape Shape::batched(const std::vector<int64_t>& sizes) {
  std::vector<Dim> dims = {{1, true}};
  for (int64_t size : sizes) dims.push_back({size, false});
  return Shape(std::move(dims));
}

Dim Shape::product(size_t begin, size_t end) const {
  Dim result;
  for (size_t axis = begin; axis < end; ++axis) {
    require(!(result.perBatch && dims_[axis].perBatch), [&] {
      return "shape " + toString() + ": at most one extent may depend on the batch size";
    });
    result.size = multiplyCounts(result.size, dims_[axis].size);
    result.perBatch = result.perBatch || dims_[axis].perBatch;
  }
  return result;
}

std::vector<int64_t> Shape::sizesWithoutBatch() const {
  std::vector<int64_t> sizes;
  for (const Dim& dim : dims_) {
    if (!dim.perBatch) sizes.push_back(dim.size);
  }
  return sizes;
}

std::string Shape::toString() const {
  return tuple(dims_, [](const Dim& dim) {
    if (!dim.perBatch) return std::to_string(dim.size);
    return dim.size == 1 ? std::string("None") : "None*" + std::to_string(dim.size);
  });
}

int64_t elementCount(const std::vector<int64_t>& sizes) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t size : sizes) {
    require(size >= 0, [&] {
      return "shape " + sizesToString(sizes) + ": expected extents of at least 0, got " +
             std::to_string(size);
    });
    if (size == 0) {
      empty = true;
    } else {
      require(count <= kMaxElements / size,
              [&] { return "shape " + sizesToString(sizes) + ": expected at most 2^53 elements"; });
      count *= size;
    }
  }
  return empty ? 0 : count;
}

std::string sizesToString(const std::vector<int64_t>& sizes) {
  return tuple(sizes, [](int64_t size) { return std::to_string(size); });
}

}  // namespace tabtrain
