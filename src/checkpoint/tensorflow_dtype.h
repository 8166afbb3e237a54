#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/dtype.h"

namespace tabtrain {

/// TensorFlow's `DataType` numbers (tensorflow/core/framework/types.proto) of stored tensors.
enum class TensorflowDType : int32_t {
  Float = 1,
  Double = 2,
  Int32 = 3,
  Uint8 = 4,
  Int16 = 5,
  Int8 = 6,
  String = 7,
  Complex64 = 8,
  Int64 = 9,
  Bool = 10,
  Qint8 = 11,
  Quint8 = 12,
  Qint32 = 13,
  Bfloat16 = 14,
  Qint16 = 15,
  Quint16 = 16,
  Uint16 = 17,
  Complex128 = 18,
  Half = 19,
  Resource = 20,
  Variant = 21,
  Uint32 = 22,
  Uint64 = 23,
};

/// Nothing for a number that is not in the list above.
std::optional<TensorflowDType> tensorflowDTypeFromNumber(uint64_t number);

/// TensorFlow's name: "float32", "bfloat16", "string".
const char* tensorflowDTypeName(TensorflowDType dtype);

/// Bytes per element; 0 for string, resource and variant, whose elements have no fixed size.
size_t tensorflowItemSize(TensorflowDType dtype);

TensorflowDType toTensorflowDType(DType dtype);

/// The engine's dtype of the same elements, if it has one.
std::optional<DType> toDType(TensorflowDType dtype);

}  // namespace tabtrain
