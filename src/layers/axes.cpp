#include "layers/axes.h"

#include <algorithm>

#include "base/error.h"

namespace tabtrain {

Json readAxes(ConfigReader& reader, const Json& fallback) {
  Json axes = reader.any("axis");
  if (axes.is_null()) axes = fallback;
  const auto isInteger = [](const Json& json) { return json.is_number_integer(); };
  if (!isInteger(axes) && !(axes.is_array() && std::all_of(axes.begin(), axes.end(), isInteger))) {
    reader.fail("axis", "an integer or a list of integers");
  }
  return axes;
}

std::vector<size_t> resolveAxes(const Json& axes, const Shape& shape, const std::string& layer) {
  const auto rank = static_cast<int64_t>(shape.rank());
  std::vector<size_t> result;
  for (const Json& each : axes.is_array() ? axes : Json::array({axes})) {
    const auto given = each.get<int64_t>();
    const int64_t axis = given < 0 ? given + rank : given;
    const auto index = static_cast<size_t>(axis);
    require(
        axis > 0 && axis < rank && std::find(result.begin(), result.end(), index) == result.end(),
        [&] {
          return layer + ": axis: expected different axes behind the batch of an input of shape " +
                 shape.toString() + ", got " + axes.dump().substr(0, 100);
        },
        ErrorCode::ShapeMismatch);
    result.push_back(index);
  }
  return result;
}

Shape onlyAxes(const Shape& shape, const std::vector<size_t>& axes) {
  std::vector<Dim> dims(shape.rank());
  for (size_t axis : axes) dims[axis] = shape[axis];
  return Shape(std::move(dims));
}

Expr alongAxes(Expr weight, const std::vector<size_t>& axes, const Shape& shape) {
  const auto withoutBatch = [](const Shape& whole) {
    return Shape({whole.dims().begin() + 1, whole.dims().end()});
  };
  const Expr result = reshape(weight, withoutBatch(onlyAxes(shape, axes)));
  const auto [first, last] = std::minmax_element(axes.begin(), axes.end());
  // Axes with others between them, and the batch on top, are more than one broadcast can do.
  const bool isRun = axes.empty() || *last - *first + 1 == axes.size();
  return isRun ? result : broadcastTo(result, withoutBatch(shape));
}

Expr sumOver(Expr x, std::vector<size_t> axes) {
  std::sort(axes.begin(), axes.end());
  while (!axes.empty()) {
    const size_t end = axes.back() + 1;
    size_t begin = end;
    while (!axes.empty() && axes.back() + 1 == begin) {
      --begin;
      axes.pop_back();
    }
    x = sum(x, begin, end, /*keepDims=*/true);
  }
  return x;
}

Expr meanOver(Expr x, const std::vector<size_t>& axes) {
  return sumOver(x, axes) / static_cast<float>(onlyAxes(x.shape(), axes).elements().size);
}

}  // namespace tabtrain
