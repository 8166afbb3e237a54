#include "model/targets.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"
#include "kernels/elementwise.h"

namespace tabtrain {
namespace {

std::vector<float> asFloats(const Tensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.count()));
  kernels::toFloat(tensor.bytes().data(), tensor.dtype(), tensor.count(), values.data());
  return values;
}

std::string numberText(float value) {
  if (std::isnan(value)) return "NaN";
  // To six decimals: a double would show the rest of the float as well.
  return Json(std::round(static_cast<double>(value) * 1e6) / 1e6).dump();
}

bool isWholeIn(float value, int64_t classes) {
  return value >= 0.0f && value < static_cast<float>(classes) && value == std::floor(value);
}

std::vector<float> readClassWeights(const Json& record, const std::string& what) {
  std::vector<float> weights;
  for (size_t i = 0; i < record.size(); ++i) {
    const Json* weight = record.find(std::to_string(i));
    require(weight != nullptr && weight->is_number(), [&] {
      return what + ": classWeight: expected a number for each class from 0 to " +
             std::to_string(record.size() - 1) + ", got " + record.dump().substr(0, 100);
    });
    weights.push_back(weight->get<float>());
  }
  return weights;
}

}  // namespace

void checkClassIndices(const Tensor& targets, int64_t classes, std::optional<int64_t> ignored,
                       const std::string& what) {
  const std::vector<float> values = asFloats(targets);
  for (size_t i = 0; i < values.size(); ++i) {
    if (ignored && values[i] == static_cast<float>(*ignored)) continue;
    require(isWholeIn(values[i], classes), [&] {
      return what + ": expected whole class numbers in [0, " + std::to_string(classes) + "), got " +
             numberText(values[i]) + " at element " + std::to_string(i);
    });
  }
}

TensorPtr rowWeights(const TensorPtr& sampleWeight, const Json& classWeight, const Tensor& targets,
                     const std::string& what) {
  if (!sampleWeight && classWeight.is_null()) return nullptr;
  const int64_t rows = targets.rows();
  auto result = std::make_shared<Tensor>(DType::Float32, std::vector<int64_t>{rows});
  const std::span<float> weights(reinterpret_cast<float*>(result->bytes().data()),
                                 static_cast<size_t>(rows));
  std::fill(weights.begin(), weights.end(), 1.0f);
  if (sampleWeight) {
    require(
        sampleWeight->rows() == rows && sampleWeight->count() == rows,
        [&] {
          return what + ": sampleWeight: expected one weight for each of " + std::to_string(rows) +
                 " samples, got shape " + sizesToString(sampleWeight->sizes());
        },
        ErrorCode::ShapeMismatch);
    kernels::toFloat(sampleWeight->bytes().data(), sampleWeight->dtype(), rows, weights.data());
  }
  if (classWeight.is_null()) return result;

  require(targets.sizes().size() <= 2, [&] {
    return what + ": classWeight: expected targets of shape (samples) or (samples, classes), got " +
           sizesToString(targets.sizes());
  });
  const std::vector<float> byClass = readClassWeights(classWeight, what);
  const std::vector<float> values = asFloats(targets);
  const auto width = static_cast<size_t>(targets.count() / rows);
  for (size_t row = 0; row < weights.size(); ++row) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(row * width);
    const auto largest = std::max_element(first, first + static_cast<std::ptrdiff_t>(width));
    const float label = width == 1 ? *first : static_cast<float>(largest - first);
    require(isWholeIn(label, static_cast<int64_t>(byClass.size())), [&] {
      return what + ": classWeight: expected a weight for each class of y, got none for class " +
             numberText(label);
    });
    weights[row] *= byClass[static_cast<size_t>(label)];
  }
  return result;
}

}  // namespace tabtrain
