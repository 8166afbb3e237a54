#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tabtrain {

/// Element types of tensors and variables. Arithmetic is float32; the others are converted where
/// the graph casts them.
enum class DType { Float32, Float64, Int32, Uint8, Int64, Bool };

constexpr size_t itemSize(DType dtype) {
  switch (dtype) {
    case DType::Float64:
    case DType::Int64:
      return 8;
    case DType::Float32:
    case DType::Int32:
      return 4;
    case DType::Uint8:
    case DType::Bool:
      return 1;
  }
  return 0;
}

/// numpy's name: "float32".
const char* dtypeName(DType dtype);

/// The dtype of numpy's name; throws InvalidArgument for an unknown one.
DType dtypeFromName(std::string_view name);

}  // namespace tabtrain
