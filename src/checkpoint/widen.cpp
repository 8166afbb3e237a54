#include "checkpoint/widen.h"

#include <Eigen/Core>
#include <cstring>

namespace tabtrain {
namespace {

template <typename Stored>
Bytes convert(ByteSpan elements) {
  const size_t count = elements.size() / sizeof(Stored);
  Bytes out(count * sizeof(float));
  // Copies, since neither side need be aligned.
  for (size_t i = 0; i < count; ++i) {
    Stored stored;
    std::memcpy(&stored, elements.data() + i * sizeof(Stored), sizeof(Stored));
    const auto value = static_cast<float>(stored);
    std::memcpy(out.data() + i * sizeof(float), &value, sizeof(float));
  }
  return out;
}

}  // namespace

bool isOtherFloat(TensorflowDType dtype) {
  using enum TensorflowDType;
  return dtype == Half || dtype == Bfloat16 || dtype == Double;
}

Bytes toFloat32(TensorflowDType dtype, ByteSpan elements) {
  if (dtype == TensorflowDType::Half) return convert<Eigen::half>(elements);
  if (dtype == TensorflowDType::Bfloat16) return convert<Eigen::bfloat16>(elements);
  return convert<double>(elements);
}

}  // namespace tabtrain
