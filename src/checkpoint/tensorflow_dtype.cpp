#include "checkpoint/tensorflow_dtype.h"

#include <array>

#include "base/error.h"

namespace tabtrain {
namespace {

struct Row {
  TensorflowDType dtype;
  const char* name;
  size_t itemSize;
  std::optional<DType> engine;
};

using enum TensorflowDType;

constexpr std::array kRows = {
    Row{Float, "float32", 4, DType::Float32},
    Row{Double, "float64", 8, DType::Float64},
    Row{TensorflowDType::Int32, "int32", 4, DType::Int32},
    Row{TensorflowDType::Uint8, "uint8", 1, DType::Uint8},
    Row{Int16, "int16", 2, {}},
    Row{Int8, "int8", 1, {}},
    Row{String, "string", 0, {}},
    Row{Complex64, "complex64", 8, {}},
    Row{TensorflowDType::Int64, "int64", 8, DType::Int64},
    Row{TensorflowDType::Bool, "bool", 1, DType::Bool},
    Row{Qint8, "qint8", 1, {}},
    Row{Quint8, "quint8", 1, {}},
    Row{Qint32, "qint32", 4, {}},
    Row{Bfloat16, "bfloat16", 2, {}},
    Row{Qint16, "qint16", 2, {}},
    Row{Quint16, "quint16", 2, {}},
    Row{Uint16, "uint16", 2, {}},
    Row{Complex128, "complex128", 16, {}},
    Row{Half, "float16", 2, {}},
    Row{Resource, "resource", 0, {}},
    Row{Variant, "variant", 0, {}},
    Row{Uint32, "uint32", 4, {}},
    Row{Uint64, "uint64", 8, {}},
};

const Row& rowOf(TensorflowDType dtype) {
  for (const Row& row : kRows) {
    if (row.dtype == dtype) return row;
  }
  throw Error(ErrorCode::Internal,
              "no TensorFlow dtype has the number " + std::to_string(static_cast<int>(dtype)));
}

}  // namespace

std::optional<TensorflowDType> tensorflowDTypeFromNumber(uint64_t number) {
  for (const Row& row : kRows) {
    if (static_cast<uint64_t>(row.dtype) == number) return row.dtype;
  }
  return std::nullopt;
}

const char* tensorflowDTypeName(TensorflowDType dtype) { return rowOf(dtype).name; }

size_t tensorflowItemSize(TensorflowDType dtype) { return rowOf(dtype).itemSize; }

TensorflowDType toTensorflowDType(DType dtype) {
  for (const Row& row : kRows) {
    if (row.engine == dtype) return row.dtype;
  }
  throw Error(ErrorCode::Internal,
              std::string("no TensorFlow dtype is the same as ") + dtypeName(dtype));
}

std::optional<DType> toDType(TensorflowDType dtype) { return rowOf(dtype).engine; }

}  // namespace tabtrain
